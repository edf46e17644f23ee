package ocspwire_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"edumfa/internal/ocspwire"
)

// Requests of "openssl ocsp": for the numbers 0x1000 and 0x1001 with a nonce, and
// for one without.
const (
	withNonce = "3081a83081a5307e303d303b300906052b0e03021a05000414424ef3366d8b17e4f9865ea7849fe102bad1a82e0414764afb5bdaed9b53c426d909f685e61e0919ec3802021000303d303b300906052b0e03021a05000414424ef3366d8b17e4f9865ea7849fe102bad1a82e0414764afb5bdaed9b53c426d909f685e61e0919ec3802021001a2233021301f06092b060105050730010204120410716482f9ed09fc0e1d0b902eb1dc2bfd"
	simple    = "30433041303f303d303b300906052b0e03021a05000414424ef3366d8b17e4f9865ea7849fe102bad1a82e0414764afb5bdaed9b53c426d909f685e61e0919ec3802021000"
)

func decode(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(text), []byte(" "), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseRequest(t *testing.T) {
	q, err := ocspwire.ParseRequest(decode(t, simple))
	if err != nil {
		t.Fatal(err)
	}
	if len(q.List) != 1 || q.List[0].Serial.Int64() != 0x1000 || len(q.List[0].NameHash) != 20 || q.Nonce != nil {
		t.Errorf("read %+v", q)
	}
	if q, err = ocspwire.ParseRequest(decode(t, withNonce)); err != nil || len(q.List) != 2 || q.List[1].Serial.Int64() != 0x1001 || len(q.Nonce) != 18 {
		t.Errorf("read %+v, %v", q, err)
	}
	for _, bad := range [][]byte{nil, {0x30, 0}, decode(t, withNonce)[:40], append(decode(t, simple), 0), make([]byte, ocspwire.MaxRequest+1)} {
		if _, err := ocspwire.ParseRequest(bad); err == nil {
			t.Errorf("%x is taken", bad[:min(len(bad), 40)])
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add(decode(f, simple))
	f.Add(decode(f, withNonce))
	f.Add([]byte{0x30, 0x03, 0x0a, 0x01, 0x01})
	f.Fuzz(func(t *testing.T, der []byte) {
		if q, err := ocspwire.ParseRequest(der); err == nil && len(q.List) == 0 {
			t.Error("a request for nothing")
		}
	})
}
