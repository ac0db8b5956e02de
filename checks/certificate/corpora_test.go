//go:build corpora

package certificate

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	collector "github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/collect/revocation"
	"github.com/bindgate/bindgate/internal/confine"
)

// These tests compare verdicts with public test suites; .ci/corpora fetches the
// suites and names them in the environment.

// memory is a folder of files in memory.
type memory map[string][]byte

func (m memory) Read(_, path string, _ int64) (confine.File, error) {
	data, ok := m[path]
	if !ok {
		return confine.File{}, fs.ErrNotExist
	}
	return confine.File{Path: "/nowhere/" + path, Bytes: data}, nil
}

// tally compares verdicts with the expectations of a suite. Stricter are cases
// that the suite accepts and the check refuses for a known reason.
type tally struct {
	agree                                               int
	accepted, rejected, undecided, unrejected, stricter []string
	reasons                                             map[string]string // by the first word of a case's name
}

func (c *tally) add(name string, accept bool, got checks.Status) {
	id, _, _ := strings.Cut(name, " ")
	switch reason := c.reasons[id]; {
	case got == checks.StatusPass && accept, got == checks.StatusFail && !accept:
		c.agree++
	case got == checks.StatusPass:
		c.accepted = append(c.accepted, name)
	case reason != "":
		c.stricter = append(c.stricter, id+": "+reason)
	case got == checks.StatusFail:
		c.rejected = append(c.rejected, name)
	case accept:
		c.undecided = append(c.undecided, name)
	default:
		c.unrejected = append(c.unrejected, name)
	}
}

// report prints a tally and fails on a wrong verdict. Each reason for a
// stricter verdict must be used.
func (c *tally) report(t *testing.T, suite string) {
	t.Helper()
	t.Logf("%s: %d agree, %d false accepts, %d false rejects, %d stricter, cannot be evaluated: %d that should be accepted, %d that should be rejected",
		suite, c.agree, len(c.accepted), len(c.rejected), len(c.stricter), len(c.undecided), len(c.unrejected))
	for _, one := range c.stricter {
		t.Logf("  stricter: %s", one)
	}
	for _, one := range slices.Concat(c.undecided, c.unrejected) {
		t.Logf("  not evaluated: %s", one)
	}
	for _, one := range c.accepted {
		t.Errorf("  false accept: %s", one)
	}
	for _, one := range c.rejected {
		t.Errorf("  false reject: %s", one)
	}
	if len(c.stricter) != len(c.reasons) {
		t.Errorf("  %d cases are stricter, want the %d that have a reason", len(c.stricter), len(c.reasons))
	}
}

// stricterThanPKITS returns the cases, by id, that PKITS accepts by RFC 5280
// and that a TLS server must not have.
func stricterThanPKITS() map[string]string {
	const (
		dsa   = "DSA: the Baseline Requirements (§6.1.5, §7.1.3.1) have no such keys, nor has TLS 1.3 (RFC 8446 §4.2.3)"
		bytes = "issuer and subject match by RFC 5280 §7.1 but not byte for byte, as the Baseline Requirements (§7.1.4.1) demand and crypto/x509 does"
	)
	return map[string]string{
		"4.1.4": dsa, "4.1.5": dsa,
		"4.3.3": bytes, "4.3.4": bytes, "4.3.5": bytes, "4.3.10": bytes, "4.3.11": bytes,
	}
}

// verdict runs checks on a chain and returns the worst status.
func verdict(t *testing.T, chain, roots, domain string, crls []string, now time.Time, ids ...string) (checks.Status, string) {
	t.Helper()
	b := binding.Binding{DomainName: domain, Certificate: &binding.Certificate{Body: "chain"}}
	c, err := collector.New(collector.Config{Files: memory{"chain": []byte(chain)}, Roots: roots, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	s := checks.Subject{Binding: b, Evidence: evidence.Evidence{Run: evidence.Run{Now: now}}}
	s.Evidence.Certificate, s.Evidence.Key = c.Collect(t.Context(), b)
	if crls != nil {
		r, err := revocation.New(revocation.Config{CRLs: crls, Offline: "no network", Now: func() time.Time { return now }})
		if err != nil {
			return checks.StatusFail, err.Error()
		}
		s.Evidence.Revocation = r.Collect(t.Context(), s.Evidence.Certificate)
	}
	worst, why := checks.StatusPass, ""
	for _, check := range Checks() {
		if !slices.Contains(ids, strings.TrimPrefix(check.ID, "certificate/")) {
			continue
		}
		r := checks.Run(t.Context(), []checks.Check{check}, nil, s)[0]
		switch {
		case r.Status == checks.StatusFail:
			return r.Status, fmt.Sprintf("%s %v", r.ID, r.Findings)
		case r.Status != checks.StatusPass && r.Status != checks.StatusNotApplicable:
			worst, why = checks.StatusUnknown, r.ID+" "+r.Reason
		}
	}
	return worst, why
}

func rootsFile(t *testing.T, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func chainText(ders [][]byte) string {
	var text strings.Builder
	for _, der := range ders {
		_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	return text.String()
}

func TestBetterTLS(t *testing.T) {
	data, err := os.ReadFile(os.Getenv("BETTERTLS"))
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		TrustRoot []byte `json:"trustRoot"`
		Suites    map[string]struct {
			TestCases []struct {
				ID           int      `json:"id"`
				Certificates [][]byte `json:"certificates"`
				Hostname     string   `json:"hostname"`
				Expected     string   `json:"expected"`
			} `json:"testCases"`
		} `json:"suites"`
	}
	if err := json.Unmarshal(data, &suite); err != nil {
		t.Fatal(err)
	}
	roots := rootsFile(t, suite.TrustRoot)
	for name, s := range suite.Suites {
		var c tally
		addresses := 0
		for _, tc := range s.TestCases {
			if net.ParseIP(tc.Hostname) != nil {
				addresses++ // a binding is for a domain name
				if got, _ := verdict(t, chainText(tc.Certificates), roots, tc.Hostname, nil, time.Now(), "chain-is-trusted", "covers-domain"); got == checks.StatusPass {
					t.Errorf("%d: passes for the address %s", tc.ID, tc.Hostname)
				}
				continue
			}
			got, why := verdict(t, chainText(tc.Certificates), roots, tc.Hostname, nil, time.Now(),
				"is-readable", "is-within-limits", "leaf-comes-first", "chain-is-trusted", "covers-domain", "is-valid-now")
			if want := tc.Expected == "ACCEPT"; got == checks.StatusPass != want {
				why = fmt.Sprintf("%d: %.220s", tc.ID, why)
			}
			c.add(why, tc.Expected == "ACCEPT", got)
		}
		c.report(t, "bettertls "+name)
		t.Logf("  %d cases ask for an IP address: none passes", addresses)
	}
}

// TestPKITS runs NIST's suite from the Go toolchain. Its leaves are no TLS
// servers, so only path, dates and revocation are judged; cases that set policy
// inputs, which TLS clients do not have, are skipped.
func TestPKITS(t *testing.T) {
	dir := filepath.Join(os.Getenv("GOROOT_SRC"), "crypto/x509/testdata/nist-pkits")
	data, err := os.ReadFile(filepath.Join(dir, "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name                                                                        string
		CertPath, CRLPath, InitialPolicySet                                         []string
		ShouldValidate                                                              bool
		InitialPolicyMappingInhibit, InitialExplicitPolicy, InitialAnyPolicyInhibit bool
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	paths, revocations := tally{reasons: stricterThanPKITS()}, tally{}
	left := 0
	for _, tc := range cases {
		if tc.InitialPolicyMappingInhibit || tc.InitialExplicitPolicy || tc.InitialAnyPolicyInhibit || !slices.Equal(tc.InitialPolicySet, []string{"anyPolicy"}) {
			left++
			continue
		}
		var ders [][]byte
		for _, name := range tc.CertPath {
			der, err := os.ReadFile(filepath.Join(dir, "certs", name))
			if err != nil {
				t.Fatal(err)
			}
			ders = append(ders, der)
		}
		roots := rootsFile(t, ders[0])
		slices.Reverse(ders)
		chain := chainText(ders[:len(ders)-1])
		if aboutCRLs(tc.Name) {
			left++
			continue
		}
		if !strings.HasPrefix(tc.Name, "4.4.") && !strings.HasPrefix(tc.Name, "4.14.") && !strings.HasPrefix(tc.Name, "4.15.") {
			got, why := verdict(t, chain, roots, "x.example", nil, time.Now(), "is-readable", "is-within-limits", "chain-is-trusted", "is-valid-now")
			paths.add(fmt.Sprintf("%s: %.300s", tc.Name, why), tc.ShouldValidate, got)
			continue
		}
		var crls []string
		for _, name := range tc.CRLPath {
			if path := filepath.Join(dir, "crls", name); exists(path) {
				crls = append(crls, path)
			}
		}
		if len(crls) < len(tc.CRLPath) {
			left++
			continue
		}
		got, why := verdict(t, chain, roots, "x.example", crls, time.Now(), "chain-is-trusted", "is-valid-now", "is-not-revoked", "revocation-was-checked")
		revocations.add(fmt.Sprintf("%s: %.160s", tc.Name, why), tc.ShouldValidate, got)
	}
	paths.report(t, "PKITS paths")
	revocations.report(t, "PKITS revocation")
	t.Logf("left out for policy inputs, or because the toolchain carries no CRL for them: %d", left)
}

// aboutCRLs reports cases outside of the sections on CRLs that only their CRLs
// decide.
func aboutCRLs(name string) bool {
	return slices.ContainsFunc([]string{"4.5.2 ", "4.5.5 ", "4.5.7 ", "4.7.4 ", "4.7.5 "}, func(n string) bool { return strings.HasPrefix(name, n) })
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
