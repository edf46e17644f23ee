// Package tokenfile reads files with the keys of tokens, as their makers and
// other programs write them. It stores nothing.
package tokenfile

import (
	"fmt"
	"strconv"
	"strings"
)

// Token is one token of a file.
type Token struct {
	Serial string
	Type   string // lower case
	// Params are the parameters of an enrolment.
	Params map[string]string
	// Counter is where the token stands, 0 if the file does not say.
	Counter int64
	// Username, Realm and Resolver name the owner, empty without one.
	Username, Realm, Resolver string
}

// ParseOATHCSV reads lines of "serial, key, type, length, counter or time step";
// type and what follows may be missing. For tan the fourth field are the values,
// for ocra the suite. Empty lines and comments (#) are left out. A first line
// "# version: 2" says that user, resolver and realm stand in front. Lines that
// are no token are told in problems.
func ParseOATHCSV(src string) (tokens []Token, problems []string) {
	lines := strings.Split(strings.TrimPrefix(src, "\ufeff"), "\n")
	owners := false
	if rest, ok := strings.CutPrefix(lines[0], "#"); ok {
		version, found := strings.CutPrefix(strings.TrimSpace(rest), "version:")
		owners = found && strings.TrimSpace(version) == "2"
	}
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		t, err := oathLine(strings.Split(line, ","), owners)
		if err != nil {
			problems = append(problems, fmt.Sprintf("line %d: %v", i+1, err))
			continue
		}
		tokens = append(tokens, t)
	}
	return tokens, problems
}

func oathLine(f []string, owners bool) (t Token, err error) {
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	if owners {
		if len(f) < 3 {
			return t, fmt.Errorf("user, resolver and realm are missing")
		}
		t.Username, t.Resolver, t.Realm, f = f[0], f[1], f[2], f[3:]
	}
	switch {
	case len(f) < 2:
		return t, fmt.Errorf("there is no serial and key")
	case f[0] == "":
		return t, fmt.Errorf("there is no serial")
	}
	at := func(i int, missing string) string {
		if i < len(f) {
			return f[i]
		}
		return missing
	}
	t.Serial, t.Type = f[0], strings.ToLower(at(2, "hotp"))
	if t.Type == "" {
		return t, fmt.Errorf("token %s has no type", t.Serial)
	}
	t.Params = map[string]string{"otpkey": f[1], "hashlib": hashOf(f[1])}
	switch t.Type {
	case "tan":
		if len(f) > 3 {
			t.Params["tans"] = f[3]
		}
		return t, nil
	case "ocra":
		if len(f) > 3 {
			t.Params["ocrasuite"] = f[3]
		}
		return t, nil
	}
	t.Params["otplen"] = at(3, "6")
	return t, lastField(&t, at(4, ""))
}

// lastField is the counter or, for types that follow a clock, the time step.
func lastField(t *Token, text string) error {
	clock := t.Type == "totp" || t.Type == "daypassword"
	if text == "" {
		if clock {
			t.Params["timeStep"] = "30"
		}
		return nil
	}
	if !clock && t.Type != "hotp" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("token %s: %q is no number", t.Serial, text)
	}
	if clock {
		t.Params["timeStep"] = text
	} else {
		t.Counter = n
	}
	return nil
}

// hashOf is the hash function that a key in hex is made for.
func hashOf(key string) string {
	switch len(key) {
	case 56:
		return "sha224"
	case 64:
		return "sha256"
	case 96:
		return "sha384"
	case 128:
		return "sha512"
	}
	return "sha1"
}
