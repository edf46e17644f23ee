package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"edumfa/internal/keystore"
	"edumfa/internal/pgp"
	"edumfa/internal/signature"
)

func keyCommands() []*cobra.Command {
	return []*cobra.Command{createEncKey(), encryptEncKey(), createAuditKeys(), createPGPKeys()}
}

func createEncKey() *cobra.Command {
	var given string
	c := &cobra.Command{Use: "create_enckey", Short: "Make the encryption keys, unless the file is there", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configuration(cmd)
			if err != nil {
				return err
			}
			if c.EncFile == "" {
				return errors.New("EDUMFA_ENCFILE is missing")
			}
			b, err := encKey(cmd, given)
			if err != nil {
				return err
			}
			if err := writeNew(c.EncFile, b, 0o400); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Encryption key written to %s\nThe user that the server runs as must be able to read it.\n", c.EncFile)
			return nil
		}}
	c.Flags().StringVarP(&given, "enckey_b64", "e", "", "use these 96 bytes, in Base64, instead of random ones; in the list of processes others can read them")
	return c
}

// encKey is the content of a new key file: random, or what was given.
func encKey(cmd *cobra.Command, given string) ([]byte, error) {
	if !cmd.Flags().Changed("enckey_b64") {
		return keystore.Generate(rand.Reader)
	}
	b, err := base64.StdEncoding.DecodeString(given)
	if err != nil {
		return nil, errors.New("the given key is not Base64")
	}
	if len(b) != keystore.FileSize {
		return nil, fmt.Errorf("the given key has %d bytes, it must have %d", len(b), keystore.FileSize)
	}
	return b, nil
}

func encryptEncKey() *cobra.Command {
	var password string
	c := &cobra.Command{Use: "encrypt_enckey FILE", Short: "Print the keys of a key file, protected with a password, as the content of another key file", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			plain, err := readFile(cmd, args[0])
			if err != nil {
				return err
			}
			typed, err := passwordOr(cmd, password)
			if err != nil {
				return err
			}
			text, err := keystore.Wrap(plain, typed.Reveal(), rand.Reader)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), text)
			return nil
		}}
	c.Flags().StringVar(&password, "password", "", "password; in the list of processes others can read it")
	return c
}

func createAuditKeys() *cobra.Command {
	bits := signature.DefaultBits
	c := &cobra.Command{Use: "create_audit_keys", Short: "Make the RSA keys that sign the audit log and the answers, unless they are there", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configuration(cmd)
			if err != nil {
				return err
			}
			if c.AuditKeyPrivate == "" || c.AuditKeyPublic == "" {
				return errors.New("EDUMFA_AUDIT_KEY_PRIVATE or EDUMFA_AUDIT_KEY_PUBLIC is missing")
			}
			if _, err := os.Stat(c.AuditKeyPrivate); err == nil {
				return fmt.Errorf("the file %s is there already and stays as it is", c.AuditKeyPrivate)
			}
			private, public, err := signature.GenerateKeys(bits)
			if err != nil {
				return err
			}
			if err := writeNew(c.AuditKeyPrivate, private, 0o400); err != nil {
				return err
			}
			if err := os.WriteFile(c.AuditKeyPublic, public, 0o644); err != nil {
				_ = os.Remove(c.AuditKeyPrivate) // half a pair is of no use and would stay in the way
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Signing keys written to %s and %s\nThe user that the server runs as must be able to read them.\n", c.AuditKeyPrivate, c.AuditKeyPublic)
			return nil
		}}
	c.Flags().IntVarP(&bits, "keysize", "k", bits, "size of the key in bits")
	return c
}

func createPGPKeys() *cobra.Command {
	bits, force := 2048, false
	c := &cobra.Command{Use: "create_pgp_keys", Short: "Make a PGP key that makers of tokens can encrypt their files for, unless there is one", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configuration(cmd)
			if err != nil {
				return err
			}
			ring := pgp.Ring{Home: c.GnuPGHome}
			have, err := ring.Keys(cmd.Context())
			if err != nil {
				return err
			}
			if len(have) > 0 && !force {
				return fmt.Errorf("%s has the key %s already; --force makes one more", c.GnuPGHome, have[0].Fingerprint)
			}
			return ring.Create(cmd.Context(), bits)
		}}
	c.Flags().BoolVarP(&force, "force", "f", false, "make a key even if there is one")
	c.Flags().IntVarP(&bits, "keysize", "k", bits, "size of the key in bits")
	return c
}

// writeNew writes a file that must not be there yet.
func writeNew(name string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("the file %s is there already and stays as it is", name)
	}
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		_ = f.Close()
		_ = os.Remove(name)
		return err
	}
	return f.Close()
}

// maxFile bounds what is read whole.
const maxFile = 16 << 20

// readFile reads a file, "-" is standard input.
func readFile(cmd *cobra.Command, name string) ([]byte, error) {
	in := cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxFile)
	}
	return b, err
}
