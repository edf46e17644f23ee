package audit

import (
	"strings"

	"edumfa/internal/signature"
)

// Signing signs rows and checks whether they are as they were signed. Nil signs
// nothing and finds nothing right.
type Signing struct {
	// Signer makes a signature for each row; nil only checks.
	Signer *signature.Signer
	// Verifier checks signatures.
	Verifier *signature.Verifier
	// MAC checks codes of rows of a chain; nil cannot.
	MAC *signature.MAC
	// Chain gives rows codes instead of signatures; nil has none.
	Chain *Chain
}

// Sign signs a row that is complete.
func (s *Signing) Sign(r *Row) error {
	switch {
	case s == nil:
		return nil
	case s.Chain != nil:
		s.Chain.Sign(r)
		return nil
	}
	text, err := s.Signer.Sign([]byte(SignedText(*r)))
	r.Signature = &text
	return err
}

// Right reports whether a row is as it was signed.
func (s *Signing) Right(r Row) bool {
	if s == nil || r.Signature == nil {
		return false
	}
	if strings.HasPrefix(*r.Signature, signature.MACPrefix) {
		return s.MAC != nil && s.MAC.Verify(ChainText(r), *r.Signature)
	}
	return s.Verifier != nil && s.Verifier.Verify([]byte(SignedText(r)), *r.Signature)
}
