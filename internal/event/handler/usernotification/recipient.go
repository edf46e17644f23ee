package usernotification

import (
	"context"
	"net/mail"
	"strings"

	"edumfa/internal/event"
)

// Kinds of recipients.
const (
	toOwner      = "tokenowner"
	toCaller     = "logged_in_user"
	toLocalAdmin = "internal admin"
	toRealm      = "admin realm"
	toAddresses  = "email"
)

// recipient is who is told, and what texts call him.
type recipient struct {
	givenName, surname string
	addresses          []string
	mobile, login      string
}

func ofPerson(p event.Person) recipient {
	return recipient{givenName: p.GivenName, surname: p.Surname, addresses: []string{p.Mail}, mobile: p.Mobile, login: p.Login}
}

// find finds the recipients of a kind; false for nobody. Kinds that need to know
// more read it from the option "<option> <kind>".
func find(ctx context.Context, c event.Call, option, kind string) (recipient, bool, error) {
	more, _ := c.Option(option + " " + kind)
	switch kind {
	case toOwner:
		p, err := c.Facts.Owner(ctx)
		return ofPerson(p), !p.Empty(), err
	case toCaller:
		return caller(ctx, c)
	case toLocalAdmin:
		address, known, err := c.Facts.LocalAdmin(ctx, more)
		return recipient{givenName: more, addresses: []string{address}}, known, err
	case toRealm:
		if more == "" {
			return recipient{}, false, nil // a realm that is not set is nobody, not everybody
		}
		people, err := c.Facts.Everybody(ctx, more)
		r := recipient{givenName: "admin of realm " + more}
		for _, p := range people {
			r.addresses = append(r.addresses, p.Mail)
		}
		return r, len(people) > 0, err
	case toAddresses:
		return recipient{addresses: strings.Split(more, ",")}, more != "", nil
	}
	return recipient{}, false, nil
}

// caller is who logged in to make the request: a local administrator is in no
// realm.
func caller(ctx context.Context, c event.Call) (recipient, bool, error) {
	who := c.Facts.Caller()
	if who.Name == "" {
		return recipient{}, false, nil
	}
	if who.Realm != "" {
		p, err := c.Facts.Find(ctx, who.Name, who.Realm)
		return ofPerson(p), !p.Empty(), err
	}
	address, known, err := c.Facts.LocalAdmin(ctx, who.Name)
	return recipient{givenName: who.Name, addresses: []string{address}}, known, err
}

// usable are the addresses that can be mailed to. bad counts those that cannot:
// one mistake in a list must not keep the others from being told.
func usable(texts []string) (good []string, bad int) {
	for _, t := range texts {
		if strings.TrimSpace(t) == "" {
			continue
		}
		list, err := mail.ParseAddressList(t)
		if err != nil {
			bad++
			continue
		}
		for _, a := range list {
			good = append(good, a.Address)
		}
	}
	return good, bad
}
