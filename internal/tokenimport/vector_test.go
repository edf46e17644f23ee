package tokenimport_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"edumfa/internal/mfaerr"
	"edumfa/internal/tokenimport"
	"edumfa/internal/tokenimport/aladdin"
	"edumfa/internal/tokenimport/oathcsv"
	"edumfa/internal/tokenimport/pskc"
	"edumfa/internal/tokenimport/yubikeycsv"
)

// vector is a file and what eduMFA reads in it.
type vector struct {
	Label, File, PSK, Error string
	Result                  json.RawMessage
}

func vectors(t testing.TB, folder string) (list []vector) {
	t.Helper()
	data, err := os.ReadFile(folder + "/testdata/files.json")
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func parsePSKC(text string) (tokenimport.File, error) {
	key, _ := hex.DecodeString("12345678901234567890123456789012")
	return pskc.Parse(text, pskc.Options{PreShared: key})
}

var parsers = map[string]func(string) (tokenimport.File, error){
	"oathcsv": oathcsv.Parse, "yubikeycsv": yubikeycsv.Parse, "aladdin": aladdin.Parse, "pskc": parsePSKC,
}

func TestVectors(t *testing.T) {
	for folder, parse := range parsers {
		for i, v := range vectors(t, folder) {
			t.Run(fmt.Sprint(folder, i, v.Label), func(t *testing.T) {
				if v.File == "" {
					t.Skip("no file of its own")
				}
				f, err := parse(v.File)
				if v.Error != "" {
					if mfaerr.Wrap(err).Code != mfaerr.CodeImport {
						t.Fatalf("error %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				compare(t, f, v.Result)
			})
		}
	}
}

func compare(t *testing.T, f tokenimport.File, result json.RawMessage) {
	t.Helper()
	want := map[string]map[string]any{}
	if strings.HasPrefix(string(result), "[") { // tokens and those refused
		var pair []json.RawMessage
		if err := json.Unmarshal(result, &pair); err != nil {
			t.Fatal(err)
		}
		result = pair[0]
	}
	if err := json.Unmarshal(result, &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != len(f.Entries) {
		t.Errorf("%d tokens, want %d", len(f.Entries), len(want))
	}
	for _, e := range f.Entries {
		w := want[e.Serial]
		for name, got := range map[string]string{"type": e.Type, "otpkey": e.Key, "hashlib": e.Hash, "counter": e.Counter,
			"timeStep": e.Params["timeStep"], "timeShift": e.Shift, "otplen": strconv.Itoa(e.Digits)} {
			v, has := w[name]
			if !has || v == nil {
				continue
			}
			if s := fmt.Sprint(v); !strings.EqualFold(s, got) {
				t.Errorf("%s %s: %q, want %q", e.Serial, name, got, s)
			}
		}
		if u, _ := w["user"].(map[string]any); u["username"] != nil && u["username"] != "" {
			if e.Owner == nil || *e.Owner != (tokenimport.Owner{Login: "alice", Resolver: "pwres", Realm: "realm1"}) {
				t.Errorf("%s: owner %v", e.Serial, e.Owner)
			}
		}
	}
}

func TestPSKC_Keys(t *testing.T) {
	file := vectors(t, "pskc")[1].File
	tampered := regexp.MustCompile(`(?i)<([a-z:]*valuemac)>[^<]*`).ReplaceAllString(file, "<$1>AAAA")
	right, _ := hex.DecodeString("12345678901234567890123456789012")
	for _, c := range []struct {
		name              string
		file              string
		o                 pskc.Options
		tokens, refused   int
		wantImportFailure bool
	}{
		{"right", file, pskc.Options{PreShared: right}, 3, 0, false},
		{"no key", file, pskc.Options{}, 0, 0, true},
		{"wrong key", file, pskc.Options{PreShared: make([]byte, 16)}, 0, 0, true},
		{"wrong MACs, hard", tampered, pskc.Options{PreShared: right, MAC: pskc.CheckHard}, 0, 3, false},
		{"wrong MACs, soft", tampered, pskc.Options{PreShared: right, MAC: pskc.CheckSoft}, 0, 3, false},
		{"wrong MACs, unchecked", tampered, pskc.Options{PreShared: right, MAC: pskc.NoCheck}, 3, 0, false},
	} {
		f, err := pskc.Parse(c.file, c.o)
		if (err != nil) != c.wantImportFailure || len(f.Entries) != c.tokens || len(f.Refused) != c.refused {
			t.Errorf("%s: %d tokens, %d refused, %v", c.name, len(f.Entries), len(f.Refused), err)
		}
	}
}

func TestPSKC_Password(t *testing.T) {
	var v struct{ Password, File string }
	data, err := os.ReadFile("pskc/testdata/password.json")
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := pskc.Parse(v.File, pskc.Options{Password: v.Password})
	if err != nil || len(f.Entries) == 0 || f.Entries[0].Key == "" {
		t.Errorf("%v %v", f, err)
	}
	for _, wrong := range []string{"", "guess"} {
		if _, err := pskc.Parse(v.File, pskc.Options{Password: wrong}); mfaerr.Wrap(err).Code != mfaerr.CodeImport {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func fuzz(f *testing.F, folder string) {
	for _, v := range vectors(f, folder) {
		f.Add(v.File)
	}
	parse := parsers[folder]
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parse(text)
		if err != nil && len(file.Entries) > 0 {
			t.Error("tokens beside an error")
		}
		for _, e := range file.Entries {
			if e.Serial == "" {
				t.Error("a token without a serial")
			}
			_ = e.Enrolment()
		}
	})
}

func FuzzOATHCSV(f *testing.F)    { fuzz(f, "oathcsv") }
func FuzzYubikeyCSV(f *testing.F) { fuzz(f, "yubikeycsv") }
func FuzzAladdin(f *testing.F)    { fuzz(f, "aladdin") }
func FuzzPSKC(f *testing.F)       { fuzz(f, "pskc") }
