package demo

import _ "embed"

// The demo's manifest and the state of the sandbox, as written into the folder.
// The files that they name are created by mint.
var (
	//go:embed scenario/bindings.yaml
	bindings string
	//go:embed scenario/seed.yaml
	seedFile string
)

// place is a domain on a group.
type place struct{ domain, group string }

// expectation is the expected result for one binding. It is written by hand, so
// that the report is compared with an independent source.
type expectation struct {
	place
	want      string // the outcome of its calls; or the decision and the failing check
	displaced string // bound by force: the group that loses the domain
}

// expectations returns one entry for each binding of the manifest, in order.
func expectations() []expectation {
	const (
		shop       = "927d50c0f2e54b359919923d908bb015"
		payments   = "5b1f0d6c9a7e4c33b0d2a8e4f6c71922"
		backoffice = "6d1f0a8b3c9e47d2a5b4c3d2e1f09876"
		legacy     = "523e8dc7bbe04613b5b1d726c2a7889d"
	)
	return []expectation{
		{place: place{"api.demo.com", shop}, want: "bound"},
		{place: place{"status.demo.com", shop}, want: "bound"},
		{place: place{"intranet.demo.com", backoffice}, want: "bound"},
		{place: place{"*.shop.demo.com", shop}, want: "bound"},
		{place: place{"checkout.demo.com", payments}, want: "bound"},
		{place: place{"moved.demo.com", payments}, want: "bound", displaced: legacy},
		{place: place{"unchanged.demo.com", shop}, want: "unchanged"},
		{place: place{"renewed.demo.com", shop}, want: "bound"},

		{place: place{"elsewhere.demo.com", shop}, want: "refused: dns/cname-reaches-group"},
		{place: place{"wrong-key.demo.com", payments}, want: "refused: certificate/key-matches"},
		{place: place{"wrong-name.demo.com", payments}, want: "refused: certificate/covers-domain"},
		{place: place{"expired.demo.com", payments}, want: "refused: certificate/is-valid-now"},
		{place: place{"typo.demo.com", payments}, want: "refused: request/stage-is-valid"},
		{place: place{"no-ticket.demo.com", payments}, want: "refused: rebind/force-is-allowed"},
	}
}
