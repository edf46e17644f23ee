package machine

import (
	"context"
	"maps"

	"edumfa/internal/mfaerr"
)

// AttachStore keeps attachments.
type AttachStore interface {
	Attachments(ctx context.Context, f Attachments) ([]Attachment, error)
	// AttachToken returns the id of the attachment.
	AttachToken(ctx context.Context, a Attachment) (id int64, err error)
}

// Attacher attaches tokens where nobody is there to say more than a machine's id.
type Attacher struct {
	Store    AttachStore
	Machines *Finder
	// Check refuses options that cannot work with an application; applications
	// that it does not know have no such options.
	Check func(application string, options map[string]string) error
}

// Attach attaches a token to an application of the machine with the id, in
// whatever store it is, or of any machine if the id is empty. Doing so once more
// changes nothing. Errors: 905 for options that make no sense and for an id that
// several stores have, 601 for a token or a machine that is not there.
func (x Attacher) Attach(ctx context.Context, serial, application, machineID string, options map[string]string) error {
	if application == "" {
		return mfaerr.NewParameter("The application that the token is attached to has no name.")
	}
	for name, v := range options {
		if len([]rune(name)) > MaxKey || len([]rune(v)) > MaxValue {
			return mfaerr.NewParameter("The option '%.64s' or its value is longer than %d characters.", name, MaxValue)
		}
	}
	if err := x.Check(application, options); err != nil {
		return err
	}
	at, err := x.place(ctx, machineID)
	if err != nil {
		return err
	}
	list, err := x.Store.Attachments(ctx, Attachments{Serial: serial, Application: application, At: &at})
	if err != nil {
		return err
	}
	for _, a := range list {
		if maps.Equal(a.Options, options) {
			return nil
		}
	}
	_, err = x.Store.AttachToken(ctx, Attachment{Serial: serial, Application: application, Resolver: at.Resolver, MachineID: at.MachineID, Options: options})
	return err
}

func (x Attacher) place(ctx context.Context, id string) (Place, error) {
	if id == "" {
		return Place{}, nil
	}
	list, err := x.Machines.Find(ctx, Filter{ID: id, Exact: true}, nil)
	switch {
	case err != nil:
		return Place{}, err
	case len(list) == 0:
		return Place{}, mfaerr.NewNotFound("There is no machine with the id '%s'.", id)
	case len(list) > 1:
		return Place{}, mfaerr.NewParameter("There are %d machines with the id '%s'.", len(list), id)
	}
	return Place{Resolver: list[0].Resolver, MachineID: list[0].ID}, nil
}
