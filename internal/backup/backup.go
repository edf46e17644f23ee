// Package backup writes an installation into one archive and brings it back: the
// configuration folder and a copy of the database, in the archives of eduMFA.
package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Options of Create.
type Options struct {
	// Target is the folder for the archive, made when it is missing.
	Target string
	// Folders go into the archive whole, the first one is the configuration's.
	Folders []string
	// KeyFile is left out unless WithKey is set. Its owner gets the folder and
	// the archive.
	KeyFile string
	WithKey bool
	Now     time.Time
}

// Dump writes a copy of the database into a file that is not there yet. Its
// extension is ".sqlite" or ".sql".
type Dump struct {
	Extension string
	Write     func(ctx context.Context, file string) error
}

// Create writes the archive eduMFA-backup-<time>.tgz, readable for its owner
// only, and returns its name. When anything fails no archive is left behind.
func Create(ctx context.Context, o Options, d Dump) (string, error) {
	for _, dir := range o.Folders {
		if info, err := os.Stat(dir); err != nil {
			return "", err
		} else if !info.IsDir() {
			return "", fmt.Errorf("%s is no folder", dir)
		}
	}
	target, err := filepath.Abs(o.Target)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return "", err
	}
	ownAs(o.KeyFile, target)
	date := o.Now.Format("20060102-1504")
	work, err := os.MkdirTemp(target, ".backup-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	name := "dbdump-" + date + d.Extension
	if d.Extension == ".sqlite" {
		name = "db-" + date + d.Extension
	}
	dump := filepath.Join(work, name)
	if err := d.Write(ctx, dump); err != nil {
		return "", err
	}
	half := filepath.Join(work, "archive")
	if err := o.writeArchive(half, dump, filepath.Join(target, name)); err != nil {
		return "", err
	}
	archive := filepath.Join(target, "eduMFA-backup-"+date+".tgz")
	if err := os.Rename(half, archive); err != nil {
		return "", err
	}
	ownAs(o.KeyFile, archive)
	return archive, nil
}

func (o Options) writeArchive(file, dump, dumpName string) (err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	t := tar.NewWriter(z)
	defer func() { err = errors.Join(err, t.Close(), z.Close(), f.Close()) }()
	for _, dir := range o.Folders {
		if err := o.addFolder(t, dir, file); err != nil {
			return err
		}
	}
	return addFile(t, dump, dumpName)
}

// addFolder adds what is below a folder, but for the key file and for archives
// that are just being written into it.
func (o Options) addFolder(t *tar.Writer, dir, archive string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	work := filepath.Dir(archive)
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == work:
			return filepath.SkipDir
		case !o.WithKey && sameFile(path, o.KeyFile):
			return nil
		}
		return addFile(t, path, path)
	})
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// addFile adds one file, folder or link. Sockets and devices are left out.
func addFile(t *tar.Writer, path, name string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	link := ""
	switch {
	case info.Mode()&os.ModeSymlink != 0:
		if link, err = os.Readlink(path); err != nil {
			return err
		}
	case !info.Mode().IsRegular() && !info.IsDir():
		return nil
	}
	h, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	h.Name = strings.TrimPrefix(filepath.ToSlash(name), "/")
	if info.IsDir() {
		h.Name += "/"
	}
	if err := t.WriteHeader(h); err != nil || !info.Mode().IsRegular() {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = io.CopyN(t, f, info.Size())
	return err
}
