package texttag

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// maxFile bounds a template file, in bytes.
const maxFile = 1 << 20

// ReadFile reads a template from a file of at most 1 MiB.
func ReadFile(name string) (string, error) {
	// asked before it is opened: opening a pipe waits for its other end
	if info, err := os.Stat(name); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", fmt.Errorf("the template %s is no file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = errors.New("the template is too long")
	}
	if err != nil {
		return "", err
	}
	return string(b), nil
}
