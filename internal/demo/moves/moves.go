// Package moves holds an account whose eight domains move from the classic gateway to a
// cloud-native one and are in eight states, for the demo and for tests.
package moves

import (
	_ "embed" // seed and map are files that people can read
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

//go:embed seed.yaml
var seed []byte

//go:embed map.yaml
var file []byte

// Names are the domains, in the order of the map: the domain at index i is in state i+1
// once the servers of Zones answer and an earlier report shows that kept.demo.com led to
// the API group more than its TTL ago.
func Names() []string {
	names := strings.Fields("partner older slow ready moving moved kept done")
	for i, name := range names {
		names[i] = name + ".demo.com"
	}
	return names
}

const (
	day     = 24 * time.Hour
	oldLife = 60 * day // what is left of the certificates of the API group
)

// Write writes seed.yaml, map.yaml, ca.pem, clients-ca.pem and the certificates and keys
// that they name into a folder.
func Write(dir string, now time.Time) error {
	root, err := ca.New(now)
	if err != nil {
		return err
	}
	clients, err := ca.New(now)
	if err != nil {
		return err
	}
	issuer, err := root.Intermediate(ca.Options{})
	if err != nil {
		return err
	}
	files := map[string][]byte{"seed.yaml": seed, "map.yaml": file, "ca.pem": root.Root(), "clients-ca.pem": clients.Root()}
	for _, name := range Names() {
		ends := now.Add(89 * day)
		if strings.HasPrefix(name, "older.") { // the new certificate ends before the old one
			ends = now.Add(45 * day)
		}
		for suffix, until := range map[string]time.Time{"": ends, ".old": now.Add(oldLife)} {
			leaf, err := issuer.Issue(ca.Options{Names: []string{name}, NotAfter: until})
			if err != nil {
				return err
			}
			files["certs/"+name+suffix+".pem"], files["certs/"+name+suffix+".key"] = leaf.Chain, leaf.Key
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "certs"), 0o755); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Names of both entries, and the addresses that they lead to in the sandbox.
const (
	OldEntry = "927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com"
	NewEntry = "nlb-pay-1.cn-hangzhou.nlb.aliyuncs.com"
)

// Zones returns the records of demo.com at its two name servers, of which the second has
// not taken over the change of moving.demo.com; with before, as they were before kept.demo.com moved.
func Zones(before bool) (first, second string) {
	for i, name := range Names() {
		ttl, to := 60, [2]string{OldEntry, OldEntry}
		switch i + 1 {
		case 3:
			ttl = 3600
		case 5:
			to[0] = NewEntry
		case 6, 8:
			to = [2]string{NewEntry, NewEntry}
		case 7:
			if !before {
				to = [2]string{NewEntry, NewEntry}
			}
		}
		first += fmt.Sprintf("%s. %d IN CNAME %s.\n", name, ttl, to[0])
		second += fmt.Sprintf("%s. %d IN CNAME %s.\n", name, ttl, to[1])
	}
	return first, second
}
