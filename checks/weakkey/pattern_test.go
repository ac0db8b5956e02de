package weakkey

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"strings"
	"testing"
)

func nextPrime(p *big.Int) *big.Int {
	for p.SetBit(p, 0, 1); !p.ProbablyPrime(10); p.Add(p, big.NewInt(2)) {
	}
	return p
}

// polynomial returns a prime whose digits to the base 2^width are below
// 2^coefficient.
func polynomial(t *testing.T, width, digits, coefficient int) *big.Int {
	t.Helper()
	p := new(big.Int)
	for i := range digits {
		c, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(coefficient)))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			c.SetBit(c, coefficient-1, 1)
		}
		p.Add(p.Lsh(p, uint(width)), c)
	}
	return nextPrime(p)
}

// Moduli that no random generator produces are named.
func TestMadeNumbers(t *testing.T) {
	after := func(start ...byte) *big.Int {
		return nextPrime(new(big.Int).SetBytes(append(start, make([]byte, 127)...)))
	}
	repeated := func(text string) *big.Int {
		return nextPrime(new(big.Int).SetBytes(bytes.Repeat([]byte(text), 128/len(text))))
	}
	f4 := big.NewInt(65537)
	for name, test := range map[string]struct {
		n    *big.Int
		want string
	}{
		"the first primes after C0 and E0": {mul(after(0xc0), after(0xe0)), "repeats"},
		"a factor of 65537":                {mul(prime(t, 2032), f4), "factor 65537"},
		"a factor of 65521":                {mul(prime(t, 2032), big.NewInt(65521)), "factor 65521"},
		"polynomials in 2^128":             {mul(polynomial(t, 128, 8, 20), polynomial(t, 128, 8, 20)), "base 2^"},
		"polynomials in 2^32":              {mul(polynomial(t, 32, 32, 8), polynomial(t, 32, 32, 8)), "base 2^32"},
		"a pattern of two bytes":           {mul(repeated("\xc0\x01"), big.NewInt(0).Lsh(big.NewInt(1), 1024)), "factor 2"},
	} {
		if got := RSA(test.n, f4); len(got) == 0 || !strings.Contains(strings.Join(got, " "), test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	for _, text := range []string{"\xff", "\xc0\x01", "not random, 16 b"} {
		if got := PatternedPrime(repeated(text)); got == "" {
			t.Errorf("the prime made of %q shows no pattern", text)
		}
	}
	if got := PatternedPrime(prime(t, 1024)); got != "" {
		t.Errorf("a random prime: got %q", got)
	}
}

func TestPrimeModulus(t *testing.T) {
	p := prime(t, 1024)
	if PrimeModulus(prime(t, 2048)) == "" || PrimeModulus(mul(p, prime(t, 1024))) != "" {
		t.Error("primes and products are confused")
	}
}

func TestSharedPrime(t *testing.T) {
	p, q, r := prime(t, 1024), prime(t, 1024), prime(t, 1024)
	if SharedPrime(mul(p, q), mul(p, r)) == "" {
		t.Error("a shared prime is not found")
	}
	if SharedPrime(mul(p, q), mul(p, q)) != "" || SharedPrime(mul(p, q), mul(r, prime(t, 1024))) != "" {
		t.Error("a prime is shared that is not")
	}
}

// Random numbers cost less than keys, so many are tested.
func TestRandomModuliShowNoPattern(t *testing.T) {
	for range 2000 {
		b := make([]byte, 256)
		_, _ = rand.Read(b)
		if got := pattern(new(big.Int).SetBytes(b)); got != "" {
			t.Fatalf("%x: %s", b, got)
		}
	}
}
