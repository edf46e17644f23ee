package certificate

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edumfa/internal/ca"
	"edumfa/internal/mfaerr"
	"edumfa/internal/tokentype/typetest"
)

// maker is one certificate of a maker's chain, with its key.
type maker struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// below makes a certificate below another one; change may alter it.
func (m *maker) below(t testing.TB, cn string, change func(*x509.Certificate)) *maker {
	t.Helper()
	key := ecKey(t)
	c := &x509.Certificate{RawSubject: name(t, "O", "Key Maker", "CN", cn), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	if change != nil {
		change(c)
	}
	if m == nil {
		return &maker{issue(t, nil, key, c, key.Public()), key}
	}
	return &maker{issue(t, m.cert, m.key, c, key.Public()), key}
}

func (m *maker) attest(t testing.TB, key crypto.PublicKey, extensions ...pkix.Extension) *x509.Certificate {
	t.Helper()
	return issue(t, m.cert, m.key, &x509.Certificate{RawSubject: name(t, "CN", "YubiKey PIV Attestation 9a"), ExtraExtensions: extensions}, key)
}

func yubicoExtension(t testing.TB, last int, value []byte) pkix.Extension {
	t.Helper()
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 41482, 3, last}, Value: value}
}

func derInt(t testing.TB, n int) []byte {
	t.Helper()
	b, err := asn1.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The path to a trusted certificate is verified by the rules of RFC 5280, with RSA
// and elliptic curves alike.
func TestAttested(t *testing.T) {
	var none *maker
	root := none.below(t, "Root", nil)
	batch := root.below(t, "Batch 3", nil)
	sub := batch.below(t, "Sub", nil)
	other := root.below(t, "Batch 4", nil)
	forged := none.below(t, "Batch 3", nil)
	expired := root.below(t, "Expired", func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = theTime.AddDate(-2, 0, 0), theTime.AddDate(-1, 0, 0)
	})
	future := root.below(t, "Future", func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = theTime.AddDate(1, 0, 0), theTime.AddDate(2, 0, 0)
	})
	noCA := root.below(t, "No CA", func(c *x509.Certificate) { c.IsCA = false })
	noSign := root.below(t, "No signing", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })
	short := root.below(t, "Short", func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 0, true })
	tooLong := short.below(t, "Too long", nil)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	overRSA := &maker{issue(t, nil, rsaKey, &x509.Certificate{RawSubject: name(t, "CN", "RSA"), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, rsaKey.Public()), rsaKey}
	key := ecKey(t)
	for _, c := range []struct {
		name string
		file []*maker
		by   *maker
		more []*maker // sent with the attestation
		want bool
	}{
		{"a root alone", []*maker{root}, root, nil, true},
		{"an RSA root, an EC key", []*maker{overRSA}, overRSA, nil, true},
		{"root and batch", []*maker{root, batch}, batch, nil, true},
		{"three", []*maker{root, batch, sub}, sub, nil, true},
		{"only the last of a chain: it is trusted", []*maker{batch}, batch, nil, true},
		{"a tree", []*maker{root, batch, other, sub}, sub, nil, true},
		{"another branch of the tree", []*maker{root, batch, other, sub}, other, nil, true},
		{"the link is missing", []*maker{root}, batch, nil, false},
		{"the link is sent along", []*maker{root}, batch, []*maker{batch}, true},
		{"a wrong link is sent along", []*maker{root}, batch, []*maker{other}, false},
		{"by the root, although the file has a batch", []*maker{root, batch}, root, nil, false},
		{"by the middle, although the file goes on", []*maker{root, batch, sub}, batch, nil, false},
		{"the wrong order", []*maker{batch, root}, batch, nil, false},
		{"another with the same name", []*maker{root, batch}, forged, nil, false},
		{"an expired link", []*maker{root, expired}, expired, nil, false},
		{"a link of tomorrow", []*maker{root, future}, future, nil, false},
		{"a link that is no CA", []*maker{root, noCA}, noCA, nil, false},
		{"a link that may not sign certificates", []*maker{root, noSign}, noSign, nil, false},
		{"a path longer than a link allows", []*maker{root, short, tooLong}, tooLong, nil, false},
		{"no file", nil, root, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			if len(c.file) > 0 {
				var text strings.Builder
				for _, m := range c.file {
					text.WriteString("# a chain of Key Maker\n" + pemOf(m.cert))
				}
				if err := os.WriteFile(filepath.Join(folder, "maker.pem"), []byte(text.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			list := []*x509.Certificate{c.by.attest(t, key.Public())}
			for _, m := range c.more {
				list = append(list, m.cert)
			}
			if got := attested(list, []string{filepath.Join(folder, "gone"), folder}, theTime); got != c.want {
				t.Errorf("%v", got)
			}
		})
	}
}

// Files that are no chains spoil nothing.
func TestReadChains(t *testing.T) {
	var none *maker
	root := none.below(t, "Root", nil)
	folder := t.TempDir()
	for file, text := range map[string]string{
		"a.pem": pemOf(root.cert), "b.txt": "nothing", "c.pem": "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n",
		"d.pem": strings.Repeat("x", maxChainFile+1), "e.pem": "",
	} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "more"), 0o700); err != nil {
		t.Fatal(err)
	}
	if chains := readChains(folder); len(chains) != 1 || !chains[0][0].Equal(root.cert) {
		t.Errorf("%d chains", len(chains))
	}
}

func (f *fixture) trust(m ...*maker) {
	f.t.Helper()
	folder := f.t.TempDir()
	var text string
	for _, x := range m {
		text += pemOf(x.cert)
	}
	if err := os.WriteFile(filepath.Join(folder, "maker.pem"), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	f.rules[actTrusted] = folder
}

func TestEnroll_Attestation(t *testing.T) {
	var none *maker
	root := none.below(t, "Root", nil)
	stranger := none.below(t, "Root", nil)
	key := ecKey(t)
	csr := request(t, key, name(t, "CN", "alice"))
	own := issue(t, nil, key, &x509.Certificate{RawSubject: name(t, "CN", "alice")}, key.Public())
	good, forged, wrong := pemOf(root.attest(t, key.Public())), pemOf(stranger.attest(t, key.Public())), pemOf(root.attest(t, ecKey(t).Public()))
	for _, c := range []struct {
		name   string
		rule   string
		params typetest.Params
		want   int
	}{
		{"ignored, forged", "ignore", typetest.Params{"request": csr, "attestation": forged}, 0},
		{"ignored, but for another key", "ignore", typetest.Params{"request": csr, "attestation": wrong}, codeGeneral},
		{"verified", attestVerify, typetest.Params{"request": csr, "attestation": good}, 0},
		{"verified, forged", attestVerify, typetest.Params{"request": csr, "attestation": forged}, codeGeneral},
		{"verified, none", attestVerify, typetest.Params{"request": csr}, 0},
		{"required", attestRequire, typetest.Params{"request": csr, "attestation": good}, 0},
		{"required, none", attestRequire, typetest.Params{"request": csr}, mfaerr.CodePolicy},
		{"required, a key made here", attestRequire, typetest.Params{"genkey": "1", "attestation": good}, mfaerr.CodePolicy},
		{"required, SPKAC", attestRequire, typetest.Params{"request": "SPKAC=x", "spkac": "1", "attestation": good}, mfaerr.CodePolicy},
		{"required, a certificate", attestRequire, typetest.Params{"certificate": pemOf(own)}, mfaerr.CodePolicy},
		{"required, a certificate with attestation", attestRequire, typetest.Params{"certificate": pemOf(own), "attestation": good}, 0},
		{"required, a certificate with another's", attestRequire, typetest.Params{"certificate": pemOf(own), "attestation": wrong}, codeGeneral},
		// the folder is for policies to name
		{"the request names the folder", attestVerify, typetest.Params{"request": csr, "attestation": forged, actTrusted: "/tmp", "verify_attestation": "0"}, codeGeneral},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			f.trust(root)
			f.rules[actAttest] = c.rule
			c.params["ca"] = "staff"
			if _, err := f.enrol(c.params); code(err) != c.want {
				t.Error(err)
			}
		})
	}
}

// A chain as Yubico has it: root, a CA for PIV, the attestation key of the device
// in slot f9, and the attestation of a key in slot 9a.
func TestEnroll_YubiKey(t *testing.T) {
	var none *maker
	root := none.below(t, "Yubico PIV Root CA Serial 263751", nil)
	device9 := root.below(t, "Yubico PIV Attestation", func(c *x509.Certificate) {
		c.MaxPathLen, c.MaxPathLenZero = 0, true
		c.ExtraExtensions = []pkix.Extension{yubicoExtension(t, extFirmware, []byte{5, 4, 3})}
	})
	key := ecKey(t)
	csr := request(t, key, name(t, "CN", "alice"))
	extensions := []pkix.Extension{
		yubicoExtension(t, extFirmware, []byte{5, 4, 3}), yubicoExtension(t, extSerial, derInt(t, 12345678)),
		yubicoExtension(t, extPolicies, []byte{2, 3}), yubicoExtension(t, extForm, []byte{0x83}),
	}
	attestation := pemOf(device9.attest(t, key.Public(), extensions...), device9.cert)
	plain := pemOf(device9.attest(t, key.Public()), device9.cert)
	for _, c := range []struct {
		name        string
		rules       rules
		attestation string
		want        int
	}{
		{"no demands", rules{actAttest: attestVerify}, attestation, 0},
		{"the right PIN policy", rules{actPINPolicy: "always once"}, attestation, 0},
		{"another PIN policy", rules{actPINPolicy: "always"}, attestation, mfaerr.CodePolicy},
		{"the right touch policy", rules{actTouch: "cached always"}, attestation, 0},
		{"another touch policy", rules{actTouch: "always"}, attestation, mfaerr.CodePolicy},
		{"the right form", rules{actFormFactor: "usb-c-keychain"}, attestation, 0},
		{"another form", rules{actFormFactor: "usb-a-nano"}, attestation, mfaerr.CodePolicy},
		{"firmware new enough", rules{actFirmware: "5.4.3"}, attestation, 0},
		{"firmware too old", rules{actFirmware: "5.7"}, attestation, mfaerr.CodePolicy},
		{"firmware numbers are no texts", rules{actFirmware: "5.10"}, attestation, mfaerr.CodePolicy},
		{"a policy without a version", rules{actFirmware: "new"}, attestation, mfaerr.CodePolicy},
		{"a demand and no attestation", rules{actTouch: "cached"}, "", mfaerr.CodePolicy},
		{"a demand and a device that says nothing", rules{actTouch: "cached"}, plain, mfaerr.CodePolicy},
		{"a firmware demand and a device that says nothing", rules{actFirmware: "4.3"}, plain, mfaerr.CodePolicy},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			f.trust(root)
			for k, v := range c.rules {
				f.rules[k] = v
			}
			p := typetest.Params{"request": csr, "ca": "staff"}
			if c.attestation != "" {
				p["attestation"] = c.attestation
			}
			if _, err := f.enrol(p); code(err) != c.want {
				t.Fatal(err)
			}
			if c.want == 0 {
				for k, v := range map[string]string{infoAttestFW: "5.4.3", infoAttestSerial: "12345678", infoAttestPIN: "once", infoAttestTouch: "cached", infoAttestForm: "usb-c-keychain", infoAttestFIPS: "yes"} {
					if f.token.InfoText(k) != v {
						t.Errorf("%s: %q", k, f.token.InfoText(k))
					}
				}
			}
		})
	}
	// nobody vouches for what it says: it is not kept
	f := newFixture(t)
	f.trust(none.below(t, "Other", nil))
	f.must(typetest.Params{"request": csr, "ca": "staff", "attestation": attestation})
	if f.token.InfoText(infoAttestSerial) != "" {
		t.Error("an unverified claim is kept")
	}
}

func TestReadDevice_Refuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		last  int
		value []byte
	}{
		{"firmware of two bytes", extFirmware, []byte{5, 4}},
		{"one policy", extPolicies, []byte{1}},
		{"no form", extForm, nil},
		{"a serial that is no INTEGER", extSerial, []byte{4, 1, 1}},
		{"a negative serial", extSerial, derInt(t, -1)},
		{"a serial with more behind it", extSerial, append(derInt(t, 1), 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := readDevice(&x509.Certificate{Extensions: []pkix.Extension{yubicoExtension(t, c.last, c.value)}})
			if err == nil || d != (device{}) {
				t.Errorf("%+v", d)
			}
		})
	}
	d, err := readDevice(&x509.Certificate{Extensions: []pkix.Extension{yubicoExtension(t, extPolicies, []byte{9, 9}), yubicoExtension(t, extFIPS, nil)}})
	if err != nil || d.pin != "9" || d.touch != "9" || !d.fips {
		t.Errorf("policies of tomorrow: %+v, %v", d, err)
	}
}

func TestCheckKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	prime, err := rand.Prime(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	next := new(big.Int).Add(prime, big.NewInt(2))
	for !next.ProbablyPrime(20) {
		next.Add(next, big.NewInt(2))
	}
	small := new(big.Int).Lsh(big.NewInt(1), 2047)
	small.Add(small, big.NewInt(1))
	for new(big.Int).Mod(small, big.NewInt(743)).Sign() != 0 {
		small.Add(small, big.NewInt(2))
	}
	// a power of 65537 modulo the product of the primes, as Infineon's library made
	// its primes, has the fingerprint
	product := big.NewInt(1)
	for _, p := range []int64{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157} {
		product.Mul(product, big.NewInt(p))
	}
	flawed := new(big.Int).Exp(big.NewInt(65537), big.NewInt(123456789), product)
	step := new(big.Int).Mul(product, big.NewInt(2))
	if flawed.Bit(0) == 0 {
		flawed.Add(flawed, product)
	}
	flawed.Add(flawed, new(big.Int).Mul(step, new(big.Int).Rsh(new(big.Int).Lsh(big.NewInt(3), 2046), uint(step.BitLen()))))
	for flawed.BitLen() < 2048 || hasSmallFactor(flawed) {
		flawed.Add(flawed, new(big.Int).Lsh(step, uint(2047-step.BitLen())))
		if flawed.BitLen() > 2100 {
			t.Fatal("no modulus found")
		}
	}
	for _, c := range []struct {
		name string
		key  crypto.PublicKey
		bits int
		want string // "" is accepted
	}{
		{"RSA", &key.PublicKey, 2048, ""},
		{"RSA, more wanted", &key.PublicKey, 3072, "less than 3072"},
		{"an even exponent", &rsa.PublicKey{N: key.N, E: 4}, 2048, "exponent"},
		{"exponent 1", &rsa.PublicKey{N: key.N, E: 1}, 2048, "exponent"},
		{"a small factor", &rsa.PublicKey{N: small, E: 65537}, 2048, "small factor"},
		{"close primes", &rsa.PublicKey{N: new(big.Int).Mul(prime, next), E: 65537}, 2047, "close"},
		{"ROCA", &rsa.PublicKey{N: flawed, E: 65537}, 2048, "ROCA"},
		{"P-256", ecKey(t).Public(), 2048, ""},
		{"no key for certificates", "key", 2048, "certificates are made for"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := checkKey(c.key, c.bits)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Error(err)
			}
		})
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add(request(f, ecKey(f), name(f, "CN", "alice")))
	f.Add("-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := parseRequest(text); (r == nil) == (err == nil) {
			t.Errorf("%v, %v", r, err)
		} else if r != nil {
			_ = checkKey(r.PublicKey, usualKeySize)
		}
	})
}

func FuzzAttestation(f *testing.F) {
	var none *maker
	root := none.below(f, "Root", nil)
	leaf := root.attest(f, ecKey(f).Public(), yubicoExtension(f, extSerial, derInt(f, 5)), yubicoExtension(f, extPolicies, []byte{1, 2}))
	f.Add(pemOf(root.cert), pemOf(leaf))
	f.Add(pemOf(root.cert), pemOf(leaf, root.cert))
	f.Fuzz(func(t *testing.T, file, text string) {
		chain := parseChain([]byte(file))
		list, err := parseCertificates(text)
		if err != nil {
			return
		}
		_, _ = readDevice(list[0])
		if len(chain) > 0 && vouches(chain, list, theTime) && chain[0].Equal(list[0]) {
			t.Error("a certificate vouches for itself")
		}
	})
}

func FuzzParseSubject(f *testing.F) {
	f.Add("/O=Example/OU={realm}/CN={user}/emailAddress={email}", "a/CN=b")
	f.Add(`/CN=a\/b\{c`, "")
	f.Fuzz(func(t *testing.T, pattern, login string) {
		parts, err := parseSubject(pattern)
		if err != nil {
			return
		}
		fix := typetest.Env(theTime, nil, nil)
		fix.OwnerLogin = login
		for _, p := range parts {
			if _, known := ca.AttributeOID(p.name); !known || len(p.pieces)%2 == 0 {
				t.Errorf("%+v", p)
			}
			_ = p.fill(fix, nil)
		}
	})
}
