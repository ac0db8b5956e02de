package weakkey

import (
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"strings"
	"sync"
	"testing"
)

// Each weakness is found in a key that has it, and no other.
func TestRSA(t *testing.T) {
	p, q := twoPrimes(t)
	next := nextPrime(new(big.Int).Add(p, big.NewInt(2)))
	sound, f4 := mul(p, q), big.NewInt(65537)
	tests := map[string]struct {
		n, e *big.Int
		want string
	}{
		"sound":         {sound, f4, ""},
		"no exponent":   {sound, nil, ""},
		"square":        {mul(p, p), f4, "square"},
		"close primes":  {mul(p, next), f4, "close together"},
		"small factor":  {mul(p, big.NewInt(4093)), f4, "factor 4093"},
		"even modulus":  {mul(p, big.NewInt(2)), f4, "factor 2,"},
		"even exponent": {sound, big.NewInt(65536), "even public exponent"},
		"exponent 1":    {sound, big.NewInt(1), "its own signature"},
		"exponent 3":    {sound, big.NewInt(3), ""},
		"roca":          {mul(rocaPrime(t), rocaPrime(t)), f4, "ROCA"},
		"zero":          {new(big.Int), f4, "positive"},
		"nil":           {nil, f4, "positive"},
		"enormous":      {new(big.Int).Lsh(big.NewInt(1), 20000), f4, "at most"},
	}
	for name, test := range tests {
		got := RSA(test.n, test.e)
		if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// Keys of crypto/rsa cause no false alarm.
func TestSoundKeysAreSound(t *testing.T) {
	for range 2 {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		if got := RSA(key.N, big.NewInt(int64(key.E))); got != nil {
			t.Errorf("%x: got %q", key.N, got)
		}
	}
}

func FuzzRSA(f *testing.F) {
	f.Add([]byte{15}, []byte{3})
	f.Add([]byte{1, 0}, []byte{})
	f.Fuzz(func(t *testing.T, n, e []byte) {
		if len(n) > 256 || len(e) > 64 {
			return
		}
		modulus := new(big.Int).SetBytes(n)
		found := RSA(modulus, new(big.Int).SetBytes(e))
		if root := new(big.Int).Sqrt(modulus); modulus.Sign() > 0 && mul(root, root).Cmp(modulus) == 0 && len(found) == 0 && modulus.Cmp(big.NewInt(1)) > 0 {
			t.Errorf("the square %s shows no weakness", modulus)
		}
	})
}

func BenchmarkRSA2048(b *testing.B) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		RSA(key.N, big.NewInt(65537))
	}
}

func mul(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) }

func prime(t *testing.T, bits int) *big.Int {
	t.Helper()
	p, err := rand.Prime(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// twoPrimes returns two random primes of 1024 bits, the same for each test; no test changes them.
func twoPrimes(t *testing.T) (p, q *big.Int) {
	t.Helper()
	keyOnce.Do(func() { keyPrimes = [2]*big.Int{prime(t, 1024), prime(t, 1024)} })
	return keyPrimes[0], keyPrimes[1]
}

var (
	keyOnce   sync.Once
	keyPrimes [2]*big.Int
)

// rocaPrime generates a prime like the chips: k·M + (65537^a mod M), where M is
// the product of the first 126 primes, as for keys of 2048 bits.
func rocaPrime(t *testing.T) *big.Int {
	t.Helper()
	m := big.NewInt(1)
	for _, p := range primesBelow(702) {
		m.Mul(m, big.NewInt(p))
	}
	limit := new(big.Int).Lsh(big.NewInt(1), uint(1024-m.BitLen()))
	for {
		k, err := rand.Int(rand.Reader, limit)
		if err != nil {
			t.Fatal(err)
		}
		a, err := rand.Int(rand.Reader, m)
		if err != nil {
			t.Fatal(err)
		}
		p := new(big.Int).Exp(big.NewInt(65537), a, m)
		if p.Add(p, k.Mul(k, m)); p.ProbablyPrime(10) {
			return p
		}
	}
}
