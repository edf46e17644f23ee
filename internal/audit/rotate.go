package audit

import (
	"fmt"
	"strconv"
	"time"

	"edumfa/internal/pyliteral"
)

// Rule says how long rows are kept whose columns fit patterns.
type Rule struct {
	Keep     time.Duration
	Patterns []Pattern
}

// Pattern is a regular expression that is searched in a column; NULL is the empty
// text.
type Pattern struct {
	Column string
	Search func(text string) (bool, error)
}

// ParseRules reads a list of dictionaries: "rotate" is a number of days, all
// other keys are columns with a regular expression, which compile makes a search
// of.
func ParseRules(v any, compile func(expr string) (func(string) (bool, error), error)) ([]Rule, error) {
	list, ok := v.(pyliteral.List)
	if !ok {
		return nil, fmt.Errorf("the rules are no list")
	}
	rules := []Rule{}
	for i, e := range list {
		d, ok := e.(*pyliteral.Dict)
		if !ok {
			return nil, fmt.Errorf("rule %d is no dictionary", i+1)
		}
		r, err := parseRule(d, compile)
		if err != nil {
			return nil, fmt.Errorf("rule %d: %w", i+1, err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func parseRule(d *pyliteral.Dict, compile func(string) (func(string) (bool, error), error)) (Rule, error) {
	days, _ := d.Get("rotate")
	n, err := strconv.Atoi(pyliteral.Str(days))
	if err != nil || n < 0 || n > 100*366 {
		return Rule{}, fmt.Errorf("rotate is no number of days")
	}
	r := Rule{Keep: time.Duration(n) * 24 * time.Hour}
	for k, v := range d.All() {
		column := pyliteral.Str(k)
		if column == "rotate" {
			continue
		}
		if _, known := columnText(Row{}, column); !known {
			return Rule{}, fmt.Errorf("there is no column %q to look into", column)
		}
		search, err := compile(pyliteral.Str(v))
		if err != nil {
			return Rule{}, fmt.Errorf("%s: %w", column, err)
		}
		r.Patterns = append(r.Patterns, Pattern{Column: column, Search: search})
	}
	return r, nil
}

// Expired reports whether the first rule that fits a row says that it is too old.
// A rule without patterns fits nothing.
func Expired(rules []Rule, r Row, now time.Time) (bool, error) {
	for _, rule := range rules {
		fits, err := rule.fits(r)
		if err != nil {
			return false, err
		}
		if fits {
			return r.Date != nil && r.Date.Before(now.Add(-rule.Keep)), nil
		}
	}
	return false, nil
}

func (rule Rule) fits(r Row) (bool, error) {
	for _, p := range rule.Patterns {
		text, _ := columnText(r, p.Column)
		if found, err := p.Search(text); err != nil || !found {
			return false, err
		}
	}
	return len(rule.Patterns) > 0, nil
}

// columnText is a column with text; known is false for other names.
func columnText(r Row, column string) (text string, known bool) {
	columns := map[string]*string{
		"action": r.Action, "serial": r.Serial, "token_type": r.TokenType, "user": r.User, "realm": r.Realm, "resolver": r.Resolver,
		"administrator": r.Administrator, "action_detail": r.ActionDetail, "info": r.Info, "edumfa_server": r.Server, "client": r.Client,
		"loglevel": r.LogLevel, "clearance_level": r.ClearanceLevel, "thread_id": r.ThreadID, "policies": r.Policies,
	}
	p, known := columns[column]
	if p != nil {
		text = *p
	}
	return text, known
}
