package tokens

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/event"
	"edumfa/internal/mfaerr"
	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/texttag"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
	"edumfa/internal/useragent"
)

// Limits of what is written.
const (
	maxDescription = 80 // characters of the column
	maxKey         = 255
	defaultPIN     = 6
	longestPIN     = 128
)

func (h Handler) setRealm(_ context.Context, c event.Call) (work, error) {
	realm, _ := c.Option("realm")
	only := c.Flag("only_realm")
	return func(ctx context.Context, t *token.Token) error {
		realms := []string{realm}
		if !only {
			realms = append(slices.Clone(t.Realms), realm)
		}
		return h.Tokens.SetRealms(ctx, t, realms)
	}, nil
}

// setRandomPIN tells the new PIN in the answer. Where there is no answer to tell
// it in, it is not set: nobody would ever know it.
func (h Handler) setRandomPIN(_ context.Context, c event.Call) (work, error) {
	if c.Response == nil || c.Response.Plain {
		return nil, errors.New("a random PIN needs an answer that tells it: the definition must stand behind the call")
	}
	length := defaultPIN
	if text, _ := c.Option("length"); strings.TrimSpace(text) != "" {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > longestPIN {
			return nil, fmt.Errorf("%q is no length of a PIN", text)
		}
		length = n
	}
	detail, isObject := c.Response.Body["detail"].(map[string]any)
	if !isObject && c.Response.Body["detail"] != nil {
		return nil, errors.New("the answer has no details to tell a PIN in")
	}
	return func(ctx context.Context, t *token.Token) error {
		pin, err := randtext.Alphanumeric(h.Rand, length)
		if err != nil {
			return err
		}
		if err := h.Tokens.SetPIN(ctx, t, secret.New(pin), false); err != nil {
			return err
		}
		if detail == nil {
			detail = map[string]any{}
			c.Response.Body["detail"] = detail
		}
		detail["pin"] = pin
		return nil
	}, nil
}

// texts are the tags of descriptions and tokeninfo. The moment of {now} and
// {current_time} may have an offset behind it: {now}+5d.
func texts(ctx context.Context, c event.Call, template string) (string, error) {
	template, offset := timespec.SplitOffset(template)
	now, origin := stamp(c.Now.Add(offset)), c.Facts.Origin()
	tags := map[string]string{
		"now": now, "current_time": now, "ua_string": origin.UserAgent, "ua_browser": useragent.Name(origin.UserAgent),
		"client_ip": "", "username": "N/A", "realm": "N/A",
	}
	if ip := c.Facts.ClientIP(); ip.IsValid() {
		tags["client_ip"] = ip.String()
	}
	if strings.Contains(template, "{username") || strings.Contains(template, "{realm") {
		u, err := c.Facts.User(ctx)
		if err != nil {
			return "", err
		}
		if !u.Empty() {
			tags["username"], tags["realm"] = u.Login, u.Realm
		}
	}
	return texttag.Format(template, tags)
}

func (h Handler) setDescription(ctx context.Context, c event.Call) (work, error) {
	template, _ := c.Option("description")
	text, err := texts(ctx, c, template)
	if err != nil {
		return nil, err
	}
	if r := []rune(text); len(r) > maxDescription {
		text = string(r[:maxDescription]) // a long User-Agent is no reason to say nothing
	}
	return func(ctx context.Context, t *token.Token) error {
		return h.Tokens.Change(ctx, t, func(n *token.Token) error {
			n.Description = text
			return nil
		})
	}, nil
}

func infoKey(c event.Call) (string, error) {
	key, _ := c.Option("key")
	if key == "" || len([]rune(key)) > maxKey {
		return "", fmt.Errorf("the key of tokeninfo has not 1 to %d characters", maxKey)
	}
	return key, nil
}

func (h Handler) setInfo(ctx context.Context, c event.Call) (work, error) {
	key, err := infoKey(c)
	if err != nil {
		return nil, err
	}
	template, _ := c.Option("value")
	value, err := texts(ctx, c, template)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, t *token.Token) error {
		return h.Tokens.SetInfo(ctx, t, map[string]*string{key: &value})
	}, nil
}

func (h Handler) deleteInfo(_ context.Context, c event.Call) (work, error) {
	key, err := infoKey(c)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, t *token.Token) error {
		return h.Tokens.SetInfo(ctx, t, map[string]*string{key: nil})
	}, nil
}

func (h Handler) setValidity(_ context.Context, c event.Call) (work, error) {
	period := map[string]string{}
	for option, key := range map[string]string{"valid from": token.InfoValidFrom, "valid till": token.InfoValidTo} {
		text, _ := c.Option(option)
		if strings.TrimSpace(text) == "" {
			continue
		}
		d, err := moment(text, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
		period[key] = d.String()
	}
	return func(ctx context.Context, t *token.Token) error {
		if len(period) == 0 {
			return nil
		}
		return h.Tokens.Change(ctx, t, func(n *token.Token) error {
			for key, v := range period {
				n.Info[key] = token.Info{Value: v}
			}
			return nil
		})
	}, nil
}

// moment reads a date or an offset such as +10m. Offsets in other units than
// minutes, hours and days are refused: elsewhere they mean now, which would make
// the token invalid at once.
func moment(text string, c event.Call) (timespec.Date, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "+") && !strings.ContainsAny(text[len(text)-1:], "mhdMHD") {
		return timespec.Date{}, fmt.Errorf("%q is neither a date nor an offset such as +10m, +24h, +7d", text)
	}
	return timespec.ReadMoment(text, c.Now)
}

// setNumber writes a column; without the option the default, if there is one.
func (h Handler) setNumber(option, without string, column func(*token.Token) *int) func(context.Context, event.Call) (work, error) {
	return func(_ context.Context, c event.Call) (work, error) {
		text, given := c.Option(option)
		if !given {
			text = without
		}
		number, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
		if err != nil || number < 0 {
			return nil, fmt.Errorf("the option %q is no whole number: %q", option, text)
		}
		return func(ctx context.Context, t *token.Token) error {
			return h.Tokens.Change(ctx, t, func(n *token.Token) error {
				*column(n) = int(number)
				return nil
			})
		}, nil
	}
}

func (h Handler) changeFailures(_ context.Context, c event.Call) (work, error) {
	text, _ := c.Option("change fail counter")
	by, err := strconv.ParseInt(strings.TrimSpace(text), 10, 31)
	if err != nil {
		return nil, fmt.Errorf("%q is no number to change the fail counter by", text)
	}
	return func(ctx context.Context, t *token.Token) error {
		if t.Locked {
			return token.ErrLocked()
		}
		return h.Store.AddFailures(ctx, t.ID, int(by))
	}, nil
}

func (h Handler) changeGroup(add bool) func(context.Context, event.Call) (work, error) {
	return func(ctx context.Context, c event.Call) (work, error) {
		name, _ := c.Option("tokengroup")
		known, err := h.Store.TokenGroupExists(ctx, name)
		if err != nil {
			return nil, err
		}
		if !known {
			return nil, mfaerr.NewNotFound("The tokengroup does not exist.")
		}
		return func(ctx context.Context, t *token.Token) error {
			groups := slices.DeleteFunc(slices.Clone(t.Groups), func(g string) bool { return g == name })
			if add {
				groups = append(groups, name)
			}
			return h.Tokens.SetGroups(ctx, t, groups)
		}, nil
	}
}

func (h Handler) attach(_ context.Context, c event.Call) (work, error) {
	if h.Machines == nil {
		return nil, errors.New("tokens cannot be attached to machines here")
	}
	application, _ := c.Option("application")
	machine, _ := c.Option("machine ID")
	options := map[string]string{}
	for _, name := range []string{"count", "rounds", "slot", "partition", "user", "service_id"} {
		if v, _ := c.Option(name); v != "" {
			options[name] = v
		}
	}
	return func(ctx context.Context, t *token.Token) error {
		return h.Machines.Attach(ctx, t.Serial, application, machine, options)
	}, nil
}
