package clientip

import (
	"fmt"
	"math/bits"
	"net/netip"
	"strings"
)

// ParseNetwork reads an address, or a network as address/length,
// address/netmask or address/hostmask; bits of the address behind the length
// may be set. The result is masked.
func ParseNetwork(s string) (netip.Prefix, error) {
	host, mask, ok := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("invalid network %q", s)
	}
	if !ok {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	length, ok := maskLength(mask)
	if !ok || !addr.Is4() {
		return netip.Prefix{}, fmt.Errorf("invalid network %q", s)
	}
	return netip.PrefixFrom(addr, length).Masked(), nil
}

// maskLength reads 255.255.0.0 or 0.0.255.255.
func maskLength(s string) (int, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return 0, false
	}
	b := a.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	if ones := bits.LeadingZeros32(^v); v<<ones == 0 {
		return ones, true
	}
	if zeros := bits.LeadingZeros32(v); v == 1<<(32-zeros)-1 {
		return zeros, true
	}
	return 0, false
}
