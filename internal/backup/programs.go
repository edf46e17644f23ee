package backup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"edumfa/internal/secret"
)

// Server is a database that has its own programs for copies.
type Server struct {
	Postgres         bool
	User, Host, Port string
	Password         secret.String
	Database         string
	LockOption       string // of mysqldump, "" for its own way
}

// LockOption is the option of mysqldump for a word of the command line.
func LockOption(word string) (string, error) {
	switch strings.ToUpper(word) {
	case "":
		return "", nil
	case "LAT":
		return "--lock-all-tables", nil
	case "ST":
		return "--single-transaction", nil
	case "SLT":
		return "--skip-lock-tables", nil
	}
	return "", fmt.Errorf("there is no way %q to lock tables, there are LAT, ST and SLT", word)
}

// ParseServer reads a database URI.
func ParseServer(uri secret.String) (Server, error) {
	driver, rest, ok := strings.Cut(uri.Reveal(), "://")
	dialect, _, _ := strings.Cut(driver, "+")
	s := Server{Postgres: dialect == "postgresql" || dialect == "postgres"}
	if !ok || !s.Postgres && dialect != "mysql" && dialect != "mariadb" && dialect != "pymysql" {
		return s, fmt.Errorf("databases of the kind %q cannot be copied", dialect)
	}
	place, database, _ := strings.Cut(rest, "/")
	s.Database, _, _ = strings.Cut(database, "?")
	if i := strings.LastIndex(place, "@"); i >= 0 {
		user, password, _ := strings.Cut(place[:i], ":")
		clear, err := url.PathUnescape(password)
		if err != nil {
			return s, errors.New("the password in the database URI has a wrong % sequence")
		}
		if s.User, err = url.PathUnescape(user); err != nil {
			return s, errors.New("the user in the database URI has a wrong % sequence")
		}
		s.Password, place = secret.New(clear), place[i+1:]
	}
	s.Host = place
	if i := strings.LastIndex(place, ":"); i >= 0 && !strings.HasSuffix(place, "]") {
		s.Host, s.Port = place[:i], place[i+1:]
	}
	s.Host = strings.Trim(s.Host, "[]")
	return s, nil
}

// Dump copies the database with mysqldump or pg_dump.
func (s Server) Dump(ctx context.Context, file string) error {
	if s.Postgres {
		return s.postgres(ctx, "pg_dump", "--clean", "--if-exists", "-f", file)
	}
	args := []string{"-B", s.Database, "-r", file}
	if s.LockOption != "" {
		args = append(args, s.LockOption)
	}
	return s.mysql(ctx, "mysqldump", "", args...)
}

// Load reads a copy into the database with mysql or psql.
func (s Server) Load(ctx context.Context, file string) error {
	if s.Postgres {
		return s.postgres(ctx, "psql", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-f", file)
	}
	return s.mysql(ctx, "mysql", file, s.Database)
}

func (s Server) postgres(ctx context.Context, program string, args ...string) error {
	args = append(args, "-d", s.Database)
	for _, o := range [][2]string{{"-U", s.User}, {"-h", s.Host}, {"-p", s.Port}} {
		if o[1] != "" {
			args = append(args, o[0], o[1])
		}
	}
	c := exec.CommandContext(ctx, program, args...)
	c.Env = append(os.Environ(), "PGPASSWORD="+s.Password.Reveal())
	return run(c)
}

// mysql runs one of MariaDB's programs. The password goes through a file: on the
// command line everybody could read it.
func (s Server) mysql(ctx context.Context, program, stdin string, args ...string) error {
	dir, err := os.MkdirTemp("", "edumfa-backup-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	text := "[client]\n"
	for _, o := range [][2]string{{"user", s.User}, {"password", s.Password.Reveal()}, {"host", s.Host}, {"port", s.Port}} {
		if o[1] != "" {
			text += o[0] + `="` + quote.Replace(o[1]) + "\"\n"
		}
	}
	text += "[mysqldump]\nno-tablespaces\n"
	defaults := filepath.Join(dir, "mysql.cnf")
	if err := os.WriteFile(defaults, []byte(text), 0o600); err != nil {
		return err
	}
	c := exec.CommandContext(ctx, program, append([]string{"--defaults-file=" + defaults}, args...)...)
	if stdin != "" {
		f, err := os.Open(stdin)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		c.Stdin = f
	}
	return run(c)
}

func run(c *exec.Cmd) error {
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(c.Path), err, strings.TrimSpace(string(out)))
	}
	return nil
}
