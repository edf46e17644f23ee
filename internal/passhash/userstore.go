package passhash

import (
	"context"
	"errors"
	"io"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
)

// ErrShadow is a password field that says the hash is kept in a shadow file.
var ErrShadow = errors.New("shadow passwords are not supported")

// UserStore verifies and makes the password hashes that other programs keep in
// the user stores. It is safe for concurrent use.
type UserStore struct {
	queue *Queue
	rand  io.Reader
}

// NewUserStore makes a UserStore that draws salts from rand.
func NewUserStore(q *Queue, rand io.Reader) *UserStore { return &UserStore{queue: q, rand: rand} }

// VerifySQL reports whether a password belongs to the password column of an SQL
// user store: phpass ($P$, $H$, and Drupal's $S$), {SHA}, {SSHA}, {SSHA256},
// {SSHA512} (tags also in lower case), MD5, SHA-256 and SHA-512 crypt, bcrypt,
// hex SHA-256. "1|" in front is ignored, as ownCloud writes it. Everything else
// is a wrong password; the only errors are those of the queue and the context.
func (u *UserStore) VerifySQL(ctx context.Context, stored string, password secret.String) (bool, error) {
	stored = strings.TrimPrefix(stored, "1|")
	if end := strings.IndexByte(stored, '}'); end > 0 && stored[0] == '{' {
		if tag := stored[:end]; tag == strings.ToLower(tag) {
			stored = strings.ToUpper(tag) + stored[end:]
		}
	}
	return u.verify(ctx, sqlSchemes(), stored, password)
}

// VerifyPasswd reports whether a password belongs to the second field of a line
// of a passwd file: SHA-512, SHA-256, MD5 or DES crypt. "x" and "*" are
// ErrShadow; everything else is a wrong password.
func (u *UserStore) VerifyPasswd(ctx context.Context, stored string, password secret.String) (bool, error) {
	if stored == "x" || stored == "*" {
		return false, ErrShadow
	}
	return u.verify(ctx, passwdSchemes(), stored, password)
}

func (u *UserStore) verify(ctx context.Context, schemes []scheme, stored string, password secret.String) (bool, error) {
	for _, s := range schemes {
		if s.owns(stored) {
			ok, err := verifyHash(ctx, u.queue, s, stored, password)
			if errors.Is(err, ErrMalformedHash) {
				return false, nil
			}
			return ok, err
		}
	}
	return false, nil
}

func sqlSchemes() []scheme {
	schemes := []scheme{phpassMD5(), phpassDrupal(), md5CryptScheme{}, bcryptScheme{}, hexScheme{}}
	for _, title := range []string{"sha256_crypt", "sha512_crypt"} {
		s, _ := newSHACrypt(title)
		schemes = append(schemes, s)
	}
	for _, s := range saltedSchemes() {
		schemes = append(schemes, s)
	}
	return schemes
}

func passwdSchemes() []scheme {
	schemes := []scheme{md5CryptScheme{}, desCryptScheme{}}
	for _, title := range []string{"sha256_crypt", "sha512_crypt"} {
		s, _ := newSHACrypt(title)
		schemes = append(schemes, s)
	}
	return schemes
}

// DefaultUserForm is the form of new passwords when a store names none.
const DefaultUserForm = "SSHA256"

// UserForms are the names that the option Password_Hash_Type may have.
func UserForms() []string {
	return []string{
		"PHPASS", "SHA", "SSHA", "SSHA256", "SSHA512", "OTRS", "SHA256CRYPT", "SHA512CRYPT", "MD5CRYPT", "DESCRYPT", "BCRYPT", "DRUPAL",
	}
}

// Hash returns the string to store for a new password in the form named, in any
// case; "" is DefaultUserForm. An unknown form is an error.
func (u *UserStore) Hash(ctx context.Context, form string, password secret.String) (string, error) {
	s, err := userForm(form)
	if err != nil {
		return "", err
	}
	return makeHash(ctx, u.queue, u.rand, s, password)
}

// CheckUserForm says whether Hash knows a form.
func CheckUserForm(form string) error {
	_, err := userForm(form)
	return err
}

func userForm(form string) (scheme, error) {
	form = strings.ToUpper(form)
	if form == "" {
		form = DefaultUserForm
	}
	switch form {
	case "PHPASS":
		return phpassMD5(), nil
	case "DRUPAL":
		return phpassDrupal(), nil
	case "OTRS":
		return hexScheme{}, nil
	case "MD5CRYPT":
		return md5CryptScheme{}, nil
	case "DESCRYPT":
		return desCryptScheme{}, nil
	case "BCRYPT":
		return bcryptScheme{cost: 12}, nil
	case "SHA256CRYPT", "SHA512CRYPT":
		s, _ := newSHACrypt(strings.ToLower(form[:6]) + "_crypt")
		return s, nil
	}
	for _, s := range saltedSchemes() {
		if s.tag == "{"+form+"}" {
			return s, nil
		}
	}
	return nil, mfaerr.NewConfig("password hash type %q is not supported", form)
}
