// Package weakkey knows RSA keys that can be broken although they are long. It
// looks at public numbers only, is pure, and takes well under a millisecond.
//
// It covers small factors, close primes (a square included), the fingerprint of
// ROCA, and the keys of Published. It does not cover the keys that Debian's
// OpenSSL made from 2006 to 2008, whose lists a team brings (--weak-keys), nor
// moduli that share a prime with somebody else's.
package weakkey

import (
	"fmt"
	"math/big"
)

// maxBits bounds the moduli that are looked at: the tests take a time that grows
// with the square of the size.
const maxBits = 16384

// RSA says what makes the public key (n, e) breakable, each as a predicate
// ("has the small prime factor 3 (…)"); none for a key that shows no weakness.
// An exponent of nil is not looked at.
func RSA(n, e *big.Int) []string {
	if n == nil || n.Sign() <= 0 || n.BitLen() > maxBits {
		return []string{fmt.Sprintf("has a modulus that is not a positive number of at most %d bits", maxBits)}
	}
	var found []string
	add := func(text string) {
		if text != "" {
			found = append(found, text)
		}
	}
	add(exponent(e))
	factor := smallFactor(n)
	add(factor)
	if factor == "" {
		add(closePrimes(n))
		add(roca(n))
	}
	return found
}

// exponent: an even one has no inverse, and with 1 everything is its own signature.
func exponent(e *big.Int) string {
	switch {
	case e == nil:
		return ""
	case e.Cmp(big.NewInt(3)) < 0:
		return fmt.Sprintf("has the public exponent %s: whatever is signed is its own signature, or there is no private exponent (RFC 8017 §3.1: at least 3)", short(e))
	case e.Bit(0) == 0:
		return fmt.Sprintf("has the even public exponent %s, to which there is no private exponent (RFC 8017 §3.1)", short(e))
	}
	return ""
}

// smallFactor finds a prime factor below 2^12 (BR §6.1.6 asks for no factor
// below 752; NIST SP 800-89 §5.3.3).
func smallFactor(n *big.Int) string {
	var m big.Int
	for _, p := range primesBelow(1 << 12) {
		if m.Mod(n, big.NewInt(p)).Sign() == 0 {
			return fmt.Sprintf("has the small prime factor %d, so it can be factored at once (Baseline Requirements §6.1.6)", p)
		}
	}
	return ""
}

// fermatRounds is the number of rounds that the Baseline Requirements §6.1.1.3
// name since version 2.0.5 (2024).
const fermatRounds = 100

// closePrimes is Fermat's factorization: n = a²-b² with a just above √n. Where
// n is a square, p = q, a is exact and b is 0.
func closePrimes(n *big.Int) string {
	a := new(big.Int).Sqrt(n)
	if square := new(big.Int).Mul(a, a); square.Cmp(n) == 0 {
		return "is the square of one prime (p = q), so a square root factors it"
	}
	b, b2 := new(big.Int), new(big.Int)
	for range fermatRounds {
		a.Add(a, big.NewInt(1))
		b2.Sub(b2.Mul(a, a), n)
		if b.Sqrt(b2); new(big.Int).Mul(b, b).Cmp(b2) == 0 {
			return fmt.Sprintf("has two primes so close together that Fermat's method factors it within %d rounds (Baseline Requirements §6.1.1.3)", fermatRounds)
		}
	}
	return ""
}

// roca tells the primes of Infineon's library (CVE-2017-15361): p = k·M + 65537^a
// mod M, so the modulus is a power of 65537 modulo each small prime of M. A
// sound modulus is one for all of them once in some hundred million keys.
func roca(n *big.Int) string {
	var m big.Int
	for _, p := range primesBelow(168) {
		if p == 2 {
			continue
		}
		if rest := m.Mod(n, big.NewInt(p)).Int64(); !isPower(rest, 65537%p, p) {
			return ""
		}
	}
	return "bears the fingerprint of ROCA (CVE-2017-15361): it was made by a chip whose primes can be found"
}

// isPower reports whether x is a power of g modulo p.
func isPower(x, g, p int64) bool {
	for y := int64(1); ; {
		if y == x {
			return true
		}
		if y = y * g % p; y == 1 {
			return false
		}
	}
}

// primesBelow is the sieve of Eratosthenes.
func primesBelow(n int) []int64 {
	composite := make([]bool, n)
	var primes []int64
	for i := 2; i < n; i++ {
		if composite[i] {
			continue
		}
		primes = append(primes, int64(i))
		for j := i * i; j < n; j += i {
			composite[j] = true
		}
	}
	return primes
}

// short prints a number that a hostile key may have made very long.
func short(x *big.Int) string {
	if x.BitLen() > 64 {
		return fmt.Sprintf("of %d bits", x.BitLen())
	}
	return x.String()
}
