package demo

import (
	_ "embed"
	"strings"
)

// The demo's wishes and the state of the sandbox, as they are written into the
// folder. The files that they name are minted (see mint).
var (
	//go:embed scenario/bindings.yaml
	wishes string
	//go:embed scenario/seed.yaml
	seedFile string
)

// The groups of the seed, by name.
const (
	shop       = "927d50c0f2e54b359919923d908bb015"
	payments   = "5b1f0d6c9a7e4c33b0d2a8e4f6c71922"
	backoffice = "6d1f0a8b3c9e47d2a5b4c3d2e1f09876"
	legacy     = "523e8dc7bbe04613b5b1d726c2a7889d"
)

// What becomes of a binding.
const (
	bound     = "bound"     // made, and in effect
	unchanged = "unchanged" // it stood already
	refused   = "refused"
)

// place is a domain on a group.
type place struct{ domain, group string }

// expectation is what must become of one binding. It is written by hand, so
// that report and sandbox are held against something that neither of them said.
type expectation struct {
	place
	becomes string
	fails   string // refused: the one check that fails
	calls   []call // bound: what the sandbox receives, in this order
	loser   string // bound by force: the group that loses the domain
}

// expectations has one entry for each binding of the manifest, in its order.
func expectations() []expectation {
	return []expectation{
		{place: place{"api.demo.com", shop}, becomes: bound, calls: []call{
			setDomain("BindStageName", "RELEASE", "IsHttpRedirectToHttps", "false"),
			setCertificate("api_demo_com"),
			setDomain("BindStageName", "RELEASE", "IsHttpRedirectToHttps", "true"),
		}},
		{place: place{"status.demo.com", shop}, becomes: bound, calls: []call{setDomain("BindStageName", "")}},
		{place: place{"intranet.demo.com", backoffice}, becomes: bound, calls: []call{
			setDomain("BindStageName", "RELEASE", "CustomDomainType", "INTRANET"),
		}},
		{place: place{"*.shop.demo.com", shop}, becomes: bound, calls: []call{
			setDomain("BindStageName", "RELEASE"), setCertificate("shop_demo_com"),
		}},
		{place: place{"checkout.demo.com", payments}, becomes: bound, calls: []call{setDomain("BindStageName", "PRE")}},
		{place: place{"moved.demo.com", payments}, becomes: bound, loser: legacy, calls: []call{
			setDomain("BindStageName", "RELEASE", "IsForce", "true"), setCertificate("moved_demo_com"),
		}},
		{place: place{"stands.demo.com", shop}, becomes: unchanged},
		{place: place{"renewed.demo.com", shop}, becomes: bound, calls: []call{setCertificate("renewed_demo_com_2")}},

		{place: place{"elsewhere.demo.com", shop}, becomes: refused, fails: "dns/cname-reaches-group"},
		{place: place{"wrong-key.demo.com", payments}, becomes: refused, fails: "certificate/key-matches"},
		{place: place{"wrong-name.demo.com", payments}, becomes: refused, fails: "certificate/covers-domain"},
		{place: place{"expired.demo.com", payments}, becomes: refused, fails: "certificate/is-in-validity"},
		{place: place{"typo.demo.com", payments}, becomes: refused, fails: "request/stage-is-valid"},
		{place: place{"no-ticket.demo.com", payments}, becomes: refused, fails: "rebind/force-is-allowed"},
	}
}

// wanted are the calls with the certificate that each must carry.
func (e expectation) wanted(minted map[string]pair) []call {
	calls := make([]call, len(e.calls))
	for i, c := range e.calls {
		if c.action == setDomainCertificate {
			c.pair = minted[strings.TrimPrefix(e.domain, "*.")]
		}
		calls[i] = c
	}
	return calls
}
