package api

import (
	"errors"
	"net/http"
	"net/netip"
)

// file is an answer that browsers save.
func file(contentType, name, content string) *Answer {
	return &Answer{Status: http.StatusOK, Plain: &Plain{Type: contentType, FileName: name, Data: []byte(content)}}
}

func isNotFound(a *API, err error) bool { return a.NotFound != nil && errors.Is(err, a.NotFound) }

func parseAddr(s string) (netip.Addr, error) { return netip.ParseAddr(s) }
