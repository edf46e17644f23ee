package acme

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// accountKey reads the key of an account (PKCS#8, SEC 1 or PKCS#1 in PEM), or
// makes an ECDSA key on P-256 where there is no file.
func accountKey(file string) (crypto.Signer, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the administrator names the file
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(file); err != nil {
			return nil, fmt.Errorf("account_key: %w", err)
		}
		text, err = os.ReadFile(file) //nolint:gosec // as above
	}
	if err != nil {
		return nil, fmt.Errorf("account_key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("account_key: the file is not PEM")
	}
	for _, read := range []func([]byte) (any, error){
		x509.ParsePKCS8PrivateKey,
		func(b []byte) (any, error) { return x509.ParseECPrivateKey(b) },
		func(b []byte) (any, error) { return x509.ParsePKCS1PrivateKey(b) },
	} {
		if key, err := read(block.Bytes); err == nil {
			if s, ok := key.(crypto.Signer); ok {
				return s, nil
			}
		}
	}
	return nil, errors.New("account_key: there is no key in the file that could be read")
}

// makeKey writes a new key, unless another process was faster: the file appears
// whole or not at all.
func makeKey(file string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	own, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*.new") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(own.Name())
	err = pem.Encode(own, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err = errors.Join(err, own.Sync(), own.Close()); err != nil {
		return err
	}
	if err := os.Link(own.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
