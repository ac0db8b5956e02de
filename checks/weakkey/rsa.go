// Package weakkey detects long RSA keys that can nevertheless be broken. It
// reads only public numbers, is pure, and takes less than a millisecond, except
// for PrimeModulus.
//
// It covers small factors, a prime modulus, close primes (including a square),
// repeated patterns, polynomials with small coefficients, the fingerprint of
// ROCA, and the keys of Published. It does not cover the keys of Debian's
// OpenSSL from 2006 to 2008; teams provide those lists (--weak-keys).
// SharedPrime compares the moduli of a run.
package weakkey

import (
	"fmt"
	"math"
	"math/big"
)

// maxBits limits the moduli examined: the time of the tests grows with the
// square of the size.
const maxBits = 16384

// RSA returns why the public key (n, e) can be broken, each as a predicate
// ("has the small prime factor 3 (…)"); none for a key without known weakness.
// A nil exponent is not examined.
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
	if factor != "" {
		return found
	}
	add(closePrimes(n))
	add(pattern(n))
	add(roca(n))
	return found
}

// exponent rejects even exponents, which have no inverse, and 1, with which
// every message is its own signature.
func exponent(e *big.Int) string {
	switch {
	case e == nil:
		return ""
	case e.Cmp(big.NewInt(3)) < 0:
		return fmt.Sprintf("has the public exponent %s: every message is its own signature, or there is no private exponent (RFC 8017 §3.1: at least 3)", short(e))
	case e.Bit(0) == 0:
		return fmt.Sprintf("has the even public exponent %s, which has no private exponent (RFC 8017 §3.1)", short(e))
	}
	return ""
}

// smallPrimes limits the factors searched; BR §6.1.6 demands no factor below
// 752 (NIST SP 800-89 §5.3.3), badkeys searches up to the same limit.
const smallPrimes = 1 << 16

// smallFactor finds a prime factor of at most 65,537. Primes are multiplied in
// groups that fit a word, to reduce long divisions.
func smallFactor(n *big.Int) string {
	var m, product big.Int
	primes := primesBelow(smallPrimes + 2)
	for start := 0; start < len(primes); {
		end, group := start, uint64(1)
		for end < len(primes) && group <= math.MaxUint64/uint64(primes[end]) {
			group *= uint64(primes[end])
			end++
		}
		rest := m.Mod(n, product.SetUint64(group)).Uint64()
		for _, p := range primes[start:end] {
			if rest%uint64(p) == 0 {
				return fmt.Sprintf("has the small prime factor %d, so it can be factored at once (Baseline Requirements §6.1.6)", p)
			}
		}
		start = end
	}
	return ""
}

// maxPrimeBits limits the moduli tested for primality: the time grows with the
// cube of the size. 2048 bits take about 5 ms, 4096 about 30.
const maxPrimeBits = 4096

// PrimeModulus returns, as a predicate, that a modulus is prime; "" if it is a
// product.
func PrimeModulus(n *big.Int) string {
	if n.BitLen() > maxPrimeBits || !n.ProbablyPrime(0) { // Baillie-PSW
		return ""
	}
	return "has a modulus that is itself a prime, so the private exponent follows from the public key"
}

// SharedPrime returns, as a predicate, that two different moduli share a prime;
// "" if not. The greatest common divisor then factors both (Heninger et al.,
// 2012).
func SharedPrime(n, other *big.Int) string {
	if n.Sign() <= 0 || other.Sign() <= 0 || n.Cmp(other) == 0 || max(n.BitLen(), other.BitLen()) > maxBits {
		return ""
	}
	if new(big.Int).GCD(nil, nil, n, other).Cmp(big.NewInt(1)) == 0 {
		return ""
	}
	return "has a prime in common with another modulus, so both can be factored at once"
}

// fermatRounds is the number of rounds in the Baseline Requirements §6.1.1.3
// since version 2.0.5 (2024).
const fermatRounds = 100

// closePrimes is Fermat's factorization: n = a²-b² with a just above √n. If n
// is a square, p = q, a is exact and b is 0.
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

// roca detects the primes of Infineon's library (CVE-2017-15361): p = k·M +
// 65537^a mod M, so the modulus is a power of 65537 modulo each small prime of
// M. One strong modulus in several hundred million is so by chance.
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
	return "has the fingerprint of ROCA (CVE-2017-15361): a chip generated it whose primes can be computed"
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

// short formats a number that a hostile key may have made very long.
func short(x *big.Int) string {
	if x.BitLen() > 64 {
		return fmt.Sprintf("of %d bits", x.BitLen())
	}
	return x.String()
}
