package signature

import (
	"fmt"
	"testing"
)

func TestMAC(t *testing.T) {
	private, _, err := GenerateKeys(1024)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.MAC("rows")
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.MAC("other")
	if err != nil {
		t.Fatal(err)
	}
	code := rows.Code([]byte("text"))
	if !rows.Verify([]byte("text"), code) || len(code) != len(MACPrefix)+64 {
		t.Errorf("%s is not right", code)
	}
	if rows.Verify([]byte("Text"), code) || other.Verify([]byte("text"), code) || rows.Verify([]byte("text"), code[len(MACPrefix):]) || rows.Verify([]byte("text"), MACPrefix+"zz") {
		t.Error("a wrong code is right")
	}
	if s.Verifier(true).Verify([]byte("text"), code) {
		t.Error("a code is taken for a signature")
	}
	if fmt.Sprintf("%v %#v", rows, rows) != "*** ***" {
		t.Error("the key is shown")
	}
}
