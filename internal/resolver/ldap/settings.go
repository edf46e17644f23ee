package ldap

import (
	"crypto/tls"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"edumfa/internal/field"
	"edumfa/internal/secret"
)

// Values of AUTHTYPE.
const (
	authSimple    = "Simple"
	authDigestMD5 = "SASL Digest-MD5"
	authNTLM      = "NTLM"
	authKerberos  = "SASL Kerberos"
)

// Values of SERVERPOOL_STRATEGY; any other means strategyRoundRobin.
const (
	strategyRoundRobin = "ROUND_ROBIN"
	strategyFirst      = "FIRST"
	strategyRandom     = "RANDOM"
)

// fieldPassword is the field whose attribute is written and never read, under
// whatever other name it is mapped too: a directory that hands out password
// hashes must not make them user data.
const fieldPassword = "password"

// attrPassword is where most directories keep the hash (RFC 4519 §2.41).
const attrPassword = "userPassword"

// settings are the options of one instance, checked.
type settings struct {
	servers  []server
	strategy string
	rounds   int
	skip     time.Duration // how long a failing server is left out
	timeout  time.Duration // for one question to one server

	startTLS   bool
	tlsVerify  bool
	tlsVersion uint16 // 0: at least TLS 1.3
	tlsCAFile  string // absolute; "": the default places

	authType string
	bindDN   string
	bindPW   secret.String

	base       string
	scope      int
	filter     string // without a bracket around: (a=1)(b=2)
	loginAttrs []string
	uidType    string
	uidKind    uidKind
	userInfo   map[string]string // field to attribute for reading
	writeMap   map[string]string // field to attribute for writing
	multi      map[string]bool   // fields that keep all values

	cacheTime time.Duration
	sizeLimit int

	editable      bool
	objectClasses []string
	dnTemplate    string
}

// uidKind says how UIDTYPE is read from entries and asked for.
type uidKind int

const (
	uidAttribute uidKind = iota
	uidDN
	uidGUID // objectGUID: 16 bytes, the first three groups little-endian
)

// parse checks the options. dir is where relative file names start. The error
// names the option.
func parse(v field.Values, dir string) (*settings, error) {
	s := &settings{
		startTLS: v.Bool("START_TLS", false), tlsVerify: v.Bool("TLS_VERIFY", false),
		authType: v.String("AUTHTYPE", authSimple),
		bindDN:   v["BINDDN"], bindPW: v.Secret("BINDPW"),
		base: v["LDAPBASE"], strategy: v.String("SERVERPOOL_STRATEGY", strategyRoundRobin),
		uidType:  strings.TrimSpace(v.String("UIDTYPE", "DN")),
		editable: v.Bool("EDITABLE", false), objectClasses: commaList(v["OBJECT_CLASSES"]),
		dnTemplate: v["DN_TEMPLATE"],
	}
	var err error
	if s.servers, err = parseURIs(v["LDAPURI"]); err != nil {
		return nil, fmt.Errorf("option LDAPURI: %w", err)
	}
	return s, errors.Join(s.parseNumbers(v), s.parseTLS(v, dir), s.parseBind(), s.parseUsers(v))
}

func (s *settings) parseNumbers(v field.Values) error {
	var errs []error
	number := func(name string, def, least int) int {
		n, err := v.Int(name, def)
		errs = append(errs, err)
		if n < least {
			return def
		}
		return min(n, 1_000_000)
	}
	s.timeout = time.Duration(number("TIMEOUT", 5, 1)) * time.Second
	s.cacheTime = time.Duration(number("CACHE_TIMEOUT", 120, 0)) * time.Second
	s.sizeLimit = number("SIZELIMIT", 500, 0)
	s.rounds = min(number("SERVERPOOL_ROUNDS", 2, 1), 100)
	s.skip = time.Duration(number("SERVERPOOL_SKIP", 30, 0)) * time.Second
	return errors.Join(errs...)
}

func (s *settings) parseTLS(v field.Values, dir string) error {
	if f := v["TLS_CA_FILE"]; f != "" {
		if !filepath.IsAbs(f) {
			f = filepath.Join(dir, f)
		}
		s.tlsCAFile = f
	}
	n, err := v.Int("TLS_VERSION", 2)
	if err != nil {
		return err
	}
	switch n {
	case 0, 2:
	case 3:
		s.tlsVersion = tls.VersionTLS10
	case 4:
		s.tlsVersion = tls.VersionTLS11
	case 5:
		s.tlsVersion = tls.VersionTLS12
	default:
		return errors.New("option TLS_VERSION: none of 2, 3, 4, 5")
	}
	return nil
}

func (s *settings) parseBind() error {
	switch s.authType {
	case authSimple, authDigestMD5, authNTLM:
		// RFC 4513 §5.1.2: a name without a password is no proof of anything.
		if s.bindDN != "" && s.bindPW.Empty() {
			return errors.New("option BINDPW: missing for BINDDN")
		}
	case authKerberos:
	default:
		return fmt.Errorf("option AUTHTYPE: %q is not known", s.authType)
	}
	return nil
}

func (s *settings) parseUsers(v field.Values) error {
	switch strings.ToUpper(strings.TrimSpace(v["SCOPE"])) {
	case "", "SUBTREE":
		s.scope = scopeSubtree
	case "LEVEL":
		s.scope = scopeLevel
	case "BASE":
		s.scope = scopeBase
	default:
		return fmt.Errorf("option SCOPE: %q is none of BASE, LEVEL, SUBTREE", v["SCOPE"])
	}
	var err error
	if s.filter, err = checkFilter(v["LDAPSEARCHFILTER"]); err != nil {
		return fmt.Errorf("option LDAPSEARCHFILTER: %w", err)
	}
	if s.loginAttrs = commaList(v["LOGINNAMEATTRIBUTE"]); len(s.loginAttrs) == 0 {
		return errors.New("option LOGINNAMEATTRIBUTE is missing")
	}
	for _, a := range s.loginAttrs {
		if !attributeName(a) {
			return fmt.Errorf("option LOGINNAMEATTRIBUTE: %q is no attribute name", a)
		}
	}
	switch {
	case strings.EqualFold(s.uidType, "DN"):
		s.uidKind = uidDN
	case strings.EqualFold(s.uidType, "objectGUID"):
		s.uidKind = uidGUID
	case !attributeName(s.uidType):
		return fmt.Errorf("option UIDTYPE: %q is no attribute name", s.uidType)
	}
	return s.parseMaps(v)
}

func (s *settings) parseMaps(v field.Values) error {
	m, err := parseMap(v.String("USERINFO", "{}"))
	if err != nil {
		return fmt.Errorf("option USERINFO: %w", err)
	}
	s.userInfo, s.writeMap = map[string]string{}, map[string]string{}
	for k, a := range m {
		switch {
		case a == "":
			continue
		case !attributeName(a):
			return fmt.Errorf("option USERINFO: %q is no attribute name", a)
		}
		s.writeMap[k] = a
		if k != fieldPassword && !strings.EqualFold(a, attrPassword) && !strings.EqualFold(a, m[fieldPassword]) {
			s.userInfo[k] = a
		}
	}
	s.userInfo["username"] = s.loginAttrs[0]
	if s.writeMap["username"] == "" {
		s.writeMap["username"] = s.loginAttrs[0]
	}
	list, err := parseList(v.String("MULTIVALUEATTRIBUTES", `["mobile"]`))
	if err != nil {
		return fmt.Errorf("option MULTIVALUEATTRIBUTES: %w", err)
	}
	s.multi = map[string]bool{}
	for _, k := range list {
		s.multi[k] = true
	}
	return nil
}

// commaList splits at commas; blanks around and empty parts are left out.
func commaList(s string) []string {
	var l []string
	for p := range strings.SplitSeq(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			l = append(l, p)
		}
	}
	return l
}
