package tokenfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseOATHCSV(t *testing.T) {
	const key = "3132333435363738393031323334353637383930"
	for name, c := range map[string]struct {
		src      string
		want     []Token
		problems int
	}{
		"hotp with counter": {"# comment\n\nA1, " + key + ", HOTP, 8, 3\n", []Token{{Serial: "A1", Type: "hotp", Counter: 3, Params: map[string]string{"otpkey": key, "hashlib": "sha1", "otplen": "8"}}}, 0},
		"defaults":          {"A1," + key, []Token{{Serial: "A1", Type: "hotp", Params: map[string]string{"otpkey": key, "hashlib": "sha1", "otplen": "6"}}}, 0},
		"totp":              {"A1," + key + ",totp,6,60\r\nA2," + key + ",totp", []Token{{Serial: "A1", Type: "totp", Params: map[string]string{"otpkey": key, "hashlib": "sha1", "otplen": "6", "timeStep": "60"}}, {Serial: "A2", Type: "totp", Params: map[string]string{"otpkey": key, "hashlib": "sha1", "otplen": "6", "timeStep": "30"}}}, 0},
		"tan":               {"A1," + key + ",tan,11 22", []Token{{Serial: "A1", Type: "tan", Params: map[string]string{"otpkey": key, "hashlib": "sha1", "tans": "11 22"}}}, 0},
		"owners":            {"# version: 2\nalice,reso,realm1,A1," + key, []Token{{Serial: "A1", Type: "hotp", Username: "alice", Resolver: "reso", Realm: "realm1", Params: map[string]string{"otpkey": key, "hashlib": "sha1", "otplen": "6"}}}, 0},
		"long key":          {"A1," + key + key + "000000000000000000000000,hotp,6", []Token{{Serial: "A1", Type: "hotp", Params: map[string]string{"otpkey": key + key + "000000000000000000000000", "hashlib": "sha1", "otplen": "6"}}}, 0},
		"no tokens":         {"words\n," + key + "\nA1," + key + ",\nA1," + key + ",hotp,6,x\n", nil, 4},
		"empty":             {"", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := ParseOATHCSV(c.src)
			if d := cmp.Diff(c.want, got); d != "" || len(problems) != c.problems {
				t.Errorf("%s\nproblems %q", d, problems)
			}
		})
	}
}

func FuzzParseOATHCSV(f *testing.F) {
	for _, s := range []string{"", "a,b", "# version: 2\nu,r,m,a,b,totp,6,30", "a,b,tan,1 2", ",,,", "\ufeff#"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		tokens, _ := ParseOATHCSV(src)
		for _, x := range tokens {
			if x.Serial == "" || x.Type == "" || x.Params == nil {
				t.Errorf("half a token: %+v", x)
			}
		}
	})
}
