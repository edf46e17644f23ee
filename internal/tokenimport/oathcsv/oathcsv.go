// Package oathcsv reads lists of tokens, one line each:
//
//	serial, key, type, digits, more
//
// More is the counter of hotp tokens and the time step of totp and daypassword
// tokens. Type is
// hotp and digits is 6 when missing. For ocra the fourth column is the suite, for
// tan it is the TANs with blanks between. After a first line "# version: 2" every
// line begins with login name, resolver and realm of the owner.
package oathcsv

import (
	"strconv"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/tokenimport"
)

// Parse reads a file. Lines with # at their begin are comments; lines without a
// serial or a key are skipped.
func Parse(text string) (tokenimport.File, error) {
	var f tokenimport.File
	version := ""
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		if comment, is := strings.CutPrefix(line, "#"); is {
			if v, is := strings.CutPrefix(strings.TrimSpace(comment), "version:"); is && i == 0 {
				version = strings.TrimSpace(v)
			}
			continue
		}
		columns := strings.Split(line, ",")
		for j := range columns {
			columns[j] = strings.TrimSpace(columns[j])
		}
		e, ok, err := entry(columns, version == "2")
		if err != nil {
			return tokenimport.File{}, err
		}
		if !ok {
			if strings.TrimSpace(line) != "" {
				f.Skipped = append(f.Skipped, i+1)
			}
			continue
		}
		if err := f.Put(e); err != nil {
			return tokenimport.File{}, err
		}
	}
	return f, nil
}

func entry(columns []string, withOwner bool) (tokenimport.Entry, bool, error) {
	e := tokenimport.Entry{Type: "hotp", Description: "imported", Params: map[string]string{}}
	if withOwner {
		if len(columns) < 4 {
			return e, false, nil
		}
		if columns[0] != "" || columns[2] != "" {
			e.Owner = &tokenimport.Owner{Login: columns[0], Resolver: columns[1], Realm: columns[2]}
		}
		columns = columns[3:]
	}
	if len(columns) < 2 || columns[0] == "" || columns[1] == "" {
		return e, false, nil
	}
	e.Serial, e.Key = columns[0], columns[1]
	if len(columns) > 2 && columns[2] != "" {
		e.Type = strings.ToLower(columns[2])
	}
	e.Hash = hashFor(e.Key)
	column := func(n int) string {
		if len(columns) > n {
			return columns[n]
		}
		return ""
	}
	switch e.Type {
	case "tan":
		e.Params["tans"] = column(3)
		return e, true, nil
	case "ocra":
		e.Params["ocrasuite"] = column(3)
		return e, true, nil
	}
	e.Digits = 6
	if v := column(3); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 1000 {
			return e, false, mfaerr.NewParameter("The token %s cannot have values of %q digits.", e.Serial, v)
		}
		e.Digits = n
	}
	switch e.Type {
	case "hotp":
		e.Counter = column(4)
	case "totp", "daypassword":
		if e.Params["timeStep"] = column(4); e.Params["timeStep"] == "" {
			e.Params["timeStep"] = "30"
		}
	}
	return e, true, nil
}

// hashFor guesses the hash by the length of the key, in hex digits.
func hashFor(key string) string {
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
