package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"edumfa/internal/keystore"
	"edumfa/internal/signature"
)

func keyCommands() []*cobra.Command {
	return []*cobra.Command{createEncKey(), createAuditKeys()}
}

func createEncKey() *cobra.Command {
	return &cobra.Command{Use: "create_enckey", Short: "Make the encryption keys, unless the file is there", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configuration()
			if err != nil {
				return err
			}
			if c.EncFile == "" {
				return errors.New("EDUMFA_ENCFILE is missing")
			}
			b, err := keystore.Generate(rand.Reader)
			if err != nil {
				return err
			}
			if err := writeNew(c.EncFile, b, 0o400); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Encryption key written to %s\n", c.EncFile)
			return nil
		}}
}

func createAuditKeys() *cobra.Command {
	bits := signature.DefaultBits
	c := &cobra.Command{Use: "create_audit_keys", Short: "Make the RSA keys that sign the audit log and the answers", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configuration()
			if err != nil {
				return err
			}
			if c.AuditKeyPrivate == "" || c.AuditKeyPublic == "" {
				return errors.New("EDUMFA_AUDIT_KEY_PRIVATE or EDUMFA_AUDIT_KEY_PUBLIC is missing")
			}
			private, public, err := signature.GenerateKeys(bits)
			if err != nil {
				return err
			}
			if err := writeNew(c.AuditKeyPrivate, private, 0o400); err != nil {
				return err
			}
			if err := os.WriteFile(c.AuditKeyPublic, public, 0o644); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Signing keys written to %s and %s\n", c.AuditKeyPrivate, c.AuditKeyPublic)
			return nil
		}}
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
		return err
	}
	return f.Close()
}
