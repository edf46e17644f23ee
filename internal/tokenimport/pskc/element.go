package pskc

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// maxDepth is far deeper than containers are.
const maxDepth = 64

// element is a part of the file. Programs write the names in different letter
// case, so all are kept in lower case.
type element struct {
	name     string
	attrs    map[string]string
	text     string
	children []*element
}

func read(text string) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	root := &element{}
	open := []*element{root}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if len(open) > maxDepth {
				return nil, errors.New("nested too deeply")
			}
			e := &element{name: strings.ToLower(t.Name.Local), attrs: map[string]string{}}
			for _, a := range t.Attr {
				e.attrs[strings.ToLower(a.Name.Local)] = a.Value
			}
			top.children = append(top.children, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(t)
		}
	}
}

// at is the element that a path of names leads to; an empty one if there is none.
func (e *element) at(path string) *element {
	for name := range strings.SplitSeq(path, ">") {
		e = e.child(name)
	}
	return e
}

func (e *element) child(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return &element{}
}

func (e *element) all(name string) []*element {
	var out []*element
	for _, c := range e.children {
		if c.name == name {
			out = append(out, c)
		}
	}
	return out
}

func (e *element) there() bool { return e.name != "" }

// value is the text of the element and of all in it, without blanks around.
func (e *element) value() string {
	s := e.text
	for _, c := range e.children {
		s += c.value()
	}
	return strings.TrimSpace(s)
}
