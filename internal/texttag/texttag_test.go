package texttag

import (
	"strings"
	"testing"
)

func TestFill(t *testing.T) {
	tags := map[string]string{"otp": "123456", "user": "{otp}", "empty": ""}
	for name, c := range map[string]struct{ text, want string }{
		"none":                {"nothing to do", "nothing to do"},
		"one":                 {"code {otp}!", "code 123456!"},
		"a value is no text":  {"{user}", "{otp}"},
		"empty":               {"[{empty}]", "[]"},
		"braces":              {"{{otp}} {otp}", "{otp} 123456"},
		"unknown":             {"p { color: red } {otp}", "p { color: red } 123456"},
		"attributes":          {"{otp.__class__} {otp!r} {otp[0]}", "{otp.__class__} {otp!r} {otp[0]}"},
		"layouts":             {"{otp!s}|{otp:>8}|{otp:<8}|{otp:^9}|{otp:.3}|{otp:*>8s}|{otp:ü^8.2}", "123456|  123456|123456  | 123456  |123|**123456|üüü12üüü"},
		"no layouts":          {"{otp:x}{otp:9999}{otp:.}{otp!z:3}", "{otp:x}{otp:9999}{otp:.}{otp!z:3}"},
		"open":                {"{otp", "{otp"},
		"only a closing one":  {"otp}", "otp}"},
		"nothing between":     {"{} {otp}", "{} 123456"},
		"unknown, then known": {"{a{otp}", "{a123456"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Fill(c.text, tags); got != c.want {
				t.Errorf("Fill(%q) = %q, want %q", c.text, got, c.want)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	tags := map[string]string{"serial": "S1", "user": "{serial} }", "empty": ""}
	for name, c := range map[string]struct{ text, want string }{
		"tags and braces":      {"{{serial}} {serial}{serial}, {serial!s}, {serial:>8}|{empty}", "{serial} S1S1, S1,       S1|"},
		"a value is no text":   {"{user}", "{serial} }"},
		"zeroes":               {"{serial:05}", "S1000"},
		"unknown":              {"{nonsense}", ""},
		"empty tag":            {"{}", ""},
		"by number":            {"{0}", ""},
		"open":                 {"half {", ""},
		"closing":              {"half }", ""},
		"open tag":             {"{serial", ""},
		"nested":               {"{serial:{user}}", ""},
		"attributes":           {"{serial.__class__}", ""},
		"items":                {"{serial[0]}", ""},
		"much too wide":        {"{serial:99999999999999999999}", ""},
		"conversion of no one": {"{serial!}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Format(c.text, tags)
			if got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("Format(%q) = %q, %v, want %q", c.text, got, err, c.want)
			}
		})
	}
}

func TestHTML(t *testing.T) {
	got := HTML(map[string]string{"givenname": `<b>"x" & 'y'</b>`})["givenname"]
	if want := "&lt;b&gt;&quot;x&quot; &amp; &#x27;y&#x27;&lt;/b&gt;"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOld(t *testing.T) {
	if got := Old("<otp> <b> <serial>", map[string]string{"otp": "<serial>", "serial": "S1"}); got != "<serial> <b> S1" {
		t.Errorf("got %q", got)
	}
}

func FuzzFormat(f *testing.F) {
	for _, text := range []string{"{otp} {{ }} {", "{otp!s}{otp:>8}{otp:ü^9.2s}", "{otp:0999}{}", "{otp:{otp}}"} {
		f.Add(text, "1}{otp}")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		tags := map[string]string{"otp": value}
		strict, err := Format(text, tags)
		if err != nil && strict != "" {
			t.Errorf("%q: %q with the error %v", text, strict, err)
		}
		if lenient := Fill(text, tags); err == nil && lenient != strict {
			t.Errorf("%q: %q strictly, %q leniently", text, strict, lenient)
		}
		if again, err := Format(strings.NewReplacer("{", "{{", "}", "}}").Replace(text), nil); err != nil || again != text {
			t.Errorf("%q with doubled braces: %q, %v", text, again, err)
		}
	})
}
