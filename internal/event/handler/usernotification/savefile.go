package usernotification

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"unicode"

	"edumfa/internal/event"
	"edumfa/internal/randtext"
	"edumfa/internal/texttag"
)

// fileMode lets the group of the spool folder read the files, nobody else: they
// hold PINs and registration codes.
const fileMode = 0o640

// randomLength is the length of the tag random, in characters.
const randomLength = 16

func (h Handler) saveFile(ctx context.Context, c event.Call) error {
	template, _ := c.Option("filename")
	if template == "" {
		return errors.New("the definition has no file name")
	}
	t, err := tagsFor(ctx, c, recipient{})
	if err != nil {
		return err
	}
	body, err := t.body(ctx, c, false, "")
	if err != nil {
		return err
	}
	name, err := h.fileName(template, t.tags)
	if err != nil {
		return err
	}
	return h.write(name, body)
}

// fileName fills the template of a name. Values are single names: a user cannot
// choose the folder by what he is called.
func (h Handler) fileName(template string, tags map[string]string) (string, error) {
	safe := make(map[string]string, len(tags)+1)
	for tag, value := range tags {
		safe[tag] = plainName(value)
	}
	random, err := randtext.Alphanumeric(h.Rand, randomLength)
	if err != nil {
		return "", err
	}
	safe["random"] = random
	name, err := texttag.Format(template, safe)
	if err != nil {
		return "", err
	}
	return path.Clean(strings.TrimLeft(name, "/")), nil
}

// plainName replaces what has a meaning in paths or cannot be seen.
func plainName(value string) string {
	out := strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == '"' || r == '<' || r == '>' || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, value)
	if strings.Trim(out, ".") == "" {
		return strings.ReplaceAll(out, ".", "_")
	}
	return out
}

// write saves a file below the spool folder, in the place of one that is there.
// Readers see the old one or the whole new one. No name and no link leads out of
// the folder.
func (h Handler) write(name, content string) error {
	root, err := os.OpenRoot(h.Spool)
	if err != nil {
		return fmt.Errorf("the spool folder: %w", err)
	}
	defer root.Close()
	random, err := randtext.Alphanumeric(h.Rand, randomLength)
	if err != nil {
		return err
	}
	temporary := path.Join(path.Dir(name), ".new-"+random)
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		_ = root.Remove(temporary)
	}
	return err
}
