package usernotification

import (
	"bytes"
	"encoding/base64"
	"path"
	"strings"
	"testing"
)

func FuzzReadDataURI(f *testing.F) {
	for _, uri := range []string{"data:image/png;base64,iVA=", "data:image/png,abc", "data:text/html;base64,iVA=", "data:image/;base64,", "file:///etc/passwd", "data:image/png;base64,%%"} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		kind, data, err := readDataURI(uri)
		if err != nil {
			return
		}
		again, fromAgain, err := readDataURI("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data))
		if err != nil || again != kind || !bytes.Equal(fromAgain, data) {
			t.Errorf("%q: %q %x, then %q %x, %v", uri, kind, data, again, fromAgain, err)
		}
	})
}

// Whatever a user is called, the file is in the folder that the template names.
func FuzzFileName(f *testing.F) {
	for _, login := range []string{"alice", "..", "../../etc/passwd", "a/b", ".", "a\x00b", "{random}", "ü\u202e\\"} {
		f.Add(login)
	}
	f.Fuzz(func(t *testing.T, login string) {
		h := Handler{Rand: bytes.NewReader(make([]byte, 64))}
		name, err := h.fileName("/letters/{username}/{username}.txt", map[string]string{"username": login})
		if err != nil {
			t.Fatal(err)
		}
		dir, file := path.Split(name)
		if login != "" && (!strings.HasPrefix(dir, "letters/") || strings.Count(dir, "/") != 2) || !strings.HasSuffix(file, ".txt") || strings.ContainsAny(name, "\x00\\\"") {
			t.Errorf("%q is saved as %q", login, name)
		}
	})
}
