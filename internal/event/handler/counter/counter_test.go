package counter

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"edumfa/internal/event"
)

type facts struct{ event.Facts }

func (facts) Origin() event.Origin { return event.Origin{Node: "n1"} }

type noted struct{ did string }

func (n *noted) IncreaseCounter(_ context.Context, name, node string) error {
	n.did = fmt.Sprint("up ", name, " ", node)
	return nil
}

func (n *noted) DecreaseCounter(_ context.Context, name, node string, negative bool) error {
	n.did = fmt.Sprint("down ", name, " ", node, " ", negative)
	return nil
}

func (n *noted) ResetCounter(_ context.Context, name, node string) error {
	n.did = fmt.Sprint("zero ", name, " ", node)
	return nil
}

func TestDo(t *testing.T) {
	long := strings.Repeat("ü", 80)
	for _, c := range []struct {
		action, counter, negative, want string
		fails                           bool
	}{
		{"increase_counter", "n", "", "up n n1", false},
		{"increase_counter", " n ", "", "up n n1", false},
		{"decrease_counter", "n", "", "down n n1 false", false},
		{"decrease_counter", "n", "1", "down n n1 true", false},
		{"decrease_counter", "n", "no", "down n n1 false", false},
		{"reset_counter", "n", "", "zero n n1", false},
		{"increase_counter", long, "", "up " + long + " n1", false},
		{"increase_counter", long + "x", "", "", true},
		{"increase_counter", "", "", "", true},
		{"increase_counter", "  ", "", "", true},
		{"dance", "", "", "", false},
	} {
		s := &noted{}
		err := Handler{Store: s}.Do(t.Context(), event.Call{Facts: facts{},
			Definition: event.Definition{Action: c.action, Options: map[string]string{"counter_name": c.counter, "allow_negative_values": c.negative}}})
		if (err != nil) != c.fails || s.did != c.want {
			t.Errorf("%s %q: %q, %v", c.action, c.counter, s.did, err)
		}
	}
}
