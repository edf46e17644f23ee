package randtext

import (
	"io"
	"strings"

	"edumfa/internal/mfaerr"
)

// Contents is a rule for the characters of a PIN or password.
type Contents struct {
	allowed  string
	required []string // at least one character of each
}

// ParseContents reads a content rule. c, n and s stand for ASCII letters,
// digits and punctuation:
//
//	cn      one of each class is required
//	+cn     at least one character out of the classes together is required
//	-s      the classes must not occur
//	[abc]   only these characters may occur
//
// Outside of brackets nothing but ASCII letters, digits and punctuation is ever
// allowed. Errors: a policy error for everything else.
func ParseContents(rule string) (Contents, error) {
	if inner, ok := strings.CutPrefix(rule, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			return Contents{allowed: inner}, nil
		}
	}
	letters := strings.TrimLeft(rule, "+-")
	if letters == "" || strings.Trim(letters, "cns") != "" {
		return Contents{}, mfaerr.NewPolicy("Unknown character specifier in PIN policy.")
	}
	all := Contents{allowed: Letters + Digits + Punctuation}
	switch rule[0] {
	case '+':
		var union strings.Builder
		for _, c := range letters {
			union.WriteString(class(c))
		}
		all.required = []string{union.String()}
	case '-':
		all.allowed = ""
		for _, c := range "cns" {
			if !strings.ContainsRune(letters, c) {
				all.allowed += class(c)
			}
		}
	default:
		for _, c := range letters {
			all.required = append(all.required, class(c))
		}
	}
	return all, nil
}

func class(letter rune) string {
	switch letter {
	case 'c':
		return Letters
	case 'n':
		return Digits
	}
	return Punctuation
}

// Check reports whether a text obeys the rule. The error is a policy error in
// the words that clients show.
func (c Contents) Check(text string) error {
	var faults []string
	for _, r := range text {
		if !strings.ContainsRune(c.allowed, r) {
			faults = append(faults, "Not allowed character in PIN!")
			break
		}
	}
	for _, class := range c.required {
		if !strings.ContainsAny(text, class) {
			faults = append(faults, "Missing character in PIN: "+class)
		}
	}
	if faults == nil {
		return nil
	}
	// The texts hold percent signs: they are no format.
	return mfaerr.NewPolicy("%s", strings.Join(faults, ","))
}

// Generate makes a text of length characters that obeys the rule. It is longer
// when the rule requires more characters than that.
func (c Contents) Generate(random io.Reader, length int) (string, error) {
	if c.allowed == "" {
		return "", mfaerr.NewPolicy("The rule for the contents of a PIN allows no character.")
	}
	if length < 1 || length > maxLength {
		return "", mfaerr.NewPolicy("A PIN of %d characters cannot be generated.", length)
	}
	var chars []rune
	for _, class := range c.required {
		one, err := Of(random, 1, class)
		if err != nil {
			return "", err
		}
		chars = append(chars, []rune(one)...)
	}
	rest, err := Of(random, max(length-len(chars), 0), c.allowed)
	if err != nil {
		return "", err
	}
	chars = append(chars, []rune(rest)...)
	if err := shuffle(random, chars); err != nil {
		return "", err
	}
	return string(chars), nil
}

// Password makes a text of length characters by a content rule; an empty rule
// means letters and digits in any mixture.
func Password(random io.Reader, length int, rule string) (string, error) {
	if rule == "" {
		return Contents{allowed: Letters + Digits}.Generate(random, length)
	}
	c, err := ParseContents(rule)
	if err != nil {
		return "", err
	}
	return c.Generate(random, length)
}
