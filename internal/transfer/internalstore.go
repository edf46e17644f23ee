package transfer

import (
	"errors"
	"net/url"
	"strings"

	"edumfa/internal/pyliteral"
	"edumfa/internal/secret"
)

// InternalTable is the table of a user store in the server's own database.
func InternalTable(name string) string { return "users_" + name }

// InternalStore is the settings of an SQL user store in the server's own
// database: driver://user:password@host/database.
func InternalStore(databaseURI secret.String, name string) (*pyliteral.Dict, error) {
	driver, rest, ok := strings.Cut(databaseURI.Reveal(), "://")
	if !ok {
		return nil, errors.New("SQLALCHEMY_DATABASE_URI has not the form driver://user:password@host/database")
	}
	server, database, _ := strings.Cut(rest, "/")
	account := ""
	if i := strings.LastIndex(server, "@"); i >= 0 {
		account, server = server[:i], server[i+1:]
	}
	user, password, _ := strings.Cut(account, ":")
	for _, part := range []*string{&user, &password} {
		clear, err := url.PathUnescape(*part)
		if err != nil {
			return nil, errors.New("SQLALCHEMY_DATABASE_URI: the name or the password has a wrong % sequence")
		}
		*part = clear
	}
	if server == "" {
		server = "/" // what stands here for SQLite in existing installations
	}
	d := pyliteral.NewDict()
	for _, o := range [][2]string{
		{"Server", server}, {"Driver", driver}, {"User", user}, {"Password", password}, {"Database", database},
		{"Table", InternalTable(name)}, {"Limit", "500"}, {"Editable", "1"},
		{"Map", `{"userid": "id", "username": "username", "email":"email", "password": "password", "phone":"phone", "mobile":"mobile", "surname":"surname", "givenname":"givenname", "description": "description"}`},
	} {
		d.Set(o[0], o[1])
	}
	return d, nil
}
