package pskc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"strings"

	"edumfa/internal/tokenimport"
)

// keys open the encrypted values of a file.
type keys struct {
	preShared []byte
	macKey    string // base64
}

func errWrongKey() error {
	return tokenimport.Error("Failed to import tokendata. Wrong encryption key?")
}

// open returns a secret and whether its MAC is right.
func (k keys) open(secret *element, check bool) (value []byte, genuine bool, err error) {
	encrypted := secret.child("encryptedvalue")
	if !encrypted.there() {
		value, err = decode(secret.child("plainvalue").value())
		if err != nil {
			return nil, false, errWrongKey()
		}
		return value, true, nil
	}
	algorithm := encrypted.child("encryptionmethod").attrs["algorithm"]
	if !strings.EqualFold(algorithm[strings.LastIndex(algorithm, "#")+1:], "aes128-cbc") {
		return nil, false, tokenimport.Error("Failed to import tokendata. Only keys under AES128-CBC can be read.")
	}
	text := encrypted.child("cipherdata").value()
	if value, err = k.decrypt(text); err != nil || !check {
		return value, true, err
	}
	macKey, err := k.decrypt(k.macKey)
	if err != nil {
		return nil, false, err
	}
	data, _ := decode(text) // decrypted above
	given, err := decode(secret.child("valuemac").value())
	m := hmac.New(sha1.New, macKey)
	m.Write(data)
	return value, err == nil && hmac.Equal(given, m.Sum(nil)), nil
}

// decode reads base64 that may be broken into lines.
func decode(s string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
}

// decrypt opens base64 of IV and AES-128-CBC with PKCS 7 padding.
func (k keys) decrypt(value string) ([]byte, error) {
	data, err := decode(value)
	if err != nil || len(k.preShared) != 16 || len(data) < 2*aes.BlockSize || len(data)%aes.BlockSize != 0 {
		return nil, errWrongKey()
	}
	block, err := aes.NewCipher(k.preShared)
	if err != nil {
		return nil, errWrongKey()
	}
	iv, data := data[:aes.BlockSize], append([]byte(nil), data[aes.BlockSize:]...)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
	pad := int(data[len(data)-1])
	if pad < 1 || pad > aes.BlockSize {
		return nil, errWrongKey()
	}
	for _, b := range data[len(data)-pad:] {
		if int(b) != pad {
			return nil, errWrongKey()
		}
	}
	return data[:len(data)-pad], nil
}
