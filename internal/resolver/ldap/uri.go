package ldap

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// maxServers bounds one LDAPURI.
const maxServers = 100

// server is one address of LDAPURI.
type server struct {
	host string // name or address, without brackets
	port int
	tls  bool // LDAPS
}

// String is the address as an LDAPURI.
func (s server) String() string {
	scheme := "ldap://"
	if s.tls {
		scheme = "ldaps://"
	}
	return scheme + s.address()
}

func (s server) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// parseURIs reads a comma separated list of ldap://host[:port],
// ldaps://host[:port] and host[:port], each with an optional final slash. The
// default ports are 389 and 636. IPv6 addresses stand in brackets when a port or
// scheme is given. A DN, scope or filter in the URI (RFC 4516) is refused: they
// have their own options.
func parseURIs(list string) ([]server, error) {
	parts := commaList(list)
	switch {
	case len(parts) == 0:
		return nil, errors.New("no server")
	case len(parts) > maxServers:
		return nil, fmt.Errorf("more than %d servers", maxServers)
	}
	servers := make([]server, len(parts))
	for i, p := range parts {
		s, err := parseURI(p)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", p, err)
		}
		servers[i] = s
	}
	return servers, nil
}

func parseURI(uri string) (server, error) {
	s := server{port: 389}
	rest := uri
	if scheme, after, ok := strings.Cut(uri, "://"); ok {
		rest = after
		switch strings.ToLower(scheme) {
		case "ldap":
		case "ldaps":
			s.tls, s.port = true, 636
		default:
			return server{}, errors.New("the scheme is neither ldap nor ldaps")
		}
	}
	host, port, err := splitHostPort(strings.TrimSuffix(rest, "/"))
	if err != nil {
		return server{}, err
	}
	if s.host = host; s.host == "" || strings.ContainsAny(s.host, "/?#@[]% \t\r\n\x00") {
		return server{}, errors.New("that is no host name")
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return server{}, errors.New("that is no port")
		}
		s.port = int(n)
	}
	return s, nil
}

func splitHostPort(s string) (host, port string, err error) {
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", "", errors.New("] is missing")
		}
		host, after := s[1:end], s[end+1:]
		if net.ParseIP(host) == nil {
			return "", "", errors.New("there is no IP address in the brackets")
		}
		port, ok := strings.CutPrefix(after, ":")
		if after != "" && (!ok || port == "") {
			return "", "", errors.New("only a port may follow ]")
		}
		return host, port, nil
	}
	switch strings.Count(s, ":") {
	case 0:
		return s, "", nil
	case 1:
		host, port, _ = strings.Cut(s, ":")
		if port == "" {
			return "", "", errors.New("the port is missing")
		}
		return host, port, nil
	}
	if net.ParseIP(s) == nil {
		return "", "", errors.New("an IPv6 address with a port needs brackets")
	}
	return s, "", nil
}
