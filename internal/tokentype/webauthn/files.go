package webauthn

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"sync"
	"time"

	"edumfa/internal/fido"
	"edumfa/internal/mfaerr"
)

// Files reads the files that settings name: the folder with the roots of makers,
// and the blob of the metadata service. The blob is read again when the file has
// changed. Files is safe for concurrent use; nil reads nothing.
type Files struct {
	mu   sync.Mutex
	path string
	seen time.Time // modification time of what is in blob
	blob *fido.Metadata
}

// anchors are the certificates of a folder. Files without one are left out; a
// folder that is not there holds none, so that no maker is known.
func (f *Files) anchors(folder string) []*x509.Certificate {
	if folder == "" || f == nil {
		return nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	var out []*x509.Certificate
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			continue
		}
		out = append(out, fido.Certificates(data)...)
	}
	return out
}

// metadata is the blob of a file; "" has none. A file named <path>.pem beside it
// holds the authorities that may sign it, instead of the system's.
func (f *Files) metadata(path string, now time.Time) (*fido.Metadata, error) {
	if path == "" || f == nil {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	failed := func(err error) (*fido.Metadata, error) {
		return nil, mfaerr.NewConfig("The file of the setting %s cannot be used.", settingMetadata).WithCause(err)
	}
	stat, err := os.Stat(path)
	if err != nil {
		return failed(err)
	}
	if f.blob != nil && f.path == path && f.seen.Equal(stat.ModTime()) {
		return f.blob, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return failed(err)
	}
	var roots *x509.CertPool
	if pem, err := os.ReadFile(path + ".pem"); err == nil {
		roots = x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
	}
	blob, err := fido.ParseMetadata(data, roots, now)
	if err != nil {
		return failed(err)
	}
	f.path, f.seen, f.blob = path, stat.ModTime(), blob
	return blob, nil
}
