package certificate

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	collector "github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// The cost limits of collecting and judging a hostile chain. The race detector
// multiplies time, so the limit of time does not apply to it.
const (
	mostTime   = 100 * time.Millisecond
	mostMemory = 50 << 20
)

func TestHostileChains(t *testing.T) {
	root := pkitest.Root(t, "Root")
	ca := root.CA(t, "CA")
	leaf := ca.Leaf(t, []string{"api.demo.com"})
	for name, chain := range map[string][]byte{
		"10,000 certificates":         bytes.Repeat(pkitest.PEM(leaf), 10_000),
		"100 certificates":            append(pkitest.PEM(leaf), bytes.Repeat(pkitest.PEM(ca), 99)...),
		"a megabyte extension":        bigExtension(t, ca, 700<<10),
		"extensions to the limit":     bigExtension(t, ca, 90<<10),
		"name constraints":            constraints(t, root, 3000, 400),
		"constraints to the limit":    constraints(t, root, 400, 300),
		"constraint after constraint": nested(t, root),
		"directory constraints":       directories(t, root, 3000, 100),
		"directories to the limit":    directories(t, root, 1200, 200),
		"constraints on many paths":   manyPaths(t, root),
		"16k-bit RSA":                 pkitest.PEM(bigRSA(t, ca, 16384), ca),
		"8k-bit RSA":                  pkitest.PEM(bigRSA(t, ca, 8192), ca),
		"a cycle of cross-signs":      cycle(t),
		"many names": pkitest.PEM(ca.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) {
			for i := range 1900 {
				c.DNSNames = append(c.DNSNames, fmt.Sprintf("a%d.demo.com", i))
			}
		}), ca),
	} {
		dir := t.TempDir()
		write(t, dir, "roots.pem", pkitest.PEM(root))
		write(t, dir, "chain.pem", chain)
		write(t, dir, "key.pem", pkitest.KeyPEM(t, leaf.Key))
		withinBounds(t, name, dir)
	}
}

// withinBounds judges a folder and compares the cost with the limits.
func withinBounds(t *testing.T, name, dir string) map[string]checks.Status {
	t.Helper()
	statuses, took, used := measured(t, dir)
	for range 20 { // a busy machine is no hostile file
		if took > mostTime {
			statuses, took, used = measured(t, dir)
		}
	}
	t.Logf("%-30s %8s %6d KiB allocated in all, trusted: %s, bounded: %s, key read: %s", name, took.Round(100*time.Microsecond), used>>10,
		statuses["certificate/chain-is-trusted"], statuses["certificate/is-within-limits"], statuses["certificate/key-is-readable"])
	if used > mostMemory || took > mostTime && !raceDetector {
		t.Errorf("%s: took %s and %d bytes, want at most %s and %d", name, took, used, mostTime, mostMemory)
	}
	if len(statuses) != len(Checks()) {
		t.Errorf("%s: %d checks answered", name, len(statuses))
	}
	return statuses
}

func measured(t *testing.T, dir string) (map[string]checks.Status, time.Duration, uint64) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := cputime.Spent(t)
	statuses := judgeFolder(t, dir)
	took := cputime.Spent(t) - start
	runtime.ReadMemStats(&after)
	return statuses, took, after.TotalAlloc - before.TotalAlloc
}

func judgeFolder(t *testing.T, dir string) map[string]checks.Status {
	t.Helper()
	statuses := map[string]checks.Status{}
	for _, r := range judgeFiles(t, dir) {
		statuses[r.ID] = r.Status
	}
	return statuses
}

// judgeFiles runs the family on roots.pem, chain.pem and key.pem of a folder.
func judgeFiles(t *testing.T, dir string) []checks.Result {
	t.Helper()
	b := binding.Binding{DomainName: "api.demo.com", Certificate: &binding.Certificate{Body: "chain.pem", PrivateKey: &binding.SecretRef{File: "key.pem", PassphraseEnv: "BINDGATE_PASSPHRASE"}}}
	c, err := collector.New(collector.Config{Files: confine.Anywhere(), Dir: dir, Roots: "roots.pem", Now: pkitest.Now,
		LookupEnv: func(string) (string, bool) { return "demo", true }})
	if err != nil {
		t.Fatal(err)
	}
	s := checks.Subject{Binding: b, Evidence: evidence.Evidence{Run: evidence.Run{Now: pkitest.Now()}}}
	s.Evidence.Certificate, s.Evidence.Key = c.Collect(t.Context(), b)
	return checks.Run(t.Context(), Checks(), nil, s)
}

func bigExtension(t *testing.T, ca pkitest.Identity, size int) []byte {
	return pkitest.PEM(ca.Leaf(t, []string{"api.demo.com"}, pkitest.Extension(false, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 55555, 2}, make([]byte, size))), ca)
}

// constraints returns a CA with many constraints and a leaf with many names.
func constraints(t *testing.T, root pkitest.Identity, excluded, names int) []byte {
	ca := root.CA(t, "Constrained", func(c *x509.Certificate) {
		for i := range excluded {
			c.ExcludedDNSDomains = append(c.ExcludedDNSDomains, fmt.Sprintf("x%d.example", i))
			if i < excluded/8 {
				c.ExcludedIPRanges = append(c.ExcludedIPRanges, &net.IPNet{IP: net.IPv4(10, byte(i), 0, 0), Mask: net.CIDRMask(16, 32)})
			}
		}
	})
	return pkitest.PEM(ca.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) {
		for i := range names {
			c.DNSNames = append(c.DNSNames, fmt.Sprintf("n%d.demo.com", i))
		}
	}), ca)
}

// directories returns a CA with many constraints on directoryName and a leaf
// with many names of that form that share the prefix of the constraints.
func directories(t *testing.T, root pkitest.Identity, excluded, names int) []byte {
	marshal := func(value any) []byte {
		der, err := asn1.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	wrap := func(class, tag int, content []byte) []byte {
		return marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: content})
	}
	name := func(i int) []byte {
		rdns := pkix.Name{Country: []string{"CN"}, Organization: []string{"Demo"}, CommonName: fmt.Sprint(i)}.ToRDNSequence()
		return wrap(asn1.ClassContextSpecific, 4, marshal(rdns))
	}
	var subtrees, alternatives []byte
	for i := range excluded {
		subtrees = append(subtrees, wrap(asn1.ClassUniversal, asn1.TagSequence, name(i))...)
	}
	for i := range names {
		alternatives = append(alternatives, name(excluded+i)...)
	}
	ca := root.CA(t, "Constrained", pkitest.Extension(true, asn1.ObjectIdentifier{2, 5, 29, 30},
		wrap(asn1.ClassUniversal, asn1.TagSequence, wrap(asn1.ClassContextSpecific, 1, subtrees))))
	return pkitest.PEM(ca.Leaf(t, []string{"api.demo.com"}, pkitest.Extension(false, asn1.ObjectIdentifier{2, 5, 29, 17},
		wrap(asn1.ClassUniversal, asn1.TagSequence, alternatives))), ca)
}

// manyPaths returns a file in which many certificates of one CA, with
// constraints and names, can be each of two steps of the path.
func manyPaths(t *testing.T, root pkitest.Identity) []byte {
	upper, lower := root.CA(t, "Upper"), root.CA(t, "Lower")
	var chain []pkitest.Identity
	for i := range 45 {
		change := func(c *x509.Certificate) {
			for j := range 5 {
				c.ExcludedDNSDomains = append(c.ExcludedDNSDomains, fmt.Sprintf("x%d.example", j))
				c.DNSNames = append(c.DNSNames, fmt.Sprintf("s%d-%d.demo.com", i, j))
			}
		}
		chain = append(chain, root.Certify(t, "Upper", upper.Key, change), upper.Certify(t, "Lower", lower.Key, change))
	}
	return pkitest.PEM(append([]pkitest.Identity{lower.Leaf(t, []string{"api.demo.com"})}, chain...)...)
}

// nested returns a long path with constraints and names at each step.
func nested(t *testing.T, root pkitest.Identity) []byte {
	var chain []pkitest.Identity
	at := root
	for i := range 40 {
		at = at.CA(t, fmt.Sprintf("Step %d", i), func(c *x509.Certificate) {
			for j := range 60 {
				c.ExcludedDNSDomains = append(c.ExcludedDNSDomains, fmt.Sprintf("x%d.example", j))
				c.DNSNames = append(c.DNSNames, fmt.Sprintf("s%d.demo.com", j))
			}
		})
		chain = append([]pkitest.Identity{at}, chain...)
	}
	return pkitest.PEM(append([]pkitest.Identity{at.Leaf(t, []string{"api.demo.com"})}, chain...)...)
}

// bigRSA returns a leaf with a random modulus, so that no key of that size is
// generated.
func bigRSA(t *testing.T, ca pkitest.Identity, bits int) pkitest.Identity {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	if err != nil {
		t.Fatal(err)
	}
	n.SetBit(n.SetBit(n, bits-1, 1), 0, 1)
	return ca.Certify(t, "big", publicOnlyKey{&rsa.PublicKey{N: n, E: 65537}}, pkitest.Server("api.demo.com"))
}

// cycle returns a leaf below CAs that all certify each other, without a root.
func cycle(t *testing.T) []byte {
	const names = 8
	var keys []pkitest.Identity
	for i := range names {
		keys = append(keys, pkitest.Root(t, fmt.Sprintf("Ring %d", i)))
	}
	chain := []pkitest.Identity{keys[0].Leaf(t, []string{"api.demo.com"})}
	for i, signer := range keys {
		for j, subject := range keys {
			if i != j {
				chain = append(chain, signer.Certify(t, fmt.Sprintf("Ring %d", j), subject.Key))
			}
		}
	}
	return pkitest.PEM(chain...)
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}
