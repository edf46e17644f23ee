// Package pskc reads key containers of RFC 6030 with plain keys, and with keys
// under AES-128-CBC by a pre-shared key or one derived from a password.
package pskc

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
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

type container struct {
	XMLName xml.Name
	Derived *struct {
		Method struct {
			Algorithm string `xml:"Algorithm,attr"`
			Salt      struct {
				Specified string
				Text      string `xml:",chardata"`
			} `xml:"PBKDF2-params>Salt"`
			Iterations string `xml:"PBKDF2-params>IterationCount"`
			Length     string `xml:"PBKDF2-params>KeyLength"`
		} `xml:"KeyDerivationMethod"`
	} `xml:"EncryptionKey>DerivedKey"`
	MACKey   string       `xml:"MACMethod>MACKey>CipherData>CipherValue"`
	Packages []keyPackage `xml:"KeyPackage"`
}

type keyPackage struct {
	Manufacturer string `xml:"DeviceInfo>Manufacturer"`
	SerialNo     string `xml:"DeviceInfo>SerialNo"`
	Key          struct {
		ID        string `xml:"Id,attr"`
		Algorithm string `xml:"Algorithm,attr"`
		Response  struct {
			Length string `xml:"Length,attr"`
		} `xml:"AlgorithmParameters>ResponseFormat"`
		Suite string `xml:"AlgorithmParameters>Suite"`
		Data  struct {
			Secret struct {
				Plain     string `xml:"PlainValue"`
				Encrypted *struct {
					Method struct {
						Algorithm string `xml:"Algorithm,attr"`
					} `xml:"EncryptionMethod"`
					Value string `xml:"CipherData>CipherValue"`
				} `xml:"EncryptedValue"`
				MAC string `xml:"ValueMAC"`
			}
			Counter  string `xml:"Counter>PlainValue"`
			Interval string `xml:"TimeInterval>PlainValue"`
			Drift    string `xml:"TimeDrift>PlainValue"`
		}
	}
}

// Parse reads a file. Errors: 304.
func Parse(text string, o Options) (tokenimport.File, error) {
	var f tokenimport.File
	var c container
	if err := xml.Unmarshal([]byte(text), &c); err != nil || c.XMLName.Local != "KeyContainer" {
		return f, tokenimport.Error("No KeyContainer found in PSKC data. Could not import any tokens.")
	}
	k := keys{preShared: o.PreShared, macKey: c.MACKey}
	if c.Derived != nil {
		var err error
		m := c.Derived.Method
		salt := m.Salt.Specified
		if salt == "" {
			salt = m.Salt.Text
		}
		if k.preShared, err = derive(m.Algorithm, salt, m.Iterations, m.Length, o.Password); err != nil {
			return f, err
		}
	}
	abort := false
	for _, p := range c.Packages {
		e := describe(p)
		secret, genuine, err := k.open(p, o.MAC != NoCheck)
		if err != nil {
			return tokenimport.File{}, err
		}
		if e.Key = hex.EncodeToString(secret); e.Type == "pw" {
			e.Key = string(secret)
		}
		if !genuine {
			if o.MAC == CheckSoft {
				f.Refused = append(f.Refused, e.Serial)
				continue
			}
			abort = true
		}
		if e.Serial == "" {
			return tokenimport.File{}, tokenimport.Error("A key of the file has no serial.")
		}
		if err := f.Put(e); err != nil {
			return tokenimport.File{}, err
		}
	}
	if abort {
		for _, e := range f.Entries {
			f.Refused = append(f.Refused, e.Serial)
		}
		f.Entries = nil
	}
	return f, nil
}

// slotted are the ids of keys in files from Yubico: number and slot.
var slotted = regexp.MustCompile(`^(\d+):(\d+)`)

func describe(p keyPackage) tokenimport.Entry {
	e := tokenimport.Entry{Serial: strings.TrimSpace(p.SerialNo), Description: strings.TrimSpace(p.Manufacturer), Params: map[string]string{}, Hash: "sha1"}
	e.Type = strings.ToLower(p.Key.Algorithm[strings.LastIndex(p.Key.Algorithm, ":")+1:])
	if m := slotted.FindStringSubmatch(p.Key.ID); m != nil {
		switch p.Key.Algorithm {
		case "http://www.yubico.com/#yubikey-aes":
			e.Type, e.Serial = "yubikey", "UBAM"+m[1]+"_"+m[2]
		case "urn:ietf:params:xml:ns:keyprov:pskc:hotp":
			e.Serial = "UBOM" + m[1] + "_" + m[2]
		}
	}
	if e.Serial == "" {
		e.Serial = strings.TrimSpace(p.Key.ID)
	}
	e.Digits = 6
	if n, err := strconv.Atoi(strings.TrimSpace(p.Key.Response.Length)); err == nil && n > 0 {
		e.Digits = n
	}
	if s := strings.ToLower(strings.TrimSpace(p.Key.Suite)); s != "" {
		e.Hash = s
	}
	d := p.Key.Data
	if e.Type == "hotp" || e.Type == "totp" {
		e.Counter = strings.TrimSpace(d.Counter)
	}
	if e.Type == "totp" {
		if v := strings.TrimSpace(d.Interval); v != "" {
			e.Params["timeStep"] = v
		}
		e.Shift = strings.TrimSpace(d.Drift)
	}
	return e
}

// derive makes the key out of a password (RFC 6030 §6.2, RFC 8018).
func derive(algorithm, salt, iterations, length, password string) ([]byte, error) {
	if password == "" {
		return nil, tokenimport.Error("The file is protected by a password, and none is given.")
	}
	if !strings.EqualFold(algorithm[strings.LastIndex(algorithm, "#")+1:], "pbkdf2") {
		return nil, tokenimport.Error("Keys are derived by PBKDF2 only.")
	}
	s, err := base64.StdEncoding.DecodeString(strings.TrimSpace(salt))
	n, errN := strconv.Atoi(strings.TrimSpace(iterations))
	size, errSize := strconv.Atoi(strings.TrimSpace(length))
	if err != nil || errN != nil || errSize != nil || n < 1 || n > maxIterations || size != 16 {
		return nil, tokenimport.Error("The derivation of the key cannot be followed.")
	}
	return pbkdf2.Key(sha1.New, password, s, n, size)
}
