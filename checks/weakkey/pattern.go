package weakkey

import (
	"fmt"
	"math/big"
	"math/bits"
)

// pattern looks for what no random modulus has: a stretch that repeats itself, or
// digits that are all small in some base.
func pattern(n *big.Int) string {
	if period := repeats(n); period > 0 {
		return fmt.Sprintf("has a modulus in which a stretch repeats every %s, so its primes were not made at random and can be guessed", bytesOf(period))
	}
	if width := smallDigits(n); width > 0 {
		return fmt.Sprintf("has a modulus whose digits to the base 2^%d are all small, so it is a product of two polynomials and can be factored", width)
	}
	return ""
}

// PatternedPrime does so for a prime, whose pattern the modulus may hide.
func PatternedPrime(p *big.Int) string {
	if period := repeats(p); period > 0 {
		return fmt.Sprintf("has a prime in which a stretch repeats every %s, so it was not made at random and can be guessed", bytesOf(period))
	}
	return ""
}

func bytesOf(n int) string {
	if n == 1 {
		return "byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

const (
	maxPeriod = 32 // bytes
	minRepeat = 15 // bytes that equal those one period before: one number in 2^110 does so by chance
)

// repeats returns the period in bytes of a stretch that repeats itself, 0 for none.
// Patterns may begin inside a byte, so the number is looked at shifted, too.
func repeats(n *big.Int) int {
	for _, b := range [][]byte{n.Bytes(), new(big.Int).Rsh(n, 4).Bytes()} {
		for period := 1; period <= maxPeriod; period++ {
			run := 0
			for i := period; i < len(b); i++ {
				if b[i] != b[i-period] {
					run = 0
					continue
				}
				if run++; run >= max(minRepeat, period) {
					return period
				}
			}
		}
	}
	return 0
}

// Of the bits of each digit so many must be 0 in all digits: with at least 15
// digits, as here, that comes by chance once in 2^90 moduli.
const minZeroBits = 8

// smallDigits returns the width in bits of digits that leave bits unused: primes
// that are polynomials in 2^w with small coefficients give such products, and they
// factor as polynomials do. The lowest digit is passed over, for the next prime is
// looked for there. 0: no such width.
func smallDigits(n *big.Int) int {
	b := n.Bytes()
	for _, width := range []int{32, 64, 128} {
		size := width / 8
		digits := len(b)/size - 1
		if digits < 15 {
			break
		}
		used := make([]byte, size)
		for end := len(b) - size; end > 0; end -= size {
			for i, octet := range b[max(0, end-size):end] {
				used[i+size-min(size, end)] |= octet
			}
		}
		if zeroBits(used) >= minZeroBits {
			return width
		}
	}
	return 0
}

func zeroBits(b []byte) int {
	n := 8 * len(b)
	for _, octet := range b {
		n -= bits.OnesCount8(octet)
	}
	return n
}
