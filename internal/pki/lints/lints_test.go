package lints

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zmap/zlint/v3/lint"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// Each lint chosen or skipped by name exists in zlint.
func TestNamesExist(t *testing.T) {
	for _, name := range slices.Concat(skipped(), forIssuers(), tolerated()) {
		if lint.GlobalRegistry().CertificateLints().ByName(name) == nil {
			t.Errorf("zlint has no lint %q", name)
		}
	}
}

func TestProfiles(t *testing.T) {
	public, private := New(true), New(false)
	if public.Count() <= private.Count() || private.Count() < 100 {
		t.Errorf("got %d lints in profile public, %d in private", public.Count(), private.Count())
	}
	for _, l := range private.leaf() {
		if !strings.HasPrefix(string(l.Source), "RFC") {
			t.Errorf("profile private runs %s of %s", l.Name, l.Source)
		}
	}
	if n := len(public.issuer()); n < 15 || n > 40 {
		t.Errorf("got %d lints for intermediates", n)
	}
}

func TestFindings(t *testing.T) {
	root := pkitest.Root(t, "Lint Root")
	ca := root.CA(t, "Lint CA")
	sound := ca.Leaf(t, []string{"api.demo.com"})
	bad := ca.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) { c.DNSNames = []string{"a!b.demo.com", "api.demo.com"} })
	for name, test := range map[string]struct {
		public bool
		der    []byte
		want   string
	}{
		"private sound": {false, sound.Raw, ""},
		"public sound":  {true, sound.Raw, "e_sub_cert_aia_missing"},
		"public bad":    {true, bad.Raw, "e_dnsname_bad_character_in_label"},
	} {
		found, err := New(test.public).Leaf(test.der)
		if err != nil {
			t.Fatal(name, err)
		}
		has := slices.ContainsFunc(found, func(f Finding) bool { return f.ID == test.want && f.Error && f.Source != "" && f.Citation != "" })
		if test.want == "" && len(found) > 0 || test.want != "" && !has {
			t.Errorf("%s: got %+v, want %q", name, found, test.want)
		}
	}
	if found, err := New(true).Issuer(ca.Raw); err != nil {
		t.Errorf("the intermediate: %v, %v", found, err)
	}
	if _, err := New(true).Leaf([]byte("no certificate")); err == nil {
		t.Error("what is no certificate was linted")
	}
	if v := Version(); !strings.HasPrefix(v, "zlint v3") {
		t.Errorf("got %q", v)
	}
}

// No certificate makes Leaf panic.
func FuzzLeaf(f *testing.F) {
	f.Add([]byte{0x30, 0x00})
	f.Add(pkitest.Root(f, "Lint Root").Leaf(f, []string{"api.demo.com"}).Raw)
	linter := New(true)
	f.Fuzz(func(t *testing.T, der []byte) {
		found, err := linter.Leaf(der)
		if err != nil && found != nil {
			t.Errorf("findings with the error %v", err)
		}
	})
}

// A certificate that claims to be older than an RFC must still follow it.
func TestBackdated(t *testing.T) {
	root := pkitest.Root(t, "Lint Root")
	const id = "e_ext_san_not_critical_without_subject"
	untitled := root.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) {
		c.Subject, c.NotBefore = pkix.Name{}, time.Unix(0, 0)
		c.ExtraExtensions = []pkix.Extension{{Id: []int{2, 5, 29, 17}, Value: []byte("\x30\x0e\x82\x0capi.demo.com")}}
	})
	has := func(public bool, der []byte, id string) (found, isError bool) {
		all, err := New(public).Leaf(der)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(all, func(f Finding) bool { return f.ID == id })
		return i >= 0, i >= 0 && all[i].Error
	}
	if found, isError := has(true, untitled.Raw, id); !found || !isError {
		t.Errorf("profile public: %s found %v, an error %v, want both", id, found, isError)
	}
	if found, isError := has(false, untitled.Raw, id); !found || isError {
		t.Errorf("profile private: %s found %v, an error %v, want a warning", id, found, isError)
	}
}
