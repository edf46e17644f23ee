package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"math/big"
	"strconv"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/tokentype"
)

// maxRSA bounds what checking a signature costs everybody who gets the
// certificate.
const maxRSA = 16384

// minRSA is how many bits an RSA key must have.
func minRSA(e *tokentype.Env) (int, error) {
	if e.Rules == nil {
		return usualKeySize, nil
	}
	v, given, err := e.Rules.Word(policy.ScopeEnrollment, actMinRSA)
	if err != nil || !given {
		return usualKeySize, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < 1024 || n > maxRSA {
		return 0, mfaerr.NewPolicy("The policy %s has no number of bits: %q", actMinRSA, v)
	}
	return n, nil
}

// checkKey refuses public keys that others can find the private key of.
func checkKey(key crypto.PublicKey, minBits int) error {
	weak := func(why string) error { return mfaerr.NewParameter("The key is refused: %s.", why) }
	switch k := key.(type) {
	case *rsa.PublicKey:
		switch bits := k.N.BitLen(); {
		case bits < minBits:
			return weak("it has less than " + strconv.Itoa(minBits) + " bits")
		case bits > maxRSA:
			return weak("it has more than " + strconv.Itoa(maxRSA) + " bits")
		case k.E < 3 || k.E%2 == 0:
			return weak("its exponent is none for RSA")
		case hasSmallFactor(k.N):
			return weak("its modulus has a small factor")
		case fingerprintROCA(k.N):
			return weak("it was made by a chip with the flaw ROCA (CVE-2017-15361)")
		case closePrimes(k.N):
			return weak("its primes are close to each other (CVE-2022-26320)")
		}
	case *ecdsa.PublicKey:
		if k.Curve.Params().BitSize < 256 {
			return weak("its curve has less than 256 bits")
		}
	case ed25519.PublicKey:
	default:
		return weak("certificates are made for RSA, ECDSA and Ed25519 keys")
	}
	return nil
}

// hasSmallFactor tries the primes up to 751, as CAs do (CA/Browser Forum Baseline
// Requirements, 6.1.6).
func hasSmallFactor(n *big.Int) bool {
	product := big.NewInt(1)
	for p := int64(2); p < 752; p++ {
		if big.NewInt(p).ProbablyPrime(0) {
			product.Mul(product, big.NewInt(p))
		}
	}
	return new(big.Int).GCD(nil, nil, n, product).Cmp(big.NewInt(1)) != 0
}

// fingerprintROCA recognises moduli of Infineon's library: modulo each of these
// primes they are powers of 65537 (Nemec et al., "The Return of Coppersmith's
// Attack", CCS 2017, section 3). Of other keys about one in 2^27 looks so.
func fingerprintROCA(n *big.Int) bool {
	for _, p := range []int64{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157} {
		rest := new(big.Int).Mod(n, big.NewInt(p)).Int64()
		is := false
		for power, i := int64(1), int64(0); i < p && !is; i++ {
			is = power == rest
			power = power * 65537 % p
		}
		if !is {
			return false
		}
	}
	return true
}

// closePrimes tries some steps of Fermat's factorisation, which is enough for
// keys whose second prime was sought behind the first.
func closePrimes(n *big.Int) bool {
	a := new(big.Int).Sqrt(n)
	one := big.NewInt(1)
	if new(big.Int).Mul(a, a).Cmp(n) < 0 {
		a.Add(a, one)
	}
	for range 100 {
		b2 := new(big.Int).Mul(a, a)
		b2.Sub(b2, n)
		if b2.Sign() >= 0 {
			if b := new(big.Int).Sqrt(b2); b.Mul(b, b).Cmp(b2) == 0 {
				return true
			}
		}
		a.Add(a, one)
	}
	return false
}
