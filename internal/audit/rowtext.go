package audit

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Row is one row of the table mfa_audit. A nil pointer is NULL, which is not
// the empty text. Date and StartDate are local wall-clock time with
// microseconds; only their clock fields count, not their zone.
type Row struct {
	ID             int64
	Date           *time.Time // when the row was written
	StartDate      *time.Time // when the request began
	Duration       *time.Duration
	Signature      *string
	Action         *string
	Success        *int64 // 0, 1, or what else the endpoint stored
	Serial         *string
	TokenType      *string
	User           *string
	Realm          *string
	Resolver       *string
	Administrator  *string
	ActionDetail   *string
	Info           *string
	Server         *string // column edumfa_server
	Client         *string
	LogLevel       *string // column loglevel
	ClearanceLevel *string // column clearance_level
	ThreadID       *string // column thread_id
	Policies       *string
}

// SignedText is the text a row's signature covers. Policies, resolver and
// thread ID are not part of it. NULL is "None"; StartDate is left out when it
// is NULL, Duration when it is NULL or zero. The row must be as the database
// returns it: times lose there what is below a microsecond.
func SignedText(r Row) string {
	var b strings.Builder
	b.WriteString("id=" + strconv.FormatInt(r.ID, 10))
	b.WriteString(",date=")
	if r.Date == nil {
		b.WriteString("None")
	} else {
		b.WriteString(pythonTime(*r.Date))
	}
	field := func(name string, value *string) {
		b.WriteByte(',')
		b.WriteString(name)
		b.WriteByte('=')
		if value == nil {
			b.WriteString("None")
		} else {
			b.WriteString(*value)
		}
	}
	field("action", r.Action)
	if r.Success == nil {
		field("succ", nil)
	} else {
		b.WriteString(",succ=" + strconv.FormatInt(*r.Success, 10))
	}
	field("serial", r.Serial)
	field("t", r.TokenType)
	field("u", r.User)
	field("r", r.Realm)
	field("adm", r.Administrator)
	field("ad", r.ActionDetail)
	field("i", r.Info)
	field("ps", r.Server)
	field("c", r.Client)
	field("l", r.LogLevel)
	field("cl", r.ClearanceLevel)
	if r.StartDate != nil {
		b.WriteString("," + pythonTime(*r.StartDate))
	}
	if r.Duration != nil && r.Duration.Microseconds() != 0 {
		b.WriteString("," + pythonDuration(*r.Duration))
	}
	return b.String()
}

// pythonTime is str() of a Python datetime without zone.
func pythonTime(t time.Time) string {
	text := t.Format("2006-01-02 15:04:05")
	if us := t.Nanosecond() / 1000; us != 0 {
		text += fmt.Sprintf(".%06d", us)
	}
	return text
}

// pythonDuration is str() of a Python timedelta: days are rounded down, so the
// clock part is never negative: "-1 day, 23:59:59".
func pythonDuration(d time.Duration) string {
	const day = 24 * 60 * 60 * 1_000_000
	us := d.Microseconds()
	days := us / day
	us %= day
	if us < 0 {
		days--
		us += day
	}
	var text string
	if days != 0 {
		text = fmt.Sprintf("%d days, ", days)
		if days == 1 || days == -1 {
			text = fmt.Sprintf("%d day, ", days)
		}
	}
	seconds := us / 1_000_000
	text += fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	if us %= 1_000_000; us != 0 {
		text += fmt.Sprintf(".%06d", us)
	}
	return text
}

// ColumnLengths are the lengths in characters of the text columns, by the names
// of the columns.
func ColumnLengths() map[string]int {
	return map[string]int{
		"signature": 620, "action": 50, "serial": 40, "token_type": 12, "user": 64, "realm": 20, "resolver": 50,
		"administrator": 64, "action_detail": 128, "info": 128, "edumfa_server": 255, "client": 50, "loglevel": 12,
		"clearance_level": 12, "thread_id": 20, "policies": 255,
	}
}

// Truncate cuts every text to the length of its column, the policies by
// [TruncateCommaList]. custom (EDUMFA_AUDIT_SQL_COLUMN_LENGTH) replaces single
// lengths; nil means none. The signature is not touched: half of one is worth
// nothing.
func (r *Row) Truncate(custom map[string]int) {
	lengths := ColumnLengths()
	maps.Copy(lengths, custom)
	for column, text := range r.texts() {
		if *text == nil {
			continue
		}
		short := truncate(**text, lengths[column])
		if column == "policies" {
			short = TruncateCommaList(**text, lengths[column])
		}
		*text = &short
	}
}

func (r *Row) texts() map[string]**string {
	return map[string]**string{
		"action": &r.Action, "serial": &r.Serial, "token_type": &r.TokenType, "user": &r.User, "realm": &r.Realm,
		"resolver": &r.Resolver, "administrator": &r.Administrator, "action_detail": &r.ActionDetail, "info": &r.Info,
		"edumfa_server": &r.Server, "client": &r.Client, "loglevel": &r.LogLevel, "clearance_level": &r.ClearanceLevel,
		"thread_id": &r.ThreadID, "policies": &r.Policies,
	}
}

// truncate keeps the first length characters.
func truncate(text string, length int) string {
	if len(text) <= length {
		return text
	}
	for at := range text {
		if length == 0 {
			return text[:at]
		}
		length--
	}
	return text
}

// TruncateCommaList shortens a comma separated list to length characters by
// cutting the longest entries, which are marked with "+". A list of too many
// entries for that is cut at the end.
func TruncateCommaList(list string, length int) string {
	if length <= 0 {
		return ""
	}
	entries := strings.Split(list, ",")
	total := utf8.RuneCountInString(list)
	if len(entries) >= length {
		return truncate(list, min(length, total)-1) + "+"
	}
	total = len(entries) - 1
	for i, entry := range entries {
		// What is longer than the whole list may be gets a "+" below anyway.
		entries[i] = truncate(entry, length+1)
		total += utf8.RuneCountInString(entries[i])
	}
	for total > length {
		longest := 0
		for i, entry := range entries {
			if utf8.RuneCountInString(entry) > utf8.RuneCountInString(entries[longest]) {
				longest = i
			}
		}
		victim := entries[longest]
		size := utf8.RuneCountInString(victim)
		if size <= 1 { // only commas could still go
			return truncate(strings.Join(entries, ","), length-1) + "+"
		}
		for i, entry := range entries {
			if entry == victim {
				entries[i] = truncate(victim, size-2) + "+"
				total--
			}
		}
	}
	return strings.Join(entries, ",")
}
