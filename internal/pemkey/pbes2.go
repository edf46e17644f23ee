package pemkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"

	"edumfa/internal/secret"
)

// maxRounds bounds what a file can make us compute.
const maxRounds = 2_000_000

// The structures of RFC 5958, 3 and RFC 8018, A.2 and A.4.
type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2 struct {
	KDF, Scheme pkix.AlgorithmIdentifier
}

type pbkdf2Params struct {
	Salt      []byte
	Rounds    int
	KeyLength int                      `asn1:"optional"`
	PRF       pkix.AlgorithmIdentifier `asn1:"optional"`
}

// The object identifiers of RFC 8018, B and C.
const (
	oidPBES2    = "1.2.840.113549.1.5.13"
	oidPBKDF2   = "1.2.840.113549.1.5.12"
	oidHMACSHA1 = "1.2.840.113549.2.7"
	oid3DES     = "1.2.840.113549.3.7"
)

func prf(oid string) func() hash.Hash {
	return map[string]func() hash.Hash{
		"": sha1.New, oidHMACSHA1: sha1.New, "1.2.840.113549.2.8": sha256.New224, "1.2.840.113549.2.9": sha256.New,
		"1.2.840.113549.2.10": sha512.New384, "1.2.840.113549.2.11": sha512.New,
	}[oid]
}

func blockCipher(oid string) (size int, make func([]byte) (cipher.Block, error)) {
	switch oid {
	case "2.16.840.1.101.3.4.1.2":
		return 16, aes.NewCipher
	case "2.16.840.1.101.3.4.1.22":
		return 24, aes.NewCipher
	case "2.16.840.1.101.3.4.1.42":
		return 32, aes.NewCipher
	case oid3DES:
		return 24, des.NewTripleDESCipher
	}
	return 0, nil
}

// decrypt opens an EncryptedPrivateKeyInfo that is protected by PBES2 with
// PBKDF2 and a block cipher in CBC mode (RFC 8018, 6.2).
func decrypt(der []byte, password secret.String) ([]byte, error) {
	var k encryptedKey
	if rest, err := asn1.Unmarshal(der, &k); err != nil || len(rest) > 0 {
		return nil, errors.New("the encrypted private key cannot be read")
	}
	if id := k.Algorithm.Algorithm.String(); id != oidPBES2 {
		return nil, fmt.Errorf("the private key is protected by %s; only PBES2 is read (openssl pkcs8 -topk8 -v2 aes256)", id)
	}
	var p pbes2
	if _, err := asn1.Unmarshal(k.Algorithm.Parameters.FullBytes, &p); err != nil {
		return nil, errors.New("the protection of the private key cannot be read")
	}
	if id := p.KDF.Algorithm.String(); id != oidPBKDF2 {
		return nil, fmt.Errorf("the password of the private key is derived by %s; only PBKDF2 is read", id)
	}
	var kdf pbkdf2Params
	if _, err := asn1.Unmarshal(p.KDF.Parameters.FullBytes, &kdf); err != nil {
		return nil, errors.New("the protection of the private key cannot be read")
	}
	mac := prf(kdf.PRF.Algorithm.String())
	size, newCipher := blockCipher(p.Scheme.Algorithm.String())
	if mac == nil || newCipher == nil || kdf.Rounds < 1 || kdf.Rounds > maxRounds {
		return nil, errors.New("the private key is protected in a way that is not read")
	}
	var iv []byte
	if _, err := asn1.Unmarshal(p.Scheme.Parameters.FullBytes, &iv); err != nil {
		return nil, errors.New("the protection of the private key cannot be read")
	}
	key, err := pbkdf2.Key(mac, password.Reveal(), kdf.Salt, kdf.Rounds, size)
	if err != nil {
		return nil, err
	}
	b, err := newCipher(key)
	if err != nil {
		return nil, err
	}
	n := b.BlockSize()
	if len(iv) != n || len(k.Data) == 0 || len(k.Data)%n != 0 {
		return nil, errors.New("the encrypted private key cannot be read")
	}
	plain := make([]byte, len(k.Data))
	cipher.NewCBCDecrypter(b, iv).CryptBlocks(plain, k.Data)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > n {
		return nil, ErrPassword
	}
	for _, c := range plain[len(plain)-pad:] {
		if int(c) != pad {
			return nil, ErrPassword
		}
	}
	return plain[:len(plain)-pad], nil
}
