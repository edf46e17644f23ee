// Package attributes is the event handler that gives attributes to users and
// takes them away, beside their user store.
package attributes

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"edumfa/internal/event"
)

// Store keeps attributes.
type Store interface {
	SetCustomAttribute(ctx context.Context, id, resolver string, realmID int64, key, value, kind string) (row int64, err error)
	DeleteCustomAttribute(ctx context.Context, id, resolver string, realmID int64, key string) (int64, error)
}

// Handler sets and deletes attributes.
type Handler struct{ Store Store }

var _ event.Handler = Handler{}

// Info describes the handler.
func (Handler) Info() event.Info {
	return event.Info{Name: "CustomUserAttributes", Positions: []event.Position{event.Post, event.Pre}}
}

// Do sets or deletes the attribute of the user that the option user means. When
// there is no such user, nothing is done and that is an error. An attribute that
// is not there is deleted already.
func (h Handler) Do(ctx context.Context, c event.Call) error {
	action := strings.ToLower(c.Definition.Action)
	if action != "set_custom_user_attributes" && action != "delete_custom_user_attributes" {
		return fmt.Errorf("the action %q is not known", c.Definition.Action)
	}
	key, _ := c.Option("attrkey")
	if key == "" || len([]rune(key)) > 255 {
		return errors.New("the name of an attribute has not 1 to 255 characters")
	}
	p, err := person(ctx, c)
	if err != nil {
		return err
	}
	if p.ID == "" {
		return errors.New("nobody is there to have the attribute")
	}
	if action == "delete_custom_user_attributes" {
		_, err = h.Store.DeleteCustomAttribute(ctx, p.ID, p.Resolver, p.RealmID, key)
		return err
	}
	value, _ := c.Option("attrvalue")
	_, err = h.Store.SetCustomAttribute(ctx, p.ID, p.Resolver, p.RealmID, key, value, "")
	return err
}

func person(ctx context.Context, c event.Call) (event.Person, error) {
	whose, given := c.Option("user")
	switch {
	case !given || whose == "tokenowner":
		return c.Facts.Owner(ctx)
	case whose == "logged_in_user":
		caller := c.Facts.Caller()
		return c.Facts.Find(ctx, caller.Name, caller.Realm)
	}
	return event.Person{}, fmt.Errorf("%q is nobody", whose)
}
