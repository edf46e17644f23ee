// Package aladdin reads the XML that comes with eToken PASS devices: a list of
// hotp tokens with their seeds.
package aladdin

import (
	"encoding/xml"
	"strings"

	"edumfa/internal/tokenimport"
)

type tokens struct {
	XMLName xml.Name
	Tokens  []struct {
		Serial       string `xml:"serial,attr"`
		Applications []struct {
			Application []struct {
				Seed         string
				MovingFactor string
			}
		}
	} `xml:"Token"`
}

// Parse reads a file. Tokens without a serial or a seed are left out. Errors:
// 304.
func Parse(text string) (tokenimport.File, error) {
	var f tokenimport.File
	var list tokens
	if err := xml.Unmarshal([]byte(text), &list); err != nil {
		return f, tokenimport.Error("Could not parse XML data: %v", err)
	}
	if list.XMLName.Local != "Tokens" {
		return f, tokenimport.Error("No toplevel element Tokens")
	}
	for i, t := range list.Tokens {
		e := tokenimport.Entry{Serial: strings.TrimSpace(t.Serial), Type: "hotp", Hash: "sha1", Description: "imported"}
		for _, group := range t.Applications {
			for _, a := range group.Application {
				e.Key, e.Counter = strings.TrimSpace(a.Seed), strings.TrimSpace(a.MovingFactor)
			}
		}
		if e.Serial == "" || e.Key == "" {
			f.Skipped = append(f.Skipped, i+1)
			continue
		}
		if len(e.Key) == 64 {
			e.Hash = "sha256"
		}
		if err := f.Put(e); err != nil {
			return tokenimport.File{}, err
		}
	}
	return f, nil
}
