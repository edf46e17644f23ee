// Package clientip decides which address counts as the client of a request: the
// one that connects, or one that a trusted proxy names. Which proxies are
// trusted to name whom is the setting OverrideAuthorizationClient.
package clientip

import (
	"fmt"
	"net/netip"
	"strings"
)

// Mapping is a parsed setting: proxy paths separated by commas, each a chain
// "proxy > proxy > clients" of networks. A single network may name any IPv4
// client. The zero value trusts nobody. It is safe for concurrent use.
type Mapping struct {
	paths [][]netip.Prefix
}

// ParseMapping reads the setting. On an error the returned mapping trusts
// nobody, so that a wrong setting never lets a client choose its address.
func ParseMapping(setting string) (Mapping, error) {
	var m Mapping
	if strings.TrimSpace(setting) == "" {
		return m, nil
	}
	for path := range strings.SplitSeq(setting, ",") {
		var nets []netip.Prefix
		for part := range strings.SplitSeq(path, ">") {
			n, err := ParseNetwork(strings.TrimSpace(part))
			if err != nil {
				return Mapping{}, fmt.Errorf("proxy setting: %w", err)
			}
			nets = append(nets, n)
		}
		if len(nets) == 1 {
			nets = append(nets, netip.PrefixFrom(netip.IPv4Unspecified(), 0))
		}
		m.paths = append(m.paths, nets)
	}
	return m, nil
}

// Resolve returns the client's address. remote is the address that connected,
// forwarded the values of X-Forwarded-For joined by commas (the client first),
// parameter the request parameter "client" where the endpoint takes one; both
// may be "". The hops are followed only as far as a proxy path allows; a hop
// that is no address ends the way.
func (m Mapping) Resolve(remote netip.Addr, forwarded, parameter string) netip.Addr {
	if len(m.paths) == 0 {
		return remote
	}
	return m.pick(hops(remote, forwarded, parameter))
}

// Trusts reports whether the address is a proxy that connects to this server.
func (m Mapping) Trusts(remote netip.Addr) bool {
	for _, path := range m.paths {
		if path[0].Contains(remote.WithZone("")) {
			return true
		}
	}
	return false
}

// maxHops bounds the way a header can describe; paths in settings are shorter.
const maxHops = 32

// hops is the way back to the client: the address that connected, then the
// proxies from the nearest to the farthest.
func hops(remote netip.Addr, forwarded, parameter string) []netip.Addr {
	way := []netip.Addr{remote}
	names := strings.Split(forwarded, ",")
	if strings.TrimSpace(forwarded) == "" || len(names) == 1 && sameAddr(names[0], remote) {
		names = nil
	}
	for i := len(names) - 1; i >= 0 && len(way) < maxHops; i-- {
		if strings.TrimSpace(names[i]) == "" {
			continue
		}
		a, err := netip.ParseAddr(strings.TrimSpace(names[i]))
		if err != nil {
			return way
		}
		way = append(way, a)
	}
	if parameter != "" {
		if a, err := netip.ParseAddr(strings.TrimSpace(parameter)); err == nil {
			way = append(way, a)
		}
	}
	return way
}

func sameAddr(s string, a netip.Addr) bool {
	got, err := netip.ParseAddr(strings.TrimSpace(s))
	return err == nil && got == a
}

// pick returns the deepest hop that a proxy path reaches with all its networks.
func (m Mapping) pick(way []netip.Addr) netip.Addr {
	deepest := 0
	for _, path := range m.paths {
		if len(path) > len(way) || len(path)-1 <= deepest {
			continue
		}
		fits := true
		for i, network := range path {
			if !network.Contains(way[i].WithZone("")) {
				fits = false
				break
			}
		}
		if fits {
			deepest = len(path) - 1
		}
	}
	return way[deepest]
}
