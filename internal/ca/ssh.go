package ca

import (
	"context"
	"time"
)

// SSHSigner connectors sign certificates of users for SSH servers (OpenSSH,
// PROTOCOL.certkeys).
type SSHSigner interface {
	// SignSSH returns the certificate as a line of authorized_keys.
	SignSSH(ctx context.Context, r SSHRequest) (line string, err error)
	// SSHKey is the line of the authority's public key, for TrustedUserCAKeys of
	// sshd_config.
	SSHKey(ctx context.Context) (line string, err error)
}

// SSHRequest is what is asked of an SSHSigner.
type SSHRequest struct {
	// Key is the user's public key as a line of authorized_keys without options.
	Key string
	// KeyID is what servers write into their logs.
	KeyID string
	// Principals are the accounts that the certificate is good for; at least one.
	Principals  []string
	From, Until time.Time
	// Extensions like permit-pty.
	Extensions []string
	// SourceAddress are networks that it may be used from, "" for anywhere.
	SourceAddress string
}
