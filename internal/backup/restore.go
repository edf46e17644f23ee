package backup

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Content tells what an archive has.
type Content struct {
	// Config is where edumfa.cfg goes, Dump the name of the copy of the database
	// in the archive.
	Config, Dump string
	// HasKey says that there is a file enckey.
	HasKey bool
	Files  int
}

// Inspect reads a whole archive without writing anything. An archive that is
// damaged, or without configuration or database, is an error.
func Inspect(archive string) (Content, error) {
	var c Content
	err := each(archive, func(h *tar.Header, r io.Reader) error {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return err
		}
		c.Files++
		switch base := path.Base(h.Name); {
		case base == "edumfa.cfg":
			c.Config = "/" + h.Name
		case strings.HasSuffix(base, ".sql") || strings.HasSuffix(base, ".sqlite") && strings.HasPrefix(base, "db-"):
			c.Dump = h.Name
		case base == "enckey":
			c.HasKey = true
		}
		return nil
	})
	switch {
	case err != nil:
		return c, fmt.Errorf("%s: %w", archive, err)
	case c.Config == "":
		return c, errors.New("the archive has no edumfa.cfg")
	case c.Dump == "":
		return c, errors.New("the archive has no copy of a database")
	}
	return c, nil
}

// Extract writes the files of an archive to where they came from, below root,
// each one whole or not at all; the copy of the database goes to dumpFile.
func Extract(archive string, c Content, root, dumpFile string) error {
	return each(archive, func(h *tar.Header, r io.Reader) error {
		if h.Name == c.Dump {
			return writeFile(dumpFile, 0o600, r)
		}
		target := filepath.Join(root, filepath.FromSlash(h.Name))
		switch h.Typeflag {
		case tar.TypeDir:
			return os.MkdirAll(target, h.FileInfo().Mode().Perm()|0o700)
		case tar.TypeSymlink:
			if err := os.Remove(target); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			return os.Symlink(h.Linkname, target)
		case tar.TypeReg:
			if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
				return err
			}
			if err := writeFile(target, h.FileInfo().Mode().Perm(), r); err != nil {
				return err
			}
			if os.Geteuid() == 0 {
				return os.Chown(target, h.Uid, h.Gid)
			}
		}
		return nil
	})
}

// writeFile replaces a file by way of another one beside it.
func writeFile(name string, mode os.FileMode, r io.Reader) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".restore-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = io.Copy(f, r); err != nil {
		return err
	}
	if err = errors.Join(f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// each calls f for the members of an archive. Names that lead out of the root are
// refused.
func each(archive string, f func(h *tar.Header, r io.Reader) error) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	z, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		h.Name = strings.TrimPrefix(h.Name, "./")
		if clean := strings.TrimSuffix(h.Name, "/"); !filepath.IsLocal(filepath.FromSlash(clean)) {
			return fmt.Errorf("the archive has a file %q, which is outside of the root", h.Name)
		}
		if err := f(h, t); err != nil {
			return err
		}
	}
}
