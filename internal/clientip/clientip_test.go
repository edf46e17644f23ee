package clientip

import (
	"encoding/json"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestResolve_Vectors(t *testing.T) {
	data, err := os.ReadFile("testdata/mapping.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Way     []string `json:"path_to_client"`
		Setting string
		Result  string
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		m, err := ParseMapping(v.Setting)
		if (err != nil) != (v.Setting == "bad") {
			t.Errorf("%s: %v", v.Setting, err)
		}
		forwarded := slices.Clone(v.Way[1:])
		slices.Reverse(forwarded)
		got := m.Resolve(netip.MustParseAddr(v.Way[0]), strings.Join(forwarded, ", "), "")
		if got.String() != v.Result {
			t.Errorf("%s over %v: got %s, want %s", v.Setting, v.Way, got, v.Result)
		}
	}
}

func TestResolve(t *testing.T) {
	for name, c := range map[string]struct{ setting, forwarded, parameter, want string }{
		"nobody is trusted":              {"", "10.7.1.1", "10.7.7.7", "127.0.0.1"},
		"the parameter without a header": {"127.0.0.1", "", "10.7.7.7", "10.7.7.7"},
		"the parameter behind a header":  {"127.0.0.1", "10.7.1.1", "10.7.7.7", "10.7.1.1"},
		"the header names the proxy":     {"127.0.0.1", "127.0.0.1", "10.7.7.7", "10.7.7.7"},
		"two allowed hops":               {"127.0.0.1 > 10.8.0.0/16 > 10.7.0.0/16", "10.7.1.1, 10.8.1.1", "", "10.7.1.1"},
		"a stranger between":             {"127.0.0.1 > 10.8.0.0/16 > 10.7.0.0/16", "10.7.1.1, 10.9.1.1", "", "127.0.0.1"},
		"the deeper of two paths":        {"127.0.0.1>10.8.0.0/16>10.7.0.0/16,127.0.0.1", "10.7.1.1, 10.8.1.1", "", "10.7.1.1"},
		"a hop that is no address":       {"127.0.0.1", "10.7.1.1, unknown", "", "127.0.0.1"},
		"a client that is no address":    {"127.0.0.1", "", "nowhere", "127.0.0.1"},
		"one bad path spoils all":        {"127.0.0.1, nonsense", "10.7.1.1", "", "127.0.0.1"},
		"IPv6 is not any IPv4":           {"127.0.0.1", "2001:db8::1", "", "127.0.0.1"},
		"IPv6 by name":                   {"127.0.0.1>2001:db8::/32", "2001:db8::1", "", "2001:db8::1"},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := ParseMapping(c.setting)
			if got := m.Resolve(netip.MustParseAddr("127.0.0.1"), c.forwarded, c.parameter); got.String() != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestParseNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.1": "10.0.0.1/32", "10.1.2.3/8": "10.0.0.0/8", "10.1.2.3/255.255.0.0": "10.1.0.0/16",
		"10.1.2.3/0.0.0.255": "10.1.2.0/24", "::1": "::1/128", "fe80::/10": "fe80::/10", "10.0.0.0/0.0.0.0": "0.0.0.0/0",
		"10.1": "", "10.0.0.0/33": "", "host.example": "", "": "", "10.0.0.1-10.0.0.9": "", "10.0.0.0/255.0.255.0": "",
		"fe80::1%eth0": "", "10.0.0.1/": "", "::/255.0.0.0": "",
	} {
		got, err := ParseNetwork(in)
		if want == "" {
			if err == nil {
				t.Errorf("%q: got %s", in, got)
			}
		} else if err != nil || got.String() != want {
			t.Errorf("%q: got %s, %v", in, got, err)
		}
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("127.0.0.1 > 10.8.0.0/16 > 10.7.0.0/16, 10.0.0.1", "10.7.1.1, 10.8.1.1", "1.2.3.4")
	f.Add("bad", "x,,y", "::1")
	f.Add("10.0.0.0/255.0.0.0", "", "")
	remote := netip.MustParseAddr("10.0.0.1")
	f.Fuzz(func(t *testing.T, setting, forwarded, parameter string) {
		m, err := ParseMapping(setting)
		got := m.Resolve(remote, forwarded, parameter)
		if !got.IsValid() || err != nil && got != remote {
			t.Errorf("%q %q %q: got %s, %v", setting, forwarded, parameter, got, err)
		}
	})
}

func TestTrusts(t *testing.T) {
	m, err := ParseMapping("10.0.0.1, 10.1.0.0/16 > 192.0.2.0/24")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"10.0.0.1": true, "10.1.2.3": true, "192.0.2.7": false, "::1": false} {
		if m.Trusts(netip.MustParseAddr(text)) != want {
			t.Errorf("%s: want %v", text, want)
		}
	}
	if (Mapping{}).Trusts(netip.MustParseAddr("10.0.0.1")) {
		t.Error("without a setting nobody is trusted")
	}
}
