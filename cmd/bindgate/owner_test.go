package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/internal/config"
)

// property is a key of the schema.
type property struct {
	Properties           map[string]property
	Items                *property
	AdditionalProperties json.RawMessage
}

// below are the keys of the objects in a key, at any depth.
func (p property) below() (names []string) {
	for name, sub := range p.Properties {
		names = append(append(names, name), sub.below()...)
	}
	if p.Items != nil {
		names = append(names, p.Items.below()...)
	}
	var more property
	if len(p.AdditionalProperties) > 0 && p.AdditionalProperties[0] == '{' && json.Unmarshal(p.AdditionalProperties, &more) == nil {
		names = append(names, more.below()...)
	}
	return names
}

// Every key of the owner's file has a section in docs/owner.md, with an example that
// contains each key below it, and a run takes the example.
func TestOwnerPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "owner.md"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]property `json:"$defs"`
	}
	if err := json.Unmarshal(config.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	ownerFiles(w)
	example := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	seen := map[string]bool{}
	_, keys, _ := strings.Cut(string(text), "\n## Keys\n")
	for section := range strings.SplitSeq(keys, "\n### ") {
		key, rest, _ := strings.Cut(section, "\n")
		if strings.TrimSpace(key) == "" {
			continue
		}
		property, known := schema.Defs["owner"].Properties[key]
		if !known || seen[key] {
			t.Errorf("%q is no key of the owner's file, or is there twice", key)
		}
		seen[key] = true
		m := example.FindStringSubmatch(rest)
		if m == nil {
			t.Errorf("%s: no example", key)
			continue
		}
		for _, name := range property.below() {
			if !regexp.MustCompile(`\b`+name+`:`).MatchString(m[1]) && !strings.Contains(rest, "`"+name+"`") {
				t.Errorf("%s: %q is not explained", key, name)
			}
		}
		var values map[string]any
		if err := yaml.Load([]byte(m[1]), &values); err != nil || len(values) != 1 || values[key] == nil {
			t.Errorf("%s: the example has %v (%v), want this key alone", key, values, err)
		}
		owner := m[1]
		if key != "apiVersion" {
			owner = "apiVersion: bindgate/v1\n" + owner
		}
		w.write("gate/owner.yaml", owner)
		if e := w.run("lint", "--offline", "--config", "gate/owner.yaml", "gate/bindings.yaml"); e.code != 0 {
			t.Errorf("%s: exit code %d\n%s%s", key, e.code, e.out, e.err)
		}
	}
	for key := range schema.Defs["owner"].Properties {
		if !seen[key] {
			t.Errorf("the key %q has no section", key)
		}
	}
}

// ownerFiles writes the manifest and the files that the examples name.
func ownerFiles(w *world) {
	w.Helper()
	w.write("gate/bindings.yaml", fmt.Sprintf("apiVersion: bindgate/v1\nbindings:\n  - {domainName: api.demo.com, groupId: %s, regionId: cn-hangzhou, bindStageName: RELEASE, labels: {owner: web, changeTicket: CHG-1}}\n", group(0)))
	root, err := os.ReadFile(w.path("ca.pem"))
	w.check(err)
	w.write("gate/roots.pem", string(root))
	w.write("gate/endpoint-ca.pem", string(root))
	w.write("gate/compromised.txt", strings.Repeat("ab", 32)+"\n")
	w.write("gate/policies/none.rego", "package bindgate.policy.none\n\nimport rego.v2\n\ndeny contains \"never\" if input.binding.domainName == \"never.demo.com\"\n")
	w.write("gate/policy-data.yaml", "force_rebind: {protectedGroups: [core]}\n")
	w.write("gate/tickets.schema.json", `{"type": "object", "additionalProperties": false, "required": ["open"], "properties": {"open": {"type": "array", "items": {"type": "string"}}}}`)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.check(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}}
	crl, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour)}, template, key)
	w.check(err)
	w.write("gate/ca.crl", string(crl))
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	w.check(err)
	w.write("gate/release.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
	w.check(os.Mkdir(w.path("certs"), 0o755))
}
