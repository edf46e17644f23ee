package certificate

import (
	"context"
	"crypto/x509/pkix"
	"slices"
	"strings"

	"edumfa/internal/ca"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/resolver"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

type attributeValue = pkix.AttributeTypeAndValue

func attribute(name, value string) attributeValue {
	oid, _ := ca.AttributeOID(name)
	return attributeValue{Type: oid, Value: value}
}

// generatedSubject is the subject of a request that the server makes: the owner's
// login name, and his mail address and realm where policies want them.
func generatedSubject(ctx context.Context, e *tokentype.Env, t *token.Token) ([]byte, error) {
	name := []attributeValue{attribute("CN", e.OwnerLogin)}
	var words []string
	if e.Rules != nil {
		var err error
		if words, err = e.Rules.Words(policy.ScopeEnrollment, actComponents); err != nil {
			return nil, err
		}
	}
	if slices.Contains(words, "email") {
		info, err := owner(ctx, e)
		if err != nil {
			return nil, err
		}
		name = append(name, attribute("emailAddress", info.Text("email")))
	}
	if slices.Contains(words, "realm") {
		name = append(name, attribute("OU", e.OwnerRealm))
	}
	return marshal(name)
}

func owner(ctx context.Context, e *tokentype.Env) (resolver.Attributes, error) {
	if e.Owner == nil || e.OwnerLogin == "" {
		return nil, nil
	}
	return e.Owner(ctx, nil)
}

func marshal(name []attributeValue) ([]byte, error) {
	der, err := ca.MarshalSubject(name)
	if err != nil {
		return nil, mfaerr.NewParameter("The subject of the certificate cannot be made: %s.", err)
	}
	return der, nil
}

// prescribedSubject is the subject that a policy prescribes, nil without one.
func prescribedSubject(ctx context.Context, e *tokentype.Env) ([]byte, error) {
	if e.Rules == nil {
		return nil, nil
	}
	pattern, given, err := e.Rules.Text(policy.ScopeEnrollment, actSubject)
	if err != nil || !given {
		return nil, err
	}
	parts, err := parseSubject(pattern)
	if err != nil {
		return nil, err
	}
	info, err := owner(ctx, e)
	if err != nil {
		return nil, err
	}
	name := make([]attributeValue, 0, len(parts))
	common := false
	for _, p := range parts {
		a := attribute(p.name, p.fill(e, info))
		if a.Value == "" {
			continue // who has no mail address gets a certificate without
		}
		common = common || p.name == "CN" || p.name == "commonName"
		name = append(name, a)
	}
	if !common {
		return nil, mfaerr.NewPolicy("The policy %s gives the owner no common name.", actSubject)
	}
	return marshal(name)
}

// subjectPart is one attribute of a prescribed subject: texts and, at the odd
// places, names of attributes of the owner.
type subjectPart struct {
	name   string
	pieces []string
}

// fill puts the owner's attributes in. They are values, whatever is written in
// them: they cannot begin attributes of their own.
func (p subjectPart) fill(e *tokentype.Env, info resolver.Attributes) string {
	var b strings.Builder
	for i, piece := range p.pieces {
		switch {
		case i%2 == 0:
			b.WriteString(piece)
		case piece == "user":
			b.WriteString(e.OwnerLogin)
		case piece == "realm":
			b.WriteString(e.OwnerRealm)
		default:
			b.WriteString(info.Text(piece))
		}
	}
	return strings.TrimSpace(b.String())
}

// parseSubject reads /NAME=value/NAME=value with {attribute} in values. A
// backslash takes the meaning from the character behind it.
func parseSubject(pattern string) ([]subjectPart, error) {
	bad := func(why string) ([]subjectPart, error) {
		return nil, mfaerr.NewPolicy("The policy %s cannot be read: %s.", actSubject, why)
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(pattern), "/")
	if !ok {
		return bad("it begins with no slash")
	}
	var out []subjectPart
	for rest != "" {
		name, value, ok := strings.Cut(rest, "=")
		if _, known := ca.AttributeOID(name); !ok || !known {
			return bad("there is no attribute " + name)
		}
		p := subjectPart{name: name}
		if rest, ok = p.read(value); !ok {
			return bad("a brace is not closed")
		}
		out = append(out, p)
	}
	return out, nil
}

// read takes a value up to the next slash.
func (p *subjectPart) read(value string) (rest string, ok bool) {
	var b strings.Builder
	inside := false
	cut := func() { p.pieces = append(p.pieces, b.String()); b.Reset() }
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && i+1 < len(value):
			i++
			b.WriteByte(value[i])
		case c == '{' && !inside, c == '}' && inside:
			cut()
			inside = !inside
		case c == '/' && !inside:
			cut()
			return value[i+1:], true
		default:
			b.WriteByte(c)
		}
	}
	cut()
	return "", !inside
}
