package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/pyliteral"
	"edumfa/internal/secret"
)

// input is the value of a key on its way into a [Config].
type input struct {
	value any    // of pyliteral; never nil, None leaves the default
	base  string // folder against which relative paths are resolved
	warn  func(format string, args ...any)
}

// decoder puts a value into a Config.
type decoder func(c *Config, in input) error

func wrongType(in input, want string) error {
	return fmt.Errorf("must be %s, not %s", want, describe(in.value))
}

func text(field func(*Config) *string) decoder {
	return func(c *Config, in input) error {
		s, ok := in.value.(string)
		if !ok {
			return wrongType(in, "a text")
		}
		*field(c) = s
		return nil
	}
}

// oneOf accepts the values that end in one of the names, the part before the
// last dot left out: Python modules of the reference server.
func oneOf(field func(*Config) *string, prefix string, names ...string) decoder {
	return func(c *Config, in input) error {
		s, ok := in.value.(string)
		if !ok {
			return wrongType(in, "a text")
		}
		name := strings.TrimPrefix(s, prefix)
		if !slices.Contains(names, name) {
			return fmt.Errorf("'%s' is not available: Python modules cannot be loaded; known are %s%s", s, prefix, strings.Join(names, ", "+prefix))
		}
		*field(c) = name
		return nil
	}
}

func secretText(field func(*Config) *secret.String) decoder {
	return func(c *Config, in input) error {
		switch v := in.value.(type) {
		case string:
			*field(c) = secret.New(v)
		case []byte:
			*field(c) = secret.New(string(v))
		default:
			return wrongType(in, "a text")
		}
		return nil
	}
}

func filePath(field func(*Config) *string) decoder {
	return func(c *Config, in input) error {
		s, ok := in.value.(string)
		if !ok {
			return wrongType(in, "a path")
		}
		*field(c) = resolvePath(in, s)
		return nil
	}
}

func resolvePath(in input, p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(in.base, p)
}

// databaseURI also resolves the relative path of a SQLite database.
func databaseURI(field func(*Config) *secret.String) decoder {
	return func(c *Config, in input) error {
		uri, ok := in.value.(string)
		if !ok {
			return wrongType(in, "a text")
		}
		if uri != "" && !strings.Contains(uri, "://") {
			return fmt.Errorf("is no database URL: '://' is missing")
		}
		*field(c) = secret.New(resolveSQLite(in, uri))
		return nil
	}
}

func resolveSQLite(in input, uri string) string {
	scheme, rest, _ := strings.Cut(uri, ":///")
	if scheme != "sqlite" && !strings.HasPrefix(scheme, "sqlite+") {
		return uri
	}
	file, query, hasQuery := strings.Cut(rest, "?")
	if file == "" || file == ":memory:" || strings.HasPrefix(file, "file:") || filepath.IsAbs(file) {
		return uri
	}
	uri = scheme + ":///" + filepath.Join(in.base, file)
	if hasQuery {
		uri += "?" + query
	}
	return uri
}

func onOff(field func(*Config) *bool) decoder {
	return func(c *Config, in input) error {
		b, err := boolean(in)
		if err == nil {
			*field(c) = b
		}
		return err
	}
}

// boolean reads a switch. Texts that look like "no" are refused, because Python
// takes every text that is not empty as true.
func boolean(in input) (bool, error) {
	s, isText := in.value.(string)
	if !isText {
		return truth(in.value), nil
	}
	switch strings.ToLower(s) {
	case "", "no", "off", "false", "0":
		if s == "" {
			return false, nil
		}
		return false, fmt.Errorf("the text '%s' counts as true in Python: write False without quotes", s)
	case "1", "true", "yes", "on":
		return true, nil
	}
	return false, wrongType(in, "True or False")
}

func integer(field func(*Config) *int) decoder {
	return func(c *Config, in input) error {
		n, ok := whole(in.value)
		if !ok {
			return wrongType(in, "an integer")
		}
		*field(c) = n
		return nil
	}
}

// whole reads an integer, also as a text.
func whole(v any) (int, bool) {
	switch v := v.(type) {
	case int64:
		return int(v), int64(int32(v)) == v
	case float64:
		return int(v), float64(int32(v)) == v
	case string:
		n, err := strconv.Atoi(strings.TrimSpace(v))
		return n, err == nil && int(int32(n)) == n
	}
	return 0, false
}

// logLevel reads a number or the name of a level.
func logLevel(c *Config, in input) error {
	if s, ok := in.value.(string); ok {
		if level, ok := known(symbol("logging." + strings.ToUpper(strings.TrimSpace(s)))).(int64); ok {
			c.LogLevel = int(level)
			return nil
		}
	}
	return integer(func(c *Config) *int { return &c.LogLevel })(c, in)
}

// seconds reads a duration of whole or broken seconds.
func seconds(field func(*Config) *time.Duration) decoder {
	return func(c *Config, in input) error {
		v := in.value
		if s, ok := v.(string); ok {
			if f, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil {
				v = f
			}
		}
		var f float64
		switch v := v.(type) {
		case int64:
			f = float64(v)
		case float64:
			f = v
		default:
			return wrongType(in, "a number of seconds")
		}
		if !(f >= 0 && f <= 1e9) {
			return fmt.Errorf("must be between 0 and 1000000000 seconds")
		}
		*field(c) = time.Duration(f * float64(time.Second))
		return nil
	}
}

// texts reads a list of texts.
func texts(in input) ([]string, error) {
	all, ok := elementsOf(in.value)
	if !ok {
		return nil, wrongType(in, "a list")
	}
	list, ok := textsOf(all)
	if !ok {
		return nil, fmt.Errorf("must be a list of texts")
	}
	return list, nil
}

func list(field func(*Config) *[]string) decoder {
	return func(c *Config, in input) error {
		all, err := texts(in)
		if err == nil {
			*field(c) = all
		}
		return err
	}
}

func superuserRealms(c *Config, in input) error {
	all, err := texts(in)
	if err != nil {
		return err
	}
	c.SuperuserRealms = nil
	for _, realm := range all {
		c.SuperuserRealms = append(c.SuperuserRealms, strings.ToLower(realm))
	}
	return nil
}

func hashSchemes(c *Config, in input) error {
	if s, ok := in.value.(string); ok {
		in.value = splitList(s)
	}
	all, err := texts(in)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("must name at least one scheme")
	}
	c.HashSchemes = all
	return nil
}

// numbers reads a dict of integers.
func numbers(in input, into map[string]int) error {
	d, ok := in.value.(*pyliteral.Dict)
	if !ok {
		return wrongType(in, "a dict")
	}
	for k, v := range d.All() {
		name, isText := k.(string)
		n, isNumber := whole(v)
		if !isText || !isNumber {
			return fmt.Errorf("the entry %s must be an integer", pyliteral.Repr(k))
		}
		into[name] = n
	}
	return nil
}

func hashQueue(c *Config, in input) error {
	given := map[string]int{}
	if err := numbers(in, given); err != nil {
		return err
	}
	for name, n := range given {
		switch {
		case name == "parallel" && n >= 0:
			c.HashQueue.Parallel = n
		case name == "waiting" && n >= 0:
			c.HashQueue.Waiting = n
		default:
			return fmt.Errorf("the entry '%s' is not known or negative; known are parallel, waiting", name)
		}
	}
	return nil
}

// engineOptions reads the options of a connection pool. Options that only mean
// something to SQLAlchemy are left out with a warning.
func engineOptions(field func(*Config) *EngineOptions) decoder {
	return func(c *Config, in input) error {
		d, ok := in.value.(*pyliteral.Dict)
		if !ok {
			return wrongType(in, "a dict")
		}
		o := field(c)
		for k, v := range d.All() {
			n, isNumber := whole(v)
			switch name := pyliteral.Str(k); {
			case name == "pool_pre_ping":
				o.PoolPrePing = truth(v)
			case name == "pool_size" && isNumber:
				o.PoolSize = n
			case name == "max_overflow" && isNumber:
				o.MaxOverflow = n
			case name == "pool_recycle" && isNumber:
				o.PoolRecycle = time.Duration(max(n, 0)) * time.Second
			case name == "pool_timeout" && isNumber:
				o.PoolTimeout = time.Duration(max(n, 0)) * time.Second
			case name == "isolation_level" && isolation(pyliteral.Str(v)):
				o.Isolation = pyliteral.Str(v)
			default:
				in.warn("the option '%s' is left out: it belongs to SQLAlchemy", name)
			}
		}
		return nil
	}
}

// isolation reports whether transactions can be run in that way.
func isolation(name string) bool {
	return name == "READ COMMITTED" || name == "REPEATABLE READ" || name == "SERIALIZABLE"
}

func splitList(s string) pyliteral.List {
	all := pyliteral.List{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// hsmModule accepts the three classes of the reference server.
func hsmModule(c *Config, in input) error {
	const prefix = "edumfa.lib.security."
	s, ok := in.value.(string)
	if !ok {
		return wrongType(in, "a text")
	}
	switch strings.TrimPrefix(s, prefix) {
	case "default.DefaultSecurityModule":
		c.HSM.Module = "default"
	case "aeshsm.AESHardwareSecurityModule":
		c.HSM.Module = "aeshsm"
	case "encryptkey.EncryptKeyHardwareSecurityModule":
		c.HSM.Module = "encryptkey"
	default:
		return fmt.Errorf("'%s' is not available: Python classes cannot be loaded; known are the classes of %sdefault, aeshsm and encryptkey", s, prefix)
	}
	return nil
}

// tokenModules accepts modules that are built in, and refuses others.
func tokenModules(_ *Config, in input) error {
	if s, ok := in.value.(string); ok {
		in.value = splitList(s)
	}
	all, err := texts(in)
	if err != nil {
		return err
	}
	for _, module := range all {
		if !strings.HasPrefix(module, "edumfa.lib.tokens.") {
			return fmt.Errorf("'%s': token types in Python modules cannot be loaded", module)
		}
	}
	return nil
}

// refused accepts only values that ask for nothing.
func refused(reason string) decoder {
	return func(_ *Config, in input) error {
		if !truth(in.value) {
			return nil
		}
		return fmt.Errorf("%s", reason)
	}
}

// trustedAlgorithms are the signature algorithms of trusted tokens.
func trustedAlgorithms() []string {
	return []string{"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
}

func trustedJWT(c *Config, in input) error {
	all, ok := elementsOf(in.value)
	if !ok {
		return wrongType(in, "a list of dicts")
	}
	c.TrustedJWT = nil
	for i, e := range all {
		d, ok := e.(*pyliteral.Dict)
		if !ok {
			return fmt.Errorf("element %d must be a dict, not %s", i+1, describe(e))
		}
		t, err := trustedEntry(d, in)
		if err != nil {
			return fmt.Errorf("element %d: %w", i+1, err)
		}
		if !slices.Contains(trustedAlgorithms(), t.Algorithm) {
			in.warn("element %d is left out: the algorithm '%s' is not one of %s", i+1, t.Algorithm, strings.Join(trustedAlgorithms(), ", "))
			continue
		}
		c.TrustedJWT = append(c.TrustedJWT, t)
	}
	return nil
}

func trustedEntry(d *pyliteral.Dict, in input) (TrustedJWT, error) {
	var t TrustedJWT
	fields := map[string]*string{
		"public_key": &t.PublicKey, "algorithm": &t.Algorithm, "role": &t.Role, "realm": &t.Realm,
		"username": &t.Username, "resolver": &t.Resolver, "claim": &t.Claim,
	}
	for k, v := range d.All() {
		name := pyliteral.Str(k)
		field, known := fields[name]
		switch {
		case name == "static_data":
			t.StaticData = true // its presence counts, whatever the value
		case name == "aud":
			audience := v
			if s, ok := v.(string); ok {
				audience = pyliteral.List{s}
			}
			all, ok := elementsOf(audience)
			list, areTexts := textsOf(all)
			if !ok || !areTexts {
				return t, fmt.Errorf("'aud' must be a text or a list of texts")
			}
			t.Audience = list
		case !known:
			in.warn("the entry '%s' is not known", name)
		case v != nil:
			s, ok := v.(string)
			if !ok {
				return t, fmt.Errorf("'%s' must be a text, not %s", name, describe(v))
			}
			*field = s
		}
	}
	for _, name := range []string{"public_key", "algorithm", "username"} {
		if *fields[name] == "" {
			return t, fmt.Errorf("'%s' is missing", name)
		}
	}
	return t, nil
}
