package certificate

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Tokeninfo of what an attestation says about the device.
const (
	attestPrefix     = "attestation_"
	infoAttestSerial = attestPrefix + "serial"
	infoAttestFW     = attestPrefix + "firmware"
	infoAttestPIN    = attestPrefix + "pin_policy"
	infoAttestTouch  = attestPrefix + "touch_policy"
	infoAttestForm   = attestPrefix + "form_factor"
	infoAttestFIPS   = attestPrefix + "fips"
)

// device is what the attestation of a PIV key of a YubiKey says (Yubico, "PIV
// attestation", extensions below 1.3.6.1.4.1.41482.3). What it does not say is
// empty.
type device struct {
	firmware, serial, pin, touch, form string
	fips                               bool
}

// The last number of the extensions.
const (
	extFirmware = 3  // three bytes
	extSerial   = 7  // an INTEGER in DER
	extPolicies = 8  // PIN policy and touch policy, a byte each
	extForm     = 9  // one byte
	extFIPS     = 10 // only there in FIPS keys
)

func yubico(id asn1.ObjectIdentifier) (last int, ok bool) {
	arc := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 41482, 3}
	if len(id) != len(arc)+1 || !slices.Equal(id[:len(arc)], arc) {
		return 0, false
	}
	return id[len(arc)], true
}

func pinPolicies() map[byte]string {
	return map[byte]string{1: "never", 2: "once", 3: "always", 4: "match-once", 5: "match-always"}
}

func touchPolicies() map[byte]string { return map[byte]string{1: "never", 2: "always", 3: "cached"} }

func forms() map[byte]string {
	return map[byte]string{0: "unspecified", 1: "usb-a-keychain", 2: "usb-a-nano", 3: "usb-c-keychain", 4: "usb-c-nano", 5: "usb-c-lightning", 6: "usb-a-bio", 7: "usb-c-bio"}
}

// readDevice reads the extensions. Values that have no name yet are kept as
// numbers.
func readDevice(c *x509.Certificate) (device, error) {
	var d device
	for _, x := range c.Extensions {
		last, ok := yubico(x.Id)
		if !ok {
			continue
		}
		v := x.Value
		size := map[int]int{extFirmware: 3, extPolicies: 2, extForm: 1}[last]
		if size > 0 && len(v) != size {
			return device{}, fmt.Errorf("its extension %s has %d bytes", x.Id, len(v))
		}
		switch last {
		case extFirmware:
			d.firmware = fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2])
		case extSerial:
			n := new(big.Int)
			if rest, err := asn1.Unmarshal(v, &n); err != nil || len(rest) > 0 || n.Sign() < 0 || n.BitLen() > 64 {
				return device{}, errors.New("its serial number is none")
			}
			d.serial = n.String()
		case extPolicies:
			d.pin, d.touch = named(pinPolicies(), v[0]), named(touchPolicies(), v[1])
		case extForm:
			d.form = named(forms(), v[0]&0x0f) // the upper bits tell of FIPS and security keys
			d.fips = d.fips || v[0]&0x80 != 0
		case extFIPS:
			d.fips = true
		}
	}
	return d, nil
}

func named(names map[byte]string, b byte) string {
	if n, known := names[b]; known {
		return n
	}
	return strconv.Itoa(int(b))
}

// keep writes what is known into the token.
func (d device) keep(t *token.Token) {
	fips := ""
	if d.fips {
		fips = "yes"
	}
	for k, v := range map[string]string{infoAttestSerial: d.serial, infoAttestFW: d.firmware, infoAttestPIN: d.pin, infoAttestTouch: d.touch, infoAttestForm: d.form, infoAttestFIPS: fips} {
		if v != "" {
			t.Info[k] = token.Info{Value: v}
		}
	}
}

// deviceRule is what policies want of devices; nil lists allow everything.
type deviceRule struct {
	pin, touch, form []string
	firmware         []int
}

func (r deviceRule) any() bool {
	return r.pin != nil || r.touch != nil || r.form != nil || r.firmware != nil
}

func readDeviceRule(e *tokentype.Env) (deviceRule, error) {
	var r deviceRule
	for _, x := range []struct {
		act  string
		into *[]string
	}{{actPINPolicy, &r.pin}, {actTouch, &r.touch}, {actFormFactor, &r.form}} {
		words, err := e.Rules.Words(policy.ScopeEnrollment, x.act)
		if err != nil {
			return r, err
		}
		if len(words) > 0 {
			*x.into = words
		}
	}
	text, given, err := e.Rules.Word(policy.ScopeEnrollment, actFirmware)
	if err != nil || !given {
		return r, err
	}
	if r.firmware, err = version(text); err != nil {
		return r, mfaerr.NewPolicy("The policy %s has no version: %q", actFirmware, text)
	}
	return r, nil
}

// check refuses devices that are not as policies want them, or do not say how
// they are.
func (r deviceRule) check(d device) error {
	for _, x := range []struct {
		what    string
		is      string
		allowed []string
	}{{"PIN policy", d.pin, r.pin}, {"touch policy", d.touch, r.touch}, {"form factor", d.form, r.form}} {
		if x.allowed != nil && !slices.Contains(x.allowed, x.is) {
			return mfaerr.NewPolicy("The %s of the attested key is not allowed.", x.what)
		}
	}
	if r.firmware == nil {
		return nil
	}
	has, err := version(d.firmware)
	if err != nil || slices.Compare(has, r.firmware) < 0 {
		return mfaerr.NewPolicy("The firmware of the attested device is not allowed.")
	}
	return nil
}

// version reads numbers with dots between them.
func version(text string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return nil, err
		}
		out = append(out, int(n))
	}
	return out, nil
}
