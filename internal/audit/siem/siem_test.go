package siem

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"edumfa/internal/audit"
)

func sample() audit.Row {
	date := time.Date(2026, 5, 1, 12, 0, 0, 250_000, time.FixedZone("", 7200))
	d, no := 1500*time.Millisecond, int64(0)
	return audit.Row{ID: 7, Date: &date, Duration: &d, Success: &no, Action: new("POST /x|y\\z"), User: new("a=b\nc"), Realm: new("realm1"), Client: new("10.0.0.1"),
		Server: new("node 1"), Info: new("wrong \"pin\""), Serial: new("S1")}
}

func TestJSON(t *testing.T) {
	got, err := JSON(sample())
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(got), &m); err != nil || strings.Contains(got, "\n") {
		t.Fatalf("%s: %v", got, err)
	}
	for name, want := range map[string]any{"number": 7.0, "date": "2026-05-01T12:00:00.000250+02:00", "duration": 1.5, "success": 0.0, "user": "a=b\nc", "policies": nil, "info": `wrong "pin"`} {
		if m[name] != want {
			t.Errorf("%s: %v, want %v", name, m[name], want)
		}
	}
}

func TestCEF(t *testing.T) {
	want := `CEF:0|eduMFA|eduMFA|2.9.5|POST /x\|y\\z|POST /x\|y\\z|5|rt=1777629600000 externalId=7 outcome=failure suser=a\=b\nc sntdom=realm1 src=10.0.0.1 ` +
		`dvchost=node 1 msg=wrong "pin" cs1Label=serial cs1=S1 cn1Label=success cn1=0 cn2Label=duration_ms cn2=1500`
	if got := CEF(sample()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := CEF(audit.Row{ID: 1, Client: new("2001:db8::1")}); !strings.Contains(got, "|3|externalId=1 outcome=success c6a2Label=client c6a2=2001:db8::1") {
		t.Error(got)
	}
}

func TestSyslog(t *testing.T) {
	got, err := Syslog(sample(), 10, false)
	if err != nil || !strings.HasPrefix(got, "<84>1 2026-05-01T12:00:00.000250+02:00 node1 edumfa - audit - CEF:0|") || strings.Contains(got, "\n") {
		t.Errorf("%s, %v", got, err)
	}
	got, err = Syslog(audit.Row{ID: 1}, 16, true)
	if err != nil || !strings.HasPrefix(got, `<134>1 - - edumfa - audit - {"number":1,`) {
		t.Errorf("%s, %v", got, err)
	}
}
