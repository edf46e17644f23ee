package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"edumfa/internal/secret"
)

// maxPassword bounds a line that is typed.
const maxPassword = 4096

// passwordOr returns the password that was given, or asks for one, twice, until
// both are the same and not empty. Input that ends is an error.
func passwordOr(cmd *cobra.Command, given string) (secret.String, error) {
	if given != "" {
		return secret.New(given), nil
	}
	in := cmd.InOrStdin()
	if f, ok := in.(*os.File); ok {
		defer hideTyping(f)()
	}
	lines := bufio.NewReader(io.LimitReader(in, 64*maxPassword))
	for {
		first, err := ask(cmd.ErrOrStderr(), lines, "Password: ")
		if err != nil {
			return secret.String{}, err
		}
		if first == "" {
			continue
		}
		second, err := ask(cmd.ErrOrStderr(), lines, "Repeat for confirmation: ")
		if err != nil {
			return secret.String{}, err
		}
		if first == second {
			return secret.New(first), nil
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "The two passwords are not the same.")
	}
}

func ask(out io.Writer, in *bufio.Reader, prompt string) (string, error) {
	fmt.Fprint(out, prompt)
	line, err := in.ReadString('\n')
	fmt.Fprintln(out)
	if err != nil && line == "" {
		return "", errors.New("no password was given")
	}
	if len(line) > maxPassword {
		return "", errors.New("the password is too long")
	}
	return strings.TrimRight(line, "\r\n"), nil
}
