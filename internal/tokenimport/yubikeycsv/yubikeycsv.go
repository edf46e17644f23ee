// Package yubikeycsv reads the logs that programs for personalizing Yubikeys
// write: the traditional one, whose lines begin with the mode, and the one whose
// lines begin with the serial number of the key. Static passwords are left out:
// the log does not tell them.
package yubikeycsv

import (
	"fmt"
	"math/big"
	"strings"

	"edumfa/internal/tokenimport"
)

const modhex = "cbdefghijklnrtuv"

// Parse reads a file. Lines that are no tokens are left out.
func Parse(text string) (tokenimport.File, error) {
	var f tokenimport.File
	for _, line := range strings.Split(text, "\n") {
		columns := strings.Split(line, ",")
		if len(columns) < 6 {
			continue
		}
		for i := range columns {
			columns[i] = strings.TrimSpace(columns[i])
		}
		e, ok := traditional(columns)
		if !ok {
			e, ok = numbered(columns)
		}
		if !ok {
			continue
		}
		if err := f.Put(e); err != nil {
			return tokenimport.File{}, err
		}
	}
	return f, nil
}

// traditional lines are mode, date, slot, public id, private id, key, …
func traditional(c []string) (tokenimport.Entry, bool) {
	e := tokenimport.Entry{Key: c[5], Description: c[3]}
	number, ok := publicNumber(c[3])
	if !ok || c[5] == "" {
		return e, false
	}
	switch strings.ToLower(c[0]) {
	case "yubico otp":
		e.Type, e.Serial, e.Digits = "yubikey", fmt.Sprintf("UBAM%08d_%s", number, c[2]), 32+len(c[3])
	case "oath-hotp":
		e.Type, e.Serial, e.Digits = "hotp", fmt.Sprintf("UBOM%08d_%s", number, c[2]), 6
	default:
		return e, false
	}
	return e, true
}

// publicNumber reads a public id (modhex) as a number.
func publicNumber(id string) (*big.Int, bool) {
	if id == "" || len(id) > 32 || len(id)%2 != 0 {
		return nil, false
	}
	n := new(big.Int)
	for _, c := range id {
		d := strings.IndexRune(modhex, c)
		if d < 0 {
			return nil, false
		}
		n.Add(n.Lsh(n, 4), big.NewInt(int64(d)))
	}
	return n, true
}

// numbered lines are serial number, public id, private id, key, …; the slot is
// not told.
func numbered(c []string) (tokenimport.Entry, bool) {
	if c[0] == "" || strings.Trim(c[0], "0123456789") != "" || c[3] == "" {
		return tokenimport.Entry{}, false
	}
	e := tokenimport.Entry{Key: c[3], Description: c[1]}
	switch c[2] {
	case "":
		return e, false // a static password
	case "0":
		e.Type, e.Serial, e.Digits, e.Description = "hotp", "UBOM"+c[0]+"_X", 6, ""
	default:
		e.Type, e.Serial, e.Digits = "yubikey", "UBAM"+c[0]+"_X", 32+len(c[1])
	}
	return e, true
}
