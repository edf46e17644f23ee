// Package yamltext reads and writes YAML (1.2, and the words of 1.1 for truth
// values) as Python values: files of administrators and exports of the command
// line. It is the only package that knows the YAML library.
package yamltext

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"edumfa/internal/pyliteral"
)

// Limits of what is read: a few bytes of anchors can stand for gigabytes.
const (
	maxSource = 16 << 20
	maxValues = 1 << 20
	maxDepth  = 100
)

// Parse reads one document. Mappings become *pyliteral.Dict in their order,
// sequences pyliteral.List, scalars nil, bool, int64, float64 or string. An
// empty text is nil.
func Parse(src string) (any, error) {
	if len(src) > maxSource {
		return nil, errors.New("the text is too long")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(src), &doc); err != nil {
		return nil, err
	}
	if doc.Kind == 0 {
		return nil, nil
	}
	r := reader{left: maxValues}
	return r.value(&doc, 0)
}

type reader struct{ left int }

func (r *reader) value(n *yaml.Node, depth int) (any, error) {
	if r.left--; r.left < 0 || depth > maxDepth {
		return nil, errors.New("the document is too large or too deep")
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return r.value(n.Content[0], depth+1)
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		out := make(pyliteral.List, 0, len(n.Content))
		for _, c := range n.Content {
			v, err := r.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case yaml.MappingNode:
		return r.mapping(n, depth)
	}
	return scalar(n)
}

func (r *reader) mapping(n *yaml.Node, depth int) (any, error) {
	d := pyliteral.NewDict()
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, err := r.value(n.Content[i], depth+1)
		if err != nil {
			return nil, err
		}
		if !pyliteral.Hashable(k) {
			return nil, fmt.Errorf("line %d: a list or mapping cannot be a key", n.Content[i].Line)
		}
		v, err := r.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		d.Set(k, v)
	}
	return d, nil
}

func scalar(n *yaml.Node) (any, error) {
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case nil, bool, string, float64:
		return x, nil
	case int:
		return int64(x), nil
	case int64:
		return x, nil
	}
	return n.Value, nil // dates and very large numbers stay as they are written
}
