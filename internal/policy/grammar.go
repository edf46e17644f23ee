package policy

import "strings"

// EnrollAction is the name of the right to enrol a token type.
func EnrollAction(tokenType string) string { return "enroll" + strings.ToUpper(tokenType) }

// ParseAttributes reads the text of the actions on custom user attributes,
// ":key1: a b :key2: *" : keys and blank separated values by turns. Parts that
// are empty are passed over, a key without values is dropped.
func ParseAttributes(s string) map[string][]string {
	var parts []string
	for part := range strings.SplitSeq(strings.TrimSpace(s), ":") {
		if part != "" {
			parts = append(parts, strings.TrimSpace(part))
		}
	}
	out := map[string][]string{}
	for i := 0; i+1 < len(parts); i += 2 {
		out[parts[i]] = strings.Fields(parts[i+1])
	}
	return out
}

// Mangle is a parsed value of the action mangle: in the parameter Key what the
// pattern Search finds is replaced.
type Mangle struct {
	Key, Search, Replace string
}

// ParseMangle reads "key/search/replace/", anything behind the third slash is ignored.
func ParseMangle(s string) (Mangle, bool) {
	parts := strings.SplitN(s, "/", 4)
	if len(parts) != 4 {
		return Mangle{}, false
	}
	return Mangle{Key: parts[0], Search: parts[1], Replace: parts[2]}, true
}
