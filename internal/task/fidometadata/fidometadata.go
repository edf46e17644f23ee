// Package fidometadata is the task that fetches the blob of the FIDO Metadata
// Service, checks it, and puts it into the file that token types read.
package fidometadata

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"edumfa/internal/task"
)

const (
	optionURL  = "url"
	optionFile = "file"
	// DefaultURL is where the FIDO Alliance has it.
	DefaultURL = "https://mds3.fidoalliance.org/"
)

// Blob is what is known of a blob whose signature is right.
type Blob struct {
	// Number rises with every blob.
	Number int64
	// NextUpdate is the day by which there is a newer one.
	NextUpdate time.Time
	Models     int
}

// Kind is the kind.
type Kind struct {
	// Fetch reads what is at a URL.
	Fetch func(ctx context.Context, url string) ([]byte, error)
	// Check checks the signature of a blob by the authorities that belong to the
	// file.
	Check func(file string, data []byte) (Blob, error)
	// File is the file of the settings, "" for none.
	File func(ctx context.Context) (string, error)
}

// Module is the name of the kind.
func (Kind) Module() string { return "FIDOMetadata" }

// PerNode: every node has a file of its own.
func (Kind) PerNode() bool { return true }

// Options are the options of the kind.
func (Kind) Options() []task.Option {
	return []task.Option{
		{Name: optionURL, Type: "str", Description: "Where the blob is (" + DefaultURL + ")."},
		{Name: optionFile, Type: "str", Description: "The file to write; the one of the setting webauthn.metadata_file without it."},
		task.DryRun(),
	}
}

// Run fetches the blob. One that is older than the one in the file, or is not
// signed as it must be, leaves the file as it is.
func (k Kind) Run(ctx context.Context, o task.Values) (string, error) {
	file := o.Text(optionFile)
	if file == "" {
		var err error
		if file, err = k.File(ctx); err != nil {
			return "", err
		}
	}
	if file == "" {
		return "", errors.New("neither the option file nor the setting webauthn.metadata_file names a file")
	}
	url := o.Text(optionURL)
	if url == "" {
		url = DefaultURL
	}
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return "", errors.New("the option url is no URL")
	}
	data, err := k.Fetch(ctx, url)
	if err != nil {
		return "", err
	}
	blob, err := k.Check(file, data)
	if err != nil {
		return "", err
	}
	report := fmt.Sprintf("blob %d with %d models, next by %s", blob.Number, blob.Models, blob.NextUpdate.Format(time.DateOnly))
	if old, err := os.ReadFile(file); err == nil {
		had, err := k.Check(file, old)
		switch {
		case err != nil: // damaged, or its signature is too old
		case had.Number == blob.Number:
			return report + " is there already", nil
		case had.Number > blob.Number:
			return "", fmt.Errorf("%s: the file has blob %d, which is newer", report, had.Number)
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if o.On(task.OptionDryRun) {
		return report + " would be stored", nil
	}
	return report + " stored", replace(file, data)
}

// replace gives a file a new content, all of it or nothing.
func replace(file string, data []byte) error {
	draft, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.Write(data)
	if err == nil {
		err = draft.Chmod(0o644)
	}
	if err == nil {
		err = draft.Sync()
	}
	if cerr := draft.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(draft.Name(), file)
}
