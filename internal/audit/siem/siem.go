// Package siem writes audit rows in the forms that other systems collect: JSON
// lines, CEF (ArcSight's Common Event Format, version 0) and syslog (RFC 5424).
package siem

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/audit"
)

// Version is what messages call the version of the program.
const Version = "2.9.5"

// timeText is RFC 3339 with microseconds and the offset of the server's zone.
const timeText = "2006-01-02T15:04:05.000000Z07:00"

// row is a row as JSON has it; the names are those of GET /audit/.
type row struct {
	Number         int64    `json:"number"`
	Date           *string  `json:"date"`
	StartDate      *string  `json:"startdate"`
	Duration       *float64 `json:"duration"` // seconds
	Action         *string  `json:"action"`
	Success        *int64   `json:"success"`
	Serial         *string  `json:"serial"`
	TokenType      *string  `json:"token_type"`
	User           *string  `json:"user"`
	Realm          *string  `json:"realm"`
	Resolver       *string  `json:"resolver"`
	Administrator  *string  `json:"administrator"`
	ActionDetail   *string  `json:"action_detail"`
	Info           *string  `json:"info"`
	Server         *string  `json:"edumfa_server"`
	Client         *string  `json:"client"`
	Policies       *string  `json:"policies"`
	LogLevel       *string  `json:"log_level"`
	ClearanceLevel *string  `json:"clearance_level"`
	ThreadID       *string  `json:"thread_id"`
	Signature      *string  `json:"signature"`
}

func stamp(t *time.Time) *string {
	if t == nil {
		return nil
	}
	return new(t.Format(timeText))
}

// JSON is a row as one JSON object without a line end.
func JSON(r audit.Row) (string, error) {
	out := row{Number: r.ID, Date: stamp(r.Date), StartDate: stamp(r.StartDate), Action: r.Action, Success: r.Success, Serial: r.Serial,
		TokenType: r.TokenType, User: r.User, Realm: r.Realm, Resolver: r.Resolver, Administrator: r.Administrator, ActionDetail: r.ActionDetail,
		Info: r.Info, Server: r.Server, Client: r.Client, Policies: r.Policies, LogLevel: r.LogLevel, ClearanceLevel: r.ClearanceLevel,
		ThreadID: r.ThreadID, Signature: r.Signature}
	if r.Duration != nil {
		out.Duration = new(r.Duration.Seconds())
	}
	b, err := json.Marshal(out)
	return string(b), err
}

// failed reports whether a row tells of a failure.
func failed(r audit.Row) bool { return r.Success != nil && *r.Success == 0 }

// CEF is a row as one line of CEF without a line end. Failures are of severity 5,
// everything else of 3.
func CEF(r audit.Row) string {
	severity, outcome := 3, "success"
	if failed(r) {
		severity, outcome = 5, "failure"
	}
	action := text(r.Action)
	var b strings.Builder
	fmt.Fprintf(&b, "CEF:0|eduMFA|eduMFA|%s|%s|%s|%d|", Version, header(action), header(action), severity)
	first := true
	add := func(key, value string) {
		if value == "" {
			return
		}
		if !first {
			b.WriteByte(' ')
		}
		first = false
		b.WriteString(key + "=" + extension(value))
	}
	labelled := func(key, label, value string) {
		if value != "" {
			add(key+"Label", label)
			add(key, value)
		}
	}
	if r.Date != nil {
		add("rt", strconv.FormatInt(r.Date.UnixMilli(), 10))
	}
	if r.StartDate != nil {
		add("start", strconv.FormatInt(r.StartDate.UnixMilli(), 10))
	}
	add("externalId", strconv.FormatInt(r.ID, 10))
	add("outcome", outcome)
	add("suser", text(r.User))
	add("sntdom", text(r.Realm))
	if a, err := netip.ParseAddr(text(r.Client)); err == nil {
		if a.Unmap().Is4() {
			add("src", a.Unmap().String())
		} else {
			labelled("c6a2", "client", a.String())
		}
	}
	add("dvchost", text(r.Server))
	add("msg", text(r.Info))
	labelled("cs1", "serial", text(r.Serial))
	labelled("cs2", "token_type", text(r.TokenType))
	labelled("cs3", "resolver", text(r.Resolver))
	labelled("cs4", "policies", text(r.Policies))
	labelled("cs5", "administrator", text(r.Administrator))
	labelled("cs6", "action_detail", text(r.ActionDetail))
	if r.Success != nil {
		labelled("cn1", "success", strconv.FormatInt(*r.Success, 10))
	}
	if r.Duration != nil {
		labelled("cn2", "duration_ms", strconv.FormatInt(r.Duration.Milliseconds(), 10))
	}
	return b.String()
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// header escapes a value of the part before the extensions.
func header(s string) string {
	return strings.NewReplacer(`\`, `\\`, `|`, `\|`, "\r", " ", "\n", " ").Replace(s)
}

// extension escapes a value behind a key.
func extension(s string) string {
	return strings.NewReplacer(`\`, `\\`, `=`, `\=`, "\r", `\r`, "\n", `\n`).Replace(s)
}

// Message is the text that a syslog message carries.
func Message(r audit.Row, asJSON bool) (string, error) {
	if asJSON {
		return JSON(r)
	}
	return CEF(r), nil
}

// Syslog is a row as a message of RFC 5424. Failures are warnings (4), everything
// else is informational (6). The number of the row is in the message: receivers
// know by it what was sent twice.
func Syslog(r audit.Row, facility int, asJSON bool) (string, error) {
	severity := 6
	if failed(r) {
		severity = 4
	}
	at := "-"
	if r.Date != nil {
		at = r.Date.Format(timeText)
	}
	message, err := Message(r, asJSON)
	return fmt.Sprintf("<%d>1 %s %s edumfa - audit - %s", facility*8+severity, at, hostname(text(r.Server)), message), err
}

// hostname is printable ASCII of at most 255 characters (RFC 5424 §6.2.4).
func hostname(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < '!' || r > '~' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), 255)]
}
