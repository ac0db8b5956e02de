package weakkey

import (
	"fmt"
	"math/big"
	"math/bits"
)

// pattern finds what no random modulus has: a repeating stretch, or digits that
// are all small in some base.
func pattern(n *big.Int) string {
	if period := repeats(n); period > 0 {
		return fmt.Sprintf("has a modulus in which a stretch repeats every %s, so its primes are not random and can be guessed", bytesOf(period))
	}
	if width := smallDigits(n); width > 0 {
		return fmt.Sprintf("has a modulus whose digits to the base 2^%d are all small, so it is a product of two polynomials and can be factored", width)
	}
	return ""
}

// PatternedPrime does the same for a prime, whose pattern the modulus may hide.
func PatternedPrime(p *big.Int) string {
	if period := repeats(p); period > 0 {
		return fmt.Sprintf("has a prime in which a stretch repeats every %s, so it is not random and can be guessed", bytesOf(period))
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
	minRepeat = 15 // bytes equal to those one period before; by chance in one number of 2^110
)

// repeats returns the period in bytes of a repeating stretch, 0 for none.
// Patterns may begin inside a byte, so shifted copies are examined, too.
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

// minZeroBits is how many bits of each digit must be 0 in all digits: with at
// least 15 digits, as here, by chance in one of 2^90 moduli.
const minZeroBits = 8

// smallDigits returns the width in bits of digits with unused bits: primes that
// are polynomials in 2^w with small coefficients give such products, which
// factor like polynomials. It ignores the lowest digit, which a search for the
// next prime changes. 0: no such width.
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
