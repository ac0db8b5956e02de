package sandbox

import (
	"context"
	"errors"
	"testing"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const payments, search = "927d50c0f2e54b359919923d908bb015", "523e8dc7bbe04613b5b1d726c2a7889d"

// twoGroups is a seed in which api.demo.com resolves to payments, and search
// has old.demo.com.
func twoGroups() account.Seed {
	return account.Seed{
		Groups: []account.Group{
			{GroupID: payments, GroupName: "payments"},
			{GroupID: search, GroupName: "search", Domains: []account.Domain{{DomainName: "old.demo.com", BindStageName: "RELEASE"}}},
		},
		Zone: "api.demo.com. IN CNAME " + payments + "-cn-hangzhou.alicloudapi.com.\nold.demo.com. IN CNAME " + payments + "-cn-hangzhou.alicloudapi.com.\n",
	}
}

func start(t testing.TB, change ...func(*Options)) *Sandbox {
	t.Helper()
	o := Options{Seed: twoGroups(), Now: time.Now}
	for _, c := range change {
		c(&o)
	}
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func faults(t *testing.T, spec string) func(*Options) {
	t.Helper()
	f, err := ParseFaults(spec)
	if err != nil {
		t.Fatal(err)
	}
	return func(o *Options) { o.Faults = f }
}

// client returns the official SDK core, pointed at the sandbox.
func client(t testing.TB, s *Sandbox, change ...func(*openapiutil.Config)) *openapi.Client {
	t.Helper()
	config := &openapiutil.Config{
		AccessKeyId: tea.String(s.options.AccessKeyID), AccessKeySecret: tea.String(s.options.AccessKeySecret),
		Endpoint: tea.String(s.gateway.addr), Protocol: tea.String("http"),
	}
	for _, c := range change {
		c(config)
	}
	c, err := openapi.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func v1(c *openapiutil.Config) { c.SignatureAlgorithm = tea.String("v2") }

// call makes one call; method and bodyType are terms of the SDK.
func call(c *openapi.Client, action, method, bodyType string, query map[string]string) (map[string]any, error) {
	return c.CallApi(
		&openapiutil.Params{
			Action: tea.String(action), Version: tea.String("2016-07-14"), Protocol: tea.String("HTTP"), Pathname: tea.String("/"),
			Method: tea.String(method), AuthType: tea.String("AK"), Style: tea.String("RPC"),
			ReqBodyType: tea.String("formData"), BodyType: tea.String(bodyType),
		},
		&openapiutil.OpenApiRequest{Query: pointers(query)},
		runtimeOptions(),
	)
}

func runtimeOptions() *dara.RuntimeOptions {
	return &dara.RuntimeOptions{ReadTimeout: tea.Int(3000), ConnectTimeout: tea.Int(3000)}
}

// code returns the error code that the SDK reports, "" without an error.
func code(err error) string {
	if err == nil {
		return ""
	}
	var e *tea.SDKError
	if errors.As(err, &e) {
		return tea.StringValue(e.Code)
	}
	return "transport"
}

// bind returns the parameters of a valid SetDomain.
func bind() map[string]string {
	return map[string]string{"GroupId": payments, "DomainName": "api.demo.com", "BindStageName": "RELEASE"}
}

func leaf(t *testing.T, names ...string) ca.Leaf {
	t.Helper()
	root, err := ca.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l, err := root.Issue(ca.Options{Names: names})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func pointers(m map[string]string) map[string]*string {
	out := map[string]*string{}
	for name, value := range m {
		out[name] = tea.String(value)
	}
	return out
}
