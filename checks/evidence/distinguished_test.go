package evidence

import (
	"crypto/x509/pkix"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/cputime"
)

// TestDistinguishedName: text of a name of any length costs little.
func TestDistinguishedName(t *testing.T) {
	if got := DistinguishedName(pkix.Name{CommonName: "api.demo.com", Organization: []string{"Demo"}}); got != "CN=api.demo.com,O=Demo" {
		t.Errorf("got %q", got)
	}
	long := pkix.Name{CommonName: "api.demo.com"}
	for range 5000 {
		long.Names = append(long.Names, pkix.AttributeTypeAndValue{Type: []int{1, 2, 840, 113549, 1, 9, 1}, Value: "t0@test"})
		long.OrganizationalUnit = append(long.OrganizationalUnit, "unit")
	}
	var got string
	allocated := cputime.Allocated(func() { got = DistinguishedName(long) })
	if !strings.HasPrefix(got, "CN=api.demo.com") || len(got) > 5000 || allocated > 1<<20 {
		t.Errorf("got %d bytes that begin with %.40q, %d bytes allocated", len(got), got, allocated)
	}
}
