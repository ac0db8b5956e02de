package certificate_test

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// asking returns a collector that uses these lists of dir.
func asking(t *testing.T, dir string, lists ...string) (*certificate.Collector, error) {
	t.Helper()
	files, err := confine.New([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	return certificate.New(certificate.Config{Files: files, Dir: dir, Roots: "roots.pem", WeakKeys: lists, Now: pkitest.Now})
}

// Every list is searched for the key of every certificate, and the evidence
// names the lists.
func TestKeyLists(t *testing.T) {
	dir, leaf, ca := folder(t)
	digest := func(one pkitest.Identity) string {
		return fmt.Sprintf("%x\n", sha256.Sum256(one.RawSubjectPublicKeyInfo))
	}
	none := strings.Repeat("0", 20) + "\n"
	first, second := "# ours\n"+none+digest(leaf)+digest(ca), none
	write(t, dir, "first.txt", []byte(first))
	write(t, dir, "second.txt", []byte(second))
	absolute := filepath.Join(dir, "second.txt")
	c, err := asking(t, dir, "first.txt", absolute)
	if err != nil {
		t.Fatal(err)
	}
	cert, key := c.Collect(t.Context(), requested("body.pem", nil))
	want := []evidence.KeyList{
		{File: "first.txt", Digest: pki.Digest([]byte(first)), Keys: 3, Listed: []int{0, 1}},
		{File: absolute, Digest: pki.Digest([]byte(second)), Keys: 1},
	}
	if diff := cmp.Diff(want, cert.Facts.KeyLists); diff != "" || key.State != evidence.StateNotCollected {
		t.Errorf("-want +got:\n%s(key %s)", diff, key.State)
	}
	// The result of one binding does not leak into another.
	again, _ := c.Collect(t.Context(), requested("body.pem", nil))
	if !slices.EqualFunc(again.Facts.KeyLists, want, func(a, b evidence.KeyList) bool { return cmp.Equal(a, b) }) {
		t.Errorf("again: got %+v", again.Facts.KeyLists)
	}
}

func TestNewRefusesKeyLists(t *testing.T) {
	dir, _, _ := folder(t)
	write(t, dir, "empty.txt", []byte("# nothing\n"))
	for list, want := range map[string]string{
		"nowhere.txt": `reading --weak-keys: reading "nowhere.txt"`,
		".":           "reading --weak-keys",
		"empty.txt":   "reading --weak-keys: empty.txt: got no key, want 20 hex digits",
		"body.key":    "reading --weak-keys: body.key:1: got a byte that is not a hex digit in column 1, want",
	} {
		if _, err := asking(t, dir, list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", list, err, want)
		}
	}
}
