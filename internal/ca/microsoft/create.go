package microsoft

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"edumfa/internal/ca"
	"edumfa/internal/field"
)

// Create asks for a worker, shows its authorities and lets one be chosen.
func (k Kind) Create(ctx context.Context, c ca.Creation) (field.Values, error) {
	for {
		v := field.Values{}
		for _, q := range []struct{ setting, question, usual string }{
			{setHost, "Hostname of the eduMFA MS CA worker: ", ""}, {setPort, "Port of the eduMFA MS CA worker: ", ""}, {setProxy, "Use HTTP proxy [0/1]: ", "0"},
		} {
			a, err := c.Ask("", q.question, q.usual)
			if err != nil {
				return nil, err
			}
			v[q.setting] = strings.TrimSpace(a)
		}
		names, err := k.authorities(ctx, c.Deps, v)
		if err != nil {
			return nil, err
		}
		c.Say("Available CAs:\n\n     " + strings.Join(names, "\n     "))
		if v[setCA], err = c.Ask("", "Choose CA: ", ""); err != nil {
			return nil, err
		}
		c.Say(fmt.Sprintf("%s\n\n  Worker: %s:%s\n  Proxy : %s\n  CA    : %s\n", strings.Repeat("=", 60), v[setHost], v[setPort], v[setProxy], v[setCA]))
		yes, err := c.Ask("yes", "Is this configuration correct? [y/n] ", "n")
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(strings.TrimSpace(yes), "y") {
			return v, nil
		}
	}
}

// authorities asks a worker which authorities it reaches.
func (k Kind) authorities(ctx context.Context, d ca.Deps, v field.Values) ([]string, error) {
	o := ca.Opener{Deps: d}
	choices, err := o.Choices(ctx, k, v)
	if err != nil {
		return nil, err
	}
	switch list := choices["available_cas"].(type) {
	case []string:
		return list, nil
	case []any:
		out := make([]string, len(list))
		for i, x := range list {
			out[i] = fmt.Sprint(x)
		}
		return out, nil
	}
	return nil, errors.New("the worker names no authorities")
}
