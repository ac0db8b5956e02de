package catalog

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/checktest"
	"github.com/bindgate/bindgate/checks/evidence"
	collector "github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// The fixtures of the whole catalogue run together: a check without fixtures
// fails, fixtures without a check fail, and a check that its family does not
// list is an unused function.
func TestFixtures(t *testing.T) {
	checktest.Run(t, os.DirFS(filepath.Join("..", "..", "testdata", "checks")), All(), checktest.WithLoader(new(loader).load))
}

// loader keeps what it collected of a binding and its files: every fourth fixture loads the
// same certificate.
type loader []collected

type collected struct {
	asked       question
	certificate evidence.Observation[evidence.Certificate]
	key         evidence.Observation[evidence.Key]
}

// question is all that the collector's answer depends on, except for the files themselves.
type question struct {
	binding     binding.Binding
	roots       string
	environment map[string]string
}

// load collects files of testdata/certificates with the real collector:
// certificate, key, env (a file whose text is the variable's value),
// passphrase, roots (default roots.pem), served, the certificate that the group
// serves, and presented, the chain that an address presents. Of a gateway: stored, the
// certificate of the store with the id that the binding names, matching, one that the
// store finds by its digest, keyless and keyUnstated, such ones without a key, attached, the one that the
// domain has, recordCA, the CA of client certificates in its record, clientCA, the one that the
// binding states, and storedCA, the certificate of the store with its id. Of a move: newEntry
// and oldEntry, the chains that the gateway and the API group present.
func (l *loader) load(t *testing.T, files map[string]string, s *checks.Subject) {
	t.Helper()
	b := s.Binding
	dir, err := filepath.Abs(filepath.Join("..", "..", "testdata", "certificates"))
	if err != nil {
		t.Fatal(err)
	}
	confined, err := confine.New([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{}
	b.Source.File = ""
	b.Certificate = &binding.Certificate{Body: files["certificate"]}
	if files["key"] != "" {
		b.Certificate.PrivateKey = &binding.SecretRef{File: files["key"]}
	}
	if files["env"] != "" {
		b.Certificate.PrivateKey = &binding.SecretRef{Env: "BINDGATE_KEY"}
		value, err := os.ReadFile(filepath.Join(dir, files["env"]))
		if err != nil {
			t.Fatal(err)
		}
		environment["BINDGATE_KEY"] = string(value)
	}
	if passphrase, ok := files["passphrase"]; ok {
		b.Certificate.PrivateKey.PassphraseEnv = "BINDGATE_PASSPHRASE"
		environment["BINDGATE_PASSPHRASE"] = passphrase
	}
	roots := "roots.pem"
	if files["roots"] != "" {
		roots = files["roots"]
	}
	c, err := collector.New(collector.Config{
		Files: confined, Dir: dir, Roots: roots, Now: pkitest.Now,
		LookupEnv: func(name string) (string, bool) { v, ok := environment[name]; return v, ok },
	})
	if err != nil {
		t.Fatal(err)
	}
	if files["presented"] != "" {
		s.Evidence.Probe = presented(t, c, filepath.Join(dir, files["presented"]))
	}
	if file := files["newEntry"]; file != "" {
		s.Evidence.Cutover.Facts.New = presented(t, c, filepath.Join(dir, file))
	}
	if file := files["oldEntry"]; file != "" {
		s.Evidence.Cutover.Facts.Old = presented(t, c, filepath.Join(dir, file))
	}
	if file := files["stored"]; file != "" {
		s.Evidence.Store.Facts.ByID = stored(t, filepath.Join(dir, file), "18594200-cn-hangzhou")
	}
	if file := files["matching"]; file != "" {
		s.Evidence.Store.Facts.Matching = []evidence.StoredCertificate{*stored(t, filepath.Join(dir, file), "18594200-cn-hangzhou")}
	}
	if file := files["keyless"]; file != "" {
		c := stored(t, filepath.Join(dir, file), "18594200-cn-hangzhou")
		*c.ExistPrivateKey = false
		s.Evidence.Store.Facts.Matching = []evidence.StoredCertificate{*c}
	}
	if file := files["keyUnstated"]; file != "" {
		c := stored(t, filepath.Join(dir, file), "18594200-cn-hangzhou")
		c.ExistPrivateKey = nil
		s.Evidence.Store.Facts.Matching = []evidence.StoredCertificate{*c}
	}
	if file := files["attached"]; file != "" {
		s.Evidence.Store.Facts.Current = stored(t, filepath.Join(dir, file), "18594156-cn-hangzhou")
	}
	if file := files["recordCA"]; file != "" {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		s.Evidence.Records.Facts.Domain.MTLSEnabled, s.Evidence.Records.Facts.Domain.ClientCACert = true, string(text)
	}
	if file := files["storedCA"]; file != "" {
		s.Evidence.Store.Facts.ClientCA = stored(t, filepath.Join(dir, file), "8237000-cn-hangzhou")
	}
	if file := files["clientCA"]; file != "" {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		ca, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		facts := evidence.Certificate{ClientCA: &evidence.ClientCA{Source: file, Chain: []evidence.Cert{evidence.NewCert(ca, 0, 0)}}}
		s.Evidence.Certificate = evidence.Observed(facts, "", pkitest.Now())
	}
	if files["certificate"] == "" {
		return
	}
	asked := question{b, roots, environment}
	at := slices.IndexFunc(*l, func(one collected) bool { return reflect.DeepEqual(one.asked, asked) })
	if at < 0 {
		at = len(*l)
		certificate, key := c.Collect(t.Context(), b)
		*l = append(*l, collected{asked, certificate, key})
	}
	got := (*l)[at]
	if got.certificate.State != evidence.StateMissing {
		s.Evidence.Certificate = got.certificate
	}
	if got.key.State != evidence.StateMissing {
		s.Evidence.Key = got.key
	}
	if files["served"] != "" {
		text, err := os.ReadFile(filepath.Join(dir, files["served"]))
		if err != nil {
			t.Fatal(err)
		}
		s.Evidence.Group.Facts.Served = &evidence.Served{CertificateName: "old", ChainDigest: "sha256:00", Leaf: string(text)}
	}
}

// stored returns what the certificate store says of the first certificate of a file.
func stored(t *testing.T, file, id string) *evidence.StoredCertificate {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	sum, key, yes := sha256.Sum256(leaf.Raw), true, true
	return &evidence.StoredCertificate{CertIdentifier: id, Name: "stored", Serial: leaf.SerialNumber.Text(16), SHA256: "sha256:" + hex.EncodeToString(sum[:]),
		SANs: leaf.DNSNames, Algorithm: leaf.PublicKeyAlgorithm.String(), NotBefore: leaf.NotBefore.UnixMilli(), NotAfter: leaf.NotAfter.UnixMilli(),
		ExistPrivateKey: &key, DomainMatch: &yes, ChainCompleted: &yes}
}

// presented returns the observation of a probe whose single address presents the
// chain of a file.
func presented(t *testing.T, c *collector.Collector, file string) evidence.Observation[evidence.Probe] {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := evidence.Presented{Addresses: []string{"192.0.2.10"}, Version: "TLS 1.3"}
	var chain []*x509.Certificate
	for i := 0; ; i++ {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		chain, p.Chain = append(chain, parsed), append(p.Chain, evidence.NewCert(parsed, i, 0))
	}
	p.Path = c.Trust(chain)
	return evidence.Observed(evidence.Probe{Name: "api.demo.com", Presented: []evidence.Presented{p}}, "api.demo.com", pkitest.Now())
}
