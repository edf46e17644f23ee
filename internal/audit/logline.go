package audit

import (
	"strings"

	"edumfa/internal/pyjson"
)

// LogLine is a row as the logger audit writes it: one JSON object with its names
// in order. A success that is a flag is true or false; the time stamp is in UTC.
func LogLine(r Row) (string, error) {
	o := map[string]any{
		"action": value(r.Action), "serial": value(r.Serial), "token_type": value(r.TokenType), "user": value(r.User), "realm": value(r.Realm),
		"resolver": value(r.Resolver), "administrator": value(r.Administrator), "action_detail": value(r.ActionDetail), "info": value(r.Info),
		"edumfa_server": value(r.Server), "client": value(r.Client), "thread_id": value(r.ThreadID), "policies": "", "success": nil,
	}
	if r.Policies != nil {
		o["policies"] = *r.Policies
	}
	if r.Success != nil {
		o["success"] = *r.Success
		if *r.Success == 0 || *r.Success == 1 {
			o["success"] = *r.Success == 1
		}
	}
	if r.Date != nil {
		o["timestamp"] = isoTime(new(r.Date.UTC()))
	}
	if r.StartDate != nil {
		o["startdate"] = isoTime(r.StartDate)
	}
	if r.Duration != nil {
		o["duration"] = pythonDuration(*r.Duration)
	}
	b, err := pyjson.MarshalSorted(o)
	return strings.TrimSpace(string(b)), err
}

func value(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
