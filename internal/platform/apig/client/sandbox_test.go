package client_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aliyun/credentials-go/credentials/providers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/apig/client"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
	"github.com/bindgate/bindgate/internal/sandbox/certstore"
)

// observations are all that a reader says of one account.
type observations struct {
	Own, Released evidence.Gateway
	Records       evidence.Records
	None          evidence.Records
	Serving       evidence.Serving
	Store         evidence.Store
	Now           evidence.Record
	NowStore      evidence.Store
	Held          []client.Served
}

// What is observed does not depend on what the platform's pages leave open: the sandbox, a
// second implementation that checks every signature, answers in each of its worlds.
func TestEveryWorldIsObservedAlike(t *testing.T) {
	root, err := ca.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := root.Issue(ca.Options{Names: []string{"api.demo.com"}})
	if err != nil {
		t.Fatal(err)
	}
	seed := account.Seed{
		Certificates: []certstore.Certificate{{ID: 100, Name: "api", Body: string(leaf.Chain), PrivateKey: string(leaf.Key)}, {ID: 102, Name: "ca", Body: string(root.Root())}},
		APIG: apig.Seed{
			Gateways: []apig.Gateway{{GatewayID: "gw-1", Name: "pay"}, {GatewayID: "gw-2"}, {GatewayID: "gw-gone", Released: true}},
			Domains: []apig.Domain{
				{DomainID: "d-api", Name: "api.demo.com", CertIdentifier: "api", ForceHTTPS: true, HTTP2Option: "Open", TLSMin: "TLS 1.2", MTLSEnabled: true, ClientCACert: string(root.Root()), CACertIdentifier: "ca",
					CipherSuites: &apig.Suites{ConfigType: "Custom", List: []apig.Suite{{Name: "AES128-SHA", SupportVersions: []string{"TLS 1.2"}}}}, PublishedOn: []string{"gw-1"}},
				{DomainID: "d-wild", Name: "*.demo.com", Protocol: "HTTP", PublishedOn: []string{"gw-1", "gw-2"}},
				{DomainID: "d-ai", Name: "ai.demo.com", Protocol: "HTTP", GatewayType: "AI"},
			},
		},
	}
	for i := range 120 { // several pages
		seed.APIG.Domains = append(seed.APIG.Domains, apig.Domain{Name: "n" + strings.Repeat("x", i) + ".other.com", Protocol: "HTTP"})
	}
	worlds := []string{""}
	for _, w := range sandbox.Worlds() {
		for _, value := range w.Values[1:] {
			worlds = append(worlds, w.Name+"="+value)
		}
	}
	var want observations
	for _, world := range worlds {
		got := observe(t, seed, world, pki.Digest(leaf.Certificate.Raw))
		switch world {
		case "":
			want = got
			if got.Records.Domain == nil || !got.Records.Complete || got.Records.CountRead != 123 || got.Records.Domain.Status != "Published" || len(got.Records.Domain.UnknownFields) > 0 ||
				len(got.Records.Overlaps) != 1 || got.Released.Found || !got.Own.Found || len(got.Own.Others) == 0 || got.None.Domain != nil || !got.Serving.Deployed("gw-1") ||
				got.Store.ByID == nil || len(got.Store.Matching) != 1 || !*got.Store.Matching[0].DomainMatch || got.Store.Current.SHA256 != pki.Digest(leaf.Certificate.Raw) || len(got.Held) != 124 {
				t.Fatalf("got %+v", got)
			}
		default:
			var apart cmp.Options
			if world == "new-field=present" { // the one difference
				apart = cmp.Options{cmpopts.IgnoreFields(evidence.Record{}, "UnknownFields")}
				if len(got.Now.UnknownFields) != 1 || got.Records.Domain == nil || len(got.Records.Domain.UnknownFields) != 1 {
					t.Errorf("%s: the field is not noted", world)
				}
			}
			if diff := cmp.Diff(want, got, apart); diff != "" {
				t.Errorf("%s: %s", world, diff)
			}
		}
	}
}

// observe asks a sandbox in one world.
func observe(t *testing.T, seed account.Seed, world, leaf string) (got observations) {
	o := sandbox.Options{Seed: seed, Now: time.Now, AccessKeyID: "LTAI-test", AccessKeySecret: "secret"}
	var err error
	if world != "" {
		if o.Assume, err = sandbox.ParseAssumptions([]string{world}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	key, err := providers.NewStaticAKCredentialsProviderBuilder().WithAccessKeyId(o.AccessKeyID).WithAccessKeySecret(o.AccessKeySecret).Build()
	if err != nil {
		t.Fatal(err)
	}
	transport, err := api.NewTransport(api.Config{Endpoint: s.Endpoint(), Credential: key, Rate: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer transport.Close()
	r, ctx, b := client.NewReader(transport, 4), apitest.Soon(t), of("api.demo.com")
	b.Certificate = &binding.Certificate{Name: "api", CASID: "100-cn-hangzhou"}
	must := func(err error) {
		if err != nil {
			t.Errorf("%s: %v", world, err)
		}
	}
	got.Own, err = r.Gateway(ctx, b)
	must(err)
	gone := b
	gone.GatewayID = "gw-gone"
	got.Released, err = r.Gateway(ctx, gone)
	must(err)
	got.Records, err = r.Records(ctx, b)
	must(err)
	got.None, err = r.Records(ctx, of("none.example.com"))
	must(err)
	got.Serving, err = r.Serving(ctx, region, "d-api")
	must(err)
	got.Store, err = r.Store(ctx, b, leaf, "100-cn-hangzhou")
	must(err)
	state, err := r.State(ctx, b, true)
	must(err)
	if state.Records.Domain != nil {
		got.Now = *state.Records.Domain
	}
	got.NowStore = state.Store
	got.Held, err = r.Domains(ctx, region)
	must(err)
	for _, c := range s.Calls() {
		if strings.HasPrefix(c.Action, "GetUserCertificate") {
			t.Errorf("%s was called, which can return a private key", c.Action)
		}
	}
	return got
}
