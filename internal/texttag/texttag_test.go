package texttag

import "testing"

func TestFill(t *testing.T) {
	tags := map[string]string{"otp": "123456", "user": "{otp}", "empty": ""}
	for name, c := range map[string]struct{ text, want string }{
		"none":                {"nothing to do", "nothing to do"},
		"one":                 {"code {otp}!", "code 123456!"},
		"a value is no text":  {"{user}", "{otp}"},
		"empty":               {"[{empty}]", "[]"},
		"braces":              {"{{otp}} {otp}", "{otp} 123456"},
		"unknown":             {"p { color: red } {otp}", "p { color: red } 123456"},
		"attributes":          {"{otp.__class__} {otp!r} {otp:>9}", "{otp.__class__} {otp!r} {otp:>9}"},
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

func TestHTML(t *testing.T) {
	got := HTML(map[string]string{"givenname": `<b>"x" & 'y'</b>`})["givenname"]
	if want := "&lt;b&gt;&#34;x&#34; &amp; &#39;y&#39;&lt;/b&gt;"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOld(t *testing.T) {
	if got := Old("<otp> <b> <serial>", map[string]string{"otp": "<serial>", "serial": "S1"}); got != "<serial> <b> S1" {
		t.Errorf("got %q", got)
	}
}

func FuzzFill(f *testing.F) {
	f.Add("{otp} {{ }} {")
	f.Fuzz(func(_ *testing.T, text string) { Fill(text, map[string]string{"otp": "1"}) })
}
