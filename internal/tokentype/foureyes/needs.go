package foureyes

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/tokentype"
)

// need is how many tokens of a realm are needed.
type need struct {
	realm string
	count int
}

type needList []need

// found are the serials that were used, by realm.
type found map[string][]string

func (f found) has(serial string) bool {
	for _, list := range f {
		if slices.Contains(list, serial) {
			return true
		}
	}
	return false
}

// readNeeds reads "realm1:2,realm2:1". What cannot be read is left out.
func readNeeds(text string) needList {
	var out needList
	for part := range strings.SplitSeq(text, ",") {
		realm, count, ok := strings.Cut(part, ":")
		n, err := strconv.Atoi(strings.TrimSpace(count))
		if ok && err == nil && n > 0 && strings.TrimSpace(realm) != "" {
			out = append(out, need{strings.TrimSpace(realm), n})
		}
	}
	return out
}

func (l needList) total() int {
	sum := 0
	for _, n := range l {
		sum += min(n.count, maxData)
	}
	return sum
}

// open are the realms of which tokens are missing.
func (l needList) open(used found) []string {
	var out []string
	for _, n := range l {
		if len(used[n.realm]) < n.count {
			out = append(out, n.realm)
		}
	}
	return out
}

// needs reads the parameter 4eyes: a text, or an object of realms with their
// counts and whether they are selected.
func needs(p tokentype.EnrollParams) (string, error) {
	text, ok := p.Text(infoRealms)
	if !ok {
		return "", mfaerr.NewParameter("Missing parameter: '%s'", infoRealms)
	}
	if r, can := p.(tokentype.RawParams); can {
		if object, isObject := r.Raw(infoRealms).(map[string]any); isObject {
			text = selected(object)
		}
	}
	if strings.Count(text, ":") != len(readNeeds(text)) || len(readNeeds(text)) == 0 {
		return "", mfaerr.NewParameter("The parameter 4eyes names no realms with the number of their tokens, like realm1:2,realm2:1")
	}
	return text, nil
}

func selected(object map[string]any) string {
	var out []string
	for _, realm := range slices.Sorted(maps.Keys(object)) {
		if v, isObject := object[realm].(map[string]any); isObject && v["selected"] == true {
			out = append(out, fmt.Sprintf("%s:%v", realm, v["count"]))
		}
	}
	return strings.Join(out, ",")
}
