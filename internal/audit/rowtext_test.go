package audit

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"edumfa/internal/signature"
)

type rawRow struct {
	ID             int64
	Date           string
	StartDate      *string
	Duration       json.RawMessage
	Signature      *string
	Action         *string
	Success        *int64
	Serial         *string
	TokenType      *string `json:"token_type"`
	User           *string
	Realm          *string
	Administrator  *string
	ActionDetail   *string `json:"action_detail"`
	Info           *string
	Server         *string `json:"edumfa_server"`
	Client         *string
	LogLevel       *string
	ClearanceLevel *string `json:"clearance_level"`
}

// row converts either spelling of the vectors: columns of SQLite, where a
// duration is a time after 1970, or Python's isoformat and seconds.
func (r rawRow) row(t *testing.T) Row {
	t.Helper()
	date := parseTime(t, r.Date)
	row := Row{
		ID: r.ID, Date: &date, Action: r.Action, Success: r.Success, Serial: r.Serial, TokenType: r.TokenType, User: r.User,
		Realm: r.Realm, Administrator: r.Administrator, ActionDetail: r.ActionDetail, Info: r.Info, Server: r.Server,
		Client: r.Client, LogLevel: r.LogLevel, ClearanceLevel: r.ClearanceLevel,
	}
	if r.StartDate != nil {
		start := parseTime(t, *r.StartDate)
		row.StartDate = &start
	}
	var seconds *float64
	if json.Unmarshal(r.Duration, &seconds) == nil {
		if seconds != nil {
			d := time.Duration(math.Round(*seconds*1e6)) * time.Microsecond
			row.Duration = &d
		}
		return row
	}
	var text string
	if err := json.Unmarshal(r.Duration, &text); err != nil {
		t.Fatal(err)
	}
	d := parseTime(t, text).Sub(time.Unix(0, 0).UTC())
	row.Duration = &d
	return row
}

func parseTime(t *testing.T, text string) time.Time {
	t.Helper()
	v, err := time.Parse("2006-01-02 15:04:05.999999", strings.Replace(text, "T", " ", 1))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type vectors struct {
	PublicKey string `json:"public_key_pem"`
	Rows      []struct {
		Row  rawRow `json:"raw_row"`
		Text string `json:"signed_string"`
	} `json:"fixture_rows"`
	Synthetic []struct {
		Fields    rawRow
		Text      string `json:"signed_string"`
		Signature string
	}
	Lists []struct {
		Data   string
		MaxLen int `json:"max_len"`
		Result string
	} `json:"truncate_comma_list"`
}

func load(t testing.TB) vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/audit_signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSignedText_Vectors(t *testing.T) {
	v := load(t)
	verifier, err := signature.NewVerifier([]byte(v.PublicKey), false)
	if err != nil {
		t.Fatal(err)
	}
	check := func(row Row, want, sig string) {
		t.Helper()
		text := SignedText(row)
		if text != want {
			t.Errorf("got  %s\nwant %s", text, want)
		}
		if !verifier.Verify([]byte(text), sig) {
			t.Errorf("signature of row %d is refused", row.ID)
		}
	}
	for _, c := range v.Rows {
		check(c.Row.row(t), c.Text, *c.Row.Signature)
	}
	for _, c := range v.Synthetic {
		check(c.Fields.row(t), c.Text, c.Signature)
	}
}

func TestSignedText_AllNull(t *testing.T) {
	const want = "id=0,date=None,action=None,succ=None,serial=None,t=None,u=None,r=None,adm=None,ad=None,i=None,ps=None,c=None,l=None,cl=None"
	if got := SignedText(Row{}); got != want {
		t.Error(got)
	}
}

func TestPythonDuration(t *testing.T) {
	cases := map[time.Duration]string{
		3723 * time.Second: "1:02:03",
		time.Microsecond:   "0:00:00.000001",
		-time.Microsecond:  "-1 day, 23:59:59.999999",
		-48 * time.Hour:    "-2 days, 0:00:00",
		25 * time.Hour:     "1 day, 1:00:00",
	}
	for d, want := range cases {
		if got := pythonDuration(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}

func TestTruncateCommaList(t *testing.T) {
	for _, c := range load(t).Lists {
		if got := TruncateCommaList(c.Data, c.MaxLen); got != c.Result {
			t.Errorf("%q to %d: %q, want %q", c.Data, c.MaxLen, got, c.Result)
		}
	}
	cases := []struct {
		name, list string
		length     int
		want       string
	}{
		{"characters, not bytes", "äöüäöü,b", 6, "äöü+,b"},
		{"equal entries go together", "abcd,abcd", 7, "ab+,ab+"},
		{"entries of one character", "a,b,c,d", 5, "a,b,+"},
		{"no room", "abc", 0, ""},
		{"one character", "abc", 1, "+"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := TruncateCommaList(c.list, c.length); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestRowTruncate(t *testing.T) {
	long, policies, null := strings.Repeat("ä", 300), strings.Repeat("p", 200)+","+strings.Repeat("q", 200), (*string)(nil)
	r := Row{Action: &long, TokenType: &long, Policies: &policies, Serial: null, Info: &long}
	r.Truncate(map[string]int{"info": 200})
	if *r.Action != strings.Repeat("ä", 50) || *r.TokenType != strings.Repeat("ä", 12) || *r.Info != strings.Repeat("ä", 200) {
		t.Error(*r.Action, *r.TokenType, *r.Info)
	}
	if len(*r.Policies) > 255 || r.Serial != nil || len(long) != 600 {
		t.Error(*r.Policies, r.Serial)
	}
}

func FuzzTruncateCommaList(f *testing.F) {
	for _, c := range load(f).Lists {
		f.Add(c.Data, c.MaxLen)
	}
	f.Fuzz(func(t *testing.T, list string, length int) {
		got := TruncateCommaList(list, length)
		if n := len([]rune(got)); n > max(length, 0) {
			t.Errorf("%q cut to %d has %d characters", list, length, n)
		}
	})
}
