package token

import (
	"maps"
	"slices"
)

// Clone is a copy that can be changed without changing t.
func (t *Token) Clone() *Token {
	c := *t
	c.Info = maps.Clone(t.Info)
	if c.Info == nil {
		c.Info = map[string]Info{}
	}
	c.Realms, c.Groups = slices.Clone(t.Realms), slices.Clone(t.Groups)
	if t.Owner != nil {
		o := *t.Owner
		c.Owner = &o
	}
	return &c
}
