// Package pskc reads key containers of RFC 6030 with plain keys, and with keys
// under AES-128-CBC by a pre-shared key or one derived from a password.
package pskc

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"

	"edumfa/internal/tokenimport"
)

// How a wrong MAC of a key (RFC 6030 §6.2) is taken.
const (
	CheckHard = "check_fail_hard" // nothing of the file is imported
	CheckSoft = "check_fail_soft" // that token is not imported
	NoCheck   = "no_check"
)

// maxIterations bounds the work for a password.
const maxIterations = 10_000_000

// Options say how a file is opened.
type Options struct {
	PreShared []byte // 16 bytes, nil for none
	Password  string
	MAC       string // one of the constants; "" is CheckHard
}

// Parse reads a file. Errors: 304.
func Parse(text string, o Options) (tokenimport.File, error) {
	var f tokenimport.File
	root, err := read(text)
	if err != nil || !root.child("keycontainer").there() {
		return f, tokenimport.Error("No KeyContainer found in PSKC data. Could not import any tokens.")
	}
	c := root.child("keycontainer")
	k := keys{preShared: o.PreShared, macKey: c.at("macmethod>mackey>cipherdata").value()}
	if d := c.at("encryptionkey>derivedkey"); d.there() {
		if k.preShared, err = derive(d.child("keyderivationmethod"), o.Password); err != nil {
			return f, err
		}
	}
	abort := false
	for _, p := range c.all("keypackage") {
		e := describe(p)
		if e.Serial == "" {
			return tokenimport.File{}, tokenimport.Error("A key of the file has no serial.")
		}
		secret, genuine, err := k.open(p.at("key>data>secret"), o.MAC != NoCheck)
		if err != nil {
			return tokenimport.File{}, err
		}
		if e.Key = hex.EncodeToString(secret); e.Type == "pw" {
			e.Key = string(secret)
		}
		if !genuine && o.MAC == CheckSoft {
			f.Refused = append(f.Refused, e.Serial)
			continue
		}
		abort = abort || !genuine
		if err := f.Put(e); err != nil {
			return tokenimport.File{}, err
		}
	}
	if !abort {
		return f, nil
	}
	none := tokenimport.File{Refused: f.Refused}
	for _, e := range f.Entries {
		none.Refused = append(none.Refused, e.Serial)
	}
	return none, nil
}

// slotted are the ids of keys in files from Yubico: number and slot.
var slotted = regexp.MustCompile(`^(\d+):(\d+)`)

func describe(p *element) tokenimport.Entry {
	key := p.child("key")
	algorithm, id := key.attrs["algorithm"], key.attrs["id"]
	e := tokenimport.Entry{Serial: p.at("deviceinfo>serialno").value(), Description: p.at("deviceinfo>manufacturer").value(),
		Type: strings.ToLower(algorithm[strings.LastIndex(algorithm, ":")+1:]), Hash: "sha1", Digits: 6, Params: map[string]string{}}
	if m := slotted.FindStringSubmatch(id); m != nil {
		switch algorithm {
		case "http://www.yubico.com/#yubikey-aes":
			e.Type, e.Serial = "yubikey", "UBAM"+m[1]+"_"+m[2]
		case "urn:ietf:params:xml:ns:keyprov:pskc:hotp":
			e.Serial = "UBOM" + m[1] + "_" + m[2]
		}
	}
	if e.Serial == "" {
		e.Serial = strings.TrimSpace(id)
	}
	if n, err := strconv.Atoi(strings.TrimSpace(key.at("algorithmparameters>responseformat").attrs["length"])); err == nil && n > 0 {
		e.Digits = n
	}
	if s := key.at("algorithmparameters>suite").value(); s != "" {
		e.Hash = strings.ToLower(s)
	}
	data := key.child("data")
	if e.Type == "hotp" || e.Type == "totp" {
		e.Counter = data.child("counter").value()
	}
	if e.Type == "totp" {
		if v := data.child("timeinterval").value(); v != "" {
			e.Params["timeStep"] = v
		}
		e.Shift = data.child("timedrift").value()
	}
	return e
}

// derive makes the key out of a password (RFC 6030 §6.2, RFC 8018 §5.2).
func derive(method *element, password string) ([]byte, error) {
	if password == "" {
		return nil, tokenimport.Error("The file is protected by a password, and none is given.")
	}
	algorithm := method.attrs["algorithm"]
	if !strings.EqualFold(algorithm[strings.LastIndex(algorithm, "#")+1:], "pbkdf2") {
		return nil, tokenimport.Error("Keys are derived by PBKDF2 only.")
	}
	params := method.child("pbkdf2-params")
	salt, err := decode(params.child("salt").value())
	n, errN := strconv.Atoi(params.child("iterationcount").value())
	size, errSize := strconv.Atoi(params.child("keylength").value())
	if err != nil || errN != nil || errSize != nil || n < 1 || n > maxIterations || size != 16 {
		return nil, tokenimport.Error("The derivation of the key cannot be followed.")
	}
	return pbkdf2.Key(sha1.New, password, salt, n, size)
}
