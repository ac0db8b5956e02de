package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aliyun/credentials-go/credentials/providers"

	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

const caller = `{"RequestId":"R","IdentityType":"RAMUser","AccountId":"1234567890123456","PrincipalId":"2","UserId":"2","Arn":"acs:ram::1234567890123456:user/ci"}`

func TestIdentity(t *testing.T) {
	e := apitest.New(t, map[string][]apitest.Answer{"GetCallerIdentity": {{Body: caller}}})
	p := e.Transport()
	for range 2 {
		id, err := p.Identity(apitest.Soon(t), "cn-hangzhou")
		if want := (wire.Identity{AccountID: "1234567890123456", ARN: "acs:ram::1234567890123456:user/ci", AccessKeyID: "test…"}); err != nil || id != want {
			t.Errorf("got %+v, %v", id, err)
		}
	}
	calls := e.Calls()
	if len(calls) != 1 {
		t.Fatalf("asked %d times, want once", len(calls))
	}
	if v := calls[0].Header.Get("x-acs-version"); v != "2015-04-01" || len(calls[0].URL) > 0 {
		t.Errorf("version %q, query %v", v, calls[0].URL)
	}
}

func TestIdentityThatCannotBeHad(t *testing.T) {
	for name, tc := range map[string]struct {
		answer apitest.Answer
		kind   wire.Kind // of the error; empty: no wire.Error
		want   string
	}{
		"no account":      {apitest.Answer{Body: `{"RequestId":"R"}`}, "", "names no account"},
		"a wrong secret":  {apitest.Answer{Status: 400, Body: apitest.Refusal("SignatureDoesNotMatch", "m")}, wire.Auth, "the secret does not belong to the access key id"},
		"no such key":     {apitest.Answer{Status: 404, Body: apitest.Refusal("InvalidAccessKeyId.NotFound", "m")}, wire.Auth, "no such access key id"},
		"a disabled key":  {apitest.Answer{Status: 400, Body: apitest.Refusal("InvalidAccessKeyId.Inactive", "m")}, wire.Auth, "is disabled"},
		"a token":         {apitest.Answer{Status: 400, Body: apitest.Refusal("InvalidSecurityToken.Expired", "m")}, wire.Auth, "security token has expired"},
		"the clock":       {apitest.Answer{Status: 400, Body: apitest.Refusal("InvalidTimeStamp.Expired", "m")}, wire.Auth, "clock"},
		"no STS there":    {apitest.Answer{Status: 404, Body: apitest.Refusal("InvalidApi.NotFound", "m")}, wire.Rejected, "InvalidApi.NotFound"},
		"a proxy's words": {apitest.Answer{Type: "text/html", Body: "<html>"}, wire.Malformed, "does not speak the API"},
	} {
		e := apitest.New(t, map[string][]apitest.Answer{"GetCallerIdentity": {tc.answer}})
		p := e.Transport()
		_, err := p.Identity(apitest.Soon(t), "cn-hangzhou")
		var refused *wire.Error
		if err == nil || !strings.Contains(err.Error(), tc.want) || tc.kind != "" && (!errors.As(err, &refused) || refused.Kind != tc.kind) {
			t.Errorf("%s: got %v", name, err)
		}
		if (p.Refused() != nil) != (tc.kind == wire.Auth) {
			t.Errorf("%s: refused is %v", name, p.Refused())
		}
	}
}

func TestIdentityWithoutSTS(t *testing.T) {
	e := apitest.New(t, nil) // a question fails the test
	id, err := e.Transport(func(c *api.Config) { c.STS = wire.NoSTS }).Identity(apitest.Soon(t), "cn-hangzhou")
	if !errors.Is(err, wire.ErrNoSTS) || id.AccessKeyID != "test…" {
		t.Errorf("got %+v, %v", id, err)
	}
}

// key is an access key that may be replaced.
type key struct {
	providers.CredentialsProvider
	id string
}

func (k *key) GetCredentials() (*providers.Credentials, error) {
	c, err := k.CredentialsProvider.GetCredentials()
	if err == nil {
		c.AccessKeyId = k.id
	}
	return c, err
}

// flipping is a credential that is replaced between two readings.
type flipping struct {
	key
	reads int
}

func (f *flipping) GetCredentials() (*providers.Credentials, error) {
	if f.reads++; f.reads > 1 {
		f.id = "LTAI9876543210dcba"
	}
	return f.key.GetCredentials()
}

// Whose a key is is not asked with another key.
func TestIdentityIsAskedWithItsOwnKey(t *testing.T) {
	e := apitest.New(t, nil) // a question fails the test
	p := e.Transport(func(c *api.Config) {
		c.Credential, c.Tries = &flipping{key: key{apitest.Credential(t), "LTAI0123456789abcd"}}, 1
	})
	if id, err := p.Identity(apitest.Soon(t), "cn-hangzhou"); err == nil || id.AccountID != "" || !strings.Contains(err.Error(), "replaced meanwhile") {
		t.Errorf("got %+v, %v", id, err)
	}
}

// A call for an account is signed by a key of that account or not sent, however late the
// credentials are replaced.
func TestACallIsSignedByTheAccountThatItIsFor(t *testing.T) {
	e := apitest.New(t, map[string][]apitest.Answer{"GetCallerIdentity": {{Body: caller}}, "SetDomain": {apitest.OK(nil)}})
	k := &key{apitest.Credential(t), "LTAI0123456789abcd"}
	p := e.Transport(func(c *api.Config) { c.Credential = k })
	set := func(account string) error {
		_, _, err := wire.Call(apitest.Soon(t), p, wire.Request{Region: "cn-hangzhou", Action: "SetDomain", Account: account}, nil, 1)
		return err
	}
	refused := func(err error) bool {
		var we *wire.Error
		return errors.As(err, &we) && we.Kind == wire.NotSent
	}
	if err := set("1234567890123456"); !refused(err) {
		t.Errorf("before the first call of GetCallerIdentity: got %v", err)
	}
	if _, err := p.Identity(apitest.Soon(t), "cn-hangzhou"); err != nil {
		t.Fatal(err)
	}
	if err := set("6543210987654321"); !refused(err) {
		t.Errorf("for another account: got %v", err)
	}
	if err := set("1234567890123456"); err != nil {
		t.Errorf("for its own: got %v", err)
	}
	k.id = "LTAI9876543210dcba"
	if err := set("1234567890123456"); !refused(err) {
		t.Errorf("by another key: got %v", err)
	}
	if n := len(e.Calls()); n != 2 {
		t.Errorf("%d calls arrived, want who is calling and one SetDomain", n)
	}
}

// Another access key is another question, whoever was known before.
func TestIdentityOfAnotherKey(t *testing.T) {
	e := apitest.New(t, map[string][]apitest.Answer{"GetCallerIdentity": {{Body: caller}, {Body: strings.ReplaceAll(caller, "1234567890123456", "6543210987654321")}}})
	k := &key{apitest.Credential(t), "LTAI0123456789abcd"}
	p := e.Transport(func(c *api.Config) { c.Credential = k })
	first, err := p.Identity(apitest.Soon(t), "cn-hangzhou")
	if err != nil || first.AccessKeyID != "LTAI…abcd" {
		t.Errorf("got %+v, %v", first, err)
	}
	k.id = "LTAI9876543210dcba"
	if second, err := p.Identity(apitest.Soon(t), "cn-hangzhou"); err != nil || second.AccountID != "6543210987654321" {
		t.Errorf("got %+v, %v", second, err)
	}
}
