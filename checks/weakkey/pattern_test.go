package weakkey

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"strings"
	"testing"
)

// nextPrime returns the first prime that is not below an odd number of many digits. A sieve
// leaves a third of the tests for primality that those of ProbablyPrime's own divisors leave.
func nextPrime(p *big.Int) *big.Int {
	p.SetBit(p, 0, 1)
	var composite [1 << 15]bool // of p+i; the gaps between primes of 2048 bits are far smaller
	for _, q := range primesBelow(1 << 15) {
		for i := (q - new(big.Int).Mod(p, big.NewInt(q)).Int64()) % q; i < int64(len(composite)); i += q {
			composite[i] = true
		}
	}
	for i, no := range composite {
		if next := new(big.Int).Add(p, big.NewInt(int64(i))); !no && next.ProbablyPrime(5) {
			return next
		}
	}
	panic("no prime follows")
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
	p, q := twoPrimes(t)
	rest := mul(p, q) // without small factors
	for name, test := range map[string]struct {
		n    *big.Int
		want string
	}{
		"the first primes after C0 and E0": {mul(after(0xc0), after(0xe0)), "repeats"},
		"a factor of 65537":                {mul(rest, f4), "factor 65537"},
		"a factor of 65521":                {mul(rest, big.NewInt(65521)), "factor 65521"},
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
	if got := PatternedPrime(p); got != "" {
		t.Errorf("a random prime: got %q", got)
	}
}

// prime2048 is a random prime of 2048 bits; finding one takes a second.
const prime2048 = "" +
	"E2AA637BD18E37988952D2FF59D991B781975E1E07DCF902E35707537538F9D50FAF15621FC2FBB166713E8F1F91BDBAE18D9327E3FD1BF92EB3C1C80F3F7A4F" +
	"9846590041F1A36019FBF5C344A7A54CF9AAFD9654A311DBFEBB8E123A344DEC39FEF17C2B004C047D042214B044476D9DE617886512F5302922471C1BB445CB" +
	"A80CCCB478E315DEF84D44294E49E03976E782A334C34066747CB461C6B8AA001C10E717A6D6542A3DE4373B81AF0E59E94B73A28B6EC6B061E682BE60ADBD68" +
	"A8C9E4FA6C5A285DC452FB4B0B44E14A88450ABEC034C4C057A3E44D15CFE98F81E7BDB99661F826B882C5BFBD6CC2158927C20F8AE8623FA0C964C5BE2B3EF3"

func TestPrimeModulus(t *testing.T) {
	n, ok := new(big.Int).SetString(prime2048, 16)
	p, q := twoPrimes(t)
	if !ok || PrimeModulus(n) == "" || PrimeModulus(mul(p, q)) != "" {
		t.Error("primes and products are confused")
	}
}

func TestSharedPrime(t *testing.T) {
	p, q, r := prime(t, 512), prime(t, 512), prime(t, 512)
	if SharedPrime(mul(p, q), mul(p, r)) == "" {
		t.Error("a shared prime is not found")
	}
	if SharedPrime(mul(p, q), mul(p, q)) != "" || SharedPrime(mul(p, q), mul(r, prime(t, 512))) != "" {
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
