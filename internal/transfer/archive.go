package transfer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"time"

	"edumfa/internal/pyliteral"
)

// BackupName begins the names of the files of a full export. An archive that is
// imported must have a member with it in its name.
const BackupName = "edumfa-config-backup"

// Pack makes a tar.gz archive of one file.
func Pack(name string, content []byte, now time.Time) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: now}); err != nil {
		return nil, err
	}
	if _, err := t.Write(content); err != nil {
		return nil, err
	}
	if err := errors.Join(t.Close(), z.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Unpack returns the export in a tar archive, compressed or not; anything else
// is returned as it is. Nothing is written to disk.
func Unpack(src []byte) ([]byte, error) {
	var r io.Reader = bytes.NewReader(src)
	zipped := bytes.HasPrefix(src, []byte{0x1f, 0x8b})
	if zipped {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = z
	} else if len(src) < 262 || string(src[257:262]) != "ustar" {
		return src, nil
	}
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the archive has no file " + BackupName)
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag != tar.TypeReg || !strings.Contains(h.Name, BackupName) {
			continue
		}
		content, err := io.ReadAll(io.LimitReader(t, pyliteral.MaxSource+1))
		if err == nil && len(content) > pyliteral.MaxSource {
			err = errors.New("the file in the archive is too large")
		}
		return content, err
	}
}
