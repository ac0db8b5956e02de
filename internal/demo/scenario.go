package demo

import (
	_ "embed"

	"github.com/bindgate/bindgate/checks/binding"
)

// The demo's manifest and the state of the sandbox, as written into the folder.
// The files that they name are created by mint.
var (
	//go:embed scenario/bindings.yaml
	classicBindings string
	//go:embed scenario/seed.yaml
	seedFile string

	//go:embed scenario/gateways.yaml
	gatewayBindings string
	//go:embed scenario/gateways-seed.yaml
	gatewaySeed string
	//go:embed scenario/gateways-tree.yaml
	gatewayTree string
	//go:embed scenario/tls_floor.rego
	gatewayPolicy string
)

// scenario is what the demo of one platform judges, and the results that it expects.
type scenario struct {
	manifest, seed string
	more           map[string]string // further files
	args           []string          // of both commands
	orders         []order
	expected       []expectation
	promise        [2]string // what agreement shows
	explain        string    // a check to continue with
	plain          bool      // the requests are also made without bindgate
}

func scenarioOf(platform string) scenario {
	if platform == binding.APIG {
		return scenario{
			manifest: gatewayBindings, seed: gatewaySeed, orders: gatewayOrders(), expected: gatewayExpectations(), plain: true,
			more: map[string]string{".bindgate.yaml": gatewayTree, policyFile: gatewayPolicy}, args: []string{"--policy", "policies"},
			promise: [2]string{"All agree: the sandbox received exactly the decided calls, and every record kept", "what its binding does not name, such as the CA of clients."},
			explain: "apig/certificate-id-is-the-file",
		}
	}
	return scenario{
		manifest: classicBindings, seed: seedFile, orders: orders(), expected: expectations(),
		promise: [2]string{"All agree: the sandbox received exactly the decided calls, and no group lost a", "domain except the one displaced by the force."},
		explain: "certificate/covers-domain",
	}
}

// place is a domain on a group or a gateway.
type place struct{ domain, target string }

// expectation is the expected result for one binding. It is written by hand, so
// that the report is compared with an independent source.
type expectation struct {
	place
	want      string   // the outcome of its calls; or the decision and the failing check that names the mistake
	also      []string // further failing checks
	displaced string   // bound by force: the group that loses the domain
	alone     string   // what clients meet if the request is made without bindgate; "": not shown
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

// gatewayExpectations returns one entry for each binding of the manifest for the
// cloud-native gateway, in order.
func gatewayExpectations() []expectation {
	const pay = "gw-pay"
	refused := func(domain, check, alone string, also ...string) expectation {
		return expectation{place: place{domain, pay}, want: "refused: " + check, also: also, alone: alone}
	}
	all := []expectation{
		{place: place{"api.demo.com", pay}, want: "bound", alone: served},
		{place: place{"soon.demo.com", pay}, want: "bound", alone: "callers go to 198.51.100.80, not to the gateway"},
		{place: place{"kept.demo.com", pay}, want: "unchanged", alone: served},
		{place: place{"mtls.demo.com", pay}, want: "bound", alone: anyone},

		refused("lost.demo.com", "apig/update-keeps-settings", anyone, "apig/mtls-has-its-ca", "certificate/keeps-mutual-tls"),
		refused("other.demo.com", "apig/certificate-id-is-the-file", "clients of other.demo.com get www.demo.com", "apig/certificate-id-is-usable"),
		refused("keyless.demo.com", "apig/certificate-id-is-usable", rejected),
		refused("plain.demo.com", "apig/https-has-a-certificate", rejected),
		refused("suites.demo.com", "apig/suites-fit-the-key", rejected),
		refused("floor.demo.com", "policy/no-denials", "clients with TLS 1.0 are let in"),
		refused("*.deep.demo.com", "apig/wildcard-depth-is-stated", "clients of a.b.deep.demo.com get *.deep.demo.com"),
		refused("gone.demo.com", "dns/cname-reaches-gateway", "callers go to 203.0.113.5 of a released gateway"),
		refused("theirs.demo.com", "apig/domain-is-proved", "callers go to 198.51.100.90, not to the gateway", "dns/cname-reaches-gateway", "dns/is-not-flattened"),
		refused("nogw.demo.com", "apig/gateway-exists", "no gateway serves it"),
		refused("ingress.demo.com", "apig/record-is-updatable", "until the cluster writes its record again"),
		refused("twice.demo.com", "apig/name-is-held-once", "2 records of one name, and one of them answers"),
	}
	all[13].target = "gw-pya"
	return all
}
