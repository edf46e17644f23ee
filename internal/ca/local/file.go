package local

import (
	"os"
	"path/filepath"
)

// writeFile puts a file in the place of another one so that after a crash either
// the old or the new one is there, whole. mode counts for a new file.
func writeFile(name string, data []byte, mode os.FileMode) (err error) {
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err = f.Chmod(mode); err != nil {
		return err
	}
	if err = ownAs(f, name); err != nil {
		return err
	}
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncFolder(dir)
}

// syncFolder makes names in a folder last. Where folders cannot be written out,
// the system does it in its own time.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}

// fileName makes a name for a file of the texts of a subject: joined with "_",
// blanks too, what is not harmless left out or replaced. It never begins with a
// dot or a dash, and "" is possible.
func fileName(subject name) string {
	var b []byte
	for i, a := range subject.attributes() {
		if i > 0 {
			b = append(b, '_')
		}
		s, _ := a.text()
		for _, c := range s {
			switch {
			case c > '~':
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
				b = append(b, byte(c))
			case c == '@' || c == '(' || c == ')' || c == '+' || c == ',' || c == '=':
				b = append(b, byte(c))
			case (c == '.' || c == '-') && len(b) > 0 && b[len(b)-1] != '.':
				b = append(b, byte(c))
			default:
				b = append(b, '_')
			}
		}
	}
	return string(b[:min(len(b), mostFileName)])
}

// mostFileName leaves room for an ending and a serial number within the 255 bytes
// of common file systems.
const mostFileName = 180
