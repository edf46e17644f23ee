package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"edumfa/internal/api/params"
	"edumfa/internal/enrol"
	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
	"edumfa/internal/tokenimport"
	"edumfa/internal/tokenimport/aladdin"
	"edumfa/internal/tokenimport/oathcsv"
	"edumfa/internal/tokenimport/pskc"
	"edumfa/internal/tokenimport/yubikeycsv"
	"edumfa/internal/user"
)

// mayImport refuses administrators without the right in every realm that the
// tokens shall be in.
func (a *API) mayImport(ctx context.Context, r *Request) error {
	realms := r.Params.List("tokenrealms")
	if len(realms) == 0 {
		return a.mayImportInto(ctx, r, nil)
	}
	for _, realm := range realms {
		if err := a.mayImportInto(ctx, r, &realm); err != nil {
			return err
		}
	}
	return nil
}

func (a *API) mayImportInto(ctx context.Context, r *Request, realm *string) error {
	q := a.callerQuery(r, "importtokens")
	q.User, q.Realm = nil, realm
	if err := a.allowed(ctx, r, q, "importtokens"); mfaerr.Is(err, mfaerr.Policy) {
		return mfaerr.NewPolicy("Admin actions are defined, but you are not allowed to upload token files.")
	} else if err != nil {
		return err
	}
	return nil
}

// tokenLoad imports the tokens of a file: all of them or, when one cannot be
// imported, none.
func (a *API) tokenLoad(ctx context.Context, r *Request) (*Answer, error) {
	kind, err := r.Params.Required("type")
	if err != nil {
		return nil, err
	}
	psk := r.Params.TextOr("psk", "")
	if psk != "" && len(psk) != 32 {
		return nil, mfaerr.NewTokenAdmin("The Pre Shared Key must be 128 Bit hex encoded. It must be 32 characters long!")
	}
	upload, given := r.Params.File("file")
	if !given {
		return &Answer{Status: http.StatusBadRequest, Plain: &Plain{Type: "text/html", Data: []byte("<!doctype html>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n<p>The file is missing.</p>\n")}}, nil
	}
	content := string(upload.Data)
	switch {
	case content == "":
		return nil, mfaerr.NewParameter("Error loading token file. File empty!")
	case !utf8.ValidString(content):
		return nil, mfaerr.NewParameter("The file is no text in UTF-8.")
	}
	file, err := a.readTokens(ctx, r, kind, content, psk)
	if err != nil {
		return nil, err
	}
	serials := make([]string, 0, len(file.Entries))
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		serials = serials[:0]
		for _, e := range file.Entries {
			if err := a.importToken(ctx, r, e); err != nil {
				return err
			}
			serials = append(serials, e.Serial)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	info := kind + ", " + upload.Name + " (imported: " + itoa(len(serials)) + ")"
	if len(file.Skipped) > 0 {
		lines := make([]string, len(file.Skipped))
		for i, n := range file.Skipped {
			lines[i] = itoa(n)
		}
		a.Log.WarnContext(ctx, "entries of a token file have no serial or no key", "file", upload.Name, "entries", strings.Join(lines, ","))
	}
	r.Audit.Info, r.Audit.Serial = text(info), text(strings.Join(serials, ", "))
	return ok(map[string]any{"n_imported": len(serials), "n_not_imported": len(file.Refused)}), nil
}

func (a *API) readTokens(ctx context.Context, r *Request, kind, content, psk string) (tokenimport.File, error) {
	known := []string{"aladdin-xml", "oathcsv", "OATH CSV", "yubikeycsv", "Yubikey CSV", "pskc"}
	if !slices.Contains(known, kind) {
		return tokenimport.File{}, mfaerr.NewTokenAdmin("Unknown file type: >>%s<<. We only know the types: >>%s<<", kind, strings.Join(known, ", "))
	}
	content, err := a.openFile(ctx, content)
	if err != nil {
		return tokenimport.File{}, err
	}
	switch kind {
	case "aladdin-xml":
		return aladdin.Parse(content)
	case "oathcsv", "OATH CSV":
		return oathcsv.Parse(content)
	case "yubikeycsv", "Yubikey CSV":
		return yubikeycsv.Parse(content)
	}
	o := pskc.Options{Password: r.Params.TextOr("password", ""), MAC: r.Params.TextOr("pskcValidateMAC", pskc.CheckHard)}
	if !slices.Contains([]string{pskc.CheckHard, pskc.CheckSoft, pskc.NoCheck}, o.MAC) {
		return tokenimport.File{}, mfaerr.NewParameter("pskcValidateMAC is none of check_fail_hard, check_fail_soft and no_check.")
	}
	if psk != "" {
		var err error
		if o.PreShared, err = hex.DecodeString(psk); err != nil {
			return tokenimport.File{}, mfaerr.NewTokenAdmin("The Pre Shared Key must be 128 Bit hex encoded. It must be 32 characters long!")
		}
	}
	return pskc.Parse(content, o)
}

// openFile decrypts a file that is encrypted for PGP.
func (a *API) openFile(ctx context.Context, content string) (string, error) {
	if !strings.HasPrefix(content, "-----BEGIN PGP MESSAGE-----") {
		return content, nil
	}
	if a.PGPDecrypt == nil {
		return "", mfaerr.NewTokenAdmin("The file is encrypted for PGP and cannot be opened here.")
	}
	clear, err := a.PGPDecrypt(ctx, []byte(content))
	if err != nil {
		return "", mfaerr.NewTokenAdmin("The file is encrypted for PGP and cannot be opened with the keys of the server.").WithCause(err)
	}
	if !utf8.Valid(clear) {
		return "", mfaerr.NewParameter("The file is no text in UTF-8.")
	}
	return string(clear), nil
}

// importToken enrols a token of a file. One that is there already gets the key
// of the file, if it is within the administrator's reach.
func (a *API) importToken(ctx context.Context, r *Request, e tokenimport.Entry) error {
	old, err := a.Store.Tokens(ctx, token.Filter{Serials: []string{e.Serial}}, token.Whole)
	if err != nil {
		return err
	}
	for _, t := range old {
		if err := a.reach(ctx, r, "importtokens", t); err != nil {
			return err
		}
	}
	u, err := a.importOwner(ctx, r, e.Owner)
	if err != nil {
		return err
	}
	p := params.New(e.Enrolment())
	request := enrol.Request{Params: p, User: u, Realms: r.Params.List("tokenrealms"), Kind: token.KindHardware}
	t, _, err := a.Enrol.Init(ctx, a.env(ctx, r, nil, u), request)
	if err != nil || e.Counter == "" && e.Shift == "" {
		return err
	}
	return a.Tokens.Change(ctx, t, e.Place)
}

// importOwner finds the user that a file names.
func (a *API) importOwner(ctx context.Context, r *Request, o *tokenimport.Owner) (user.User, error) {
	if o == nil {
		return user.User{}, nil
	}
	u, err := r.Users.Find(ctx, o.Login, o.Realm, o.Resolver)
	if err != nil {
		return u, err
	}
	if !u.Exists() {
		return u, user.ErrMissing()
	}
	realm := u.Realm
	return u, a.mayImportInto(ctx, r, &realm)
}
