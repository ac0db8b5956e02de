package wire_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aliyun/credentials-go/credentials/providers"

	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

const canary = "canary-SECRET-value"

// A source that is named, or given by half, is never replaced by the next one of
// the chain, which would be another identity.
func TestCredentialsOfSomebodyElseAreNotTaken(t *testing.T) {
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, ".aliyun"), 0o700); err != nil {
		t.Fatal(err)
	}
	config := `{"current":"default","profiles":[{"name":"default","mode":"AK","access_key_id":"default-id","access_key_secret":"default-secret"},
		{"name":"prod","mode":"AK","access_key_id":"prod-id","access_key_secret":"prod-secret"}, {"name":"half","mode":"AK","access_key_id":"half-id"},
		{"name":"sso","mode":"CloudSSO","cloud_sso_sign_in_url":"https://signin-cn-shanghai.alibabacloudsso.com/x/login","cloud_sso_account_id":"1",
		 "cloud_sso_access_config":"ac-1","access_token":"` + canary + `","cloud_sso_access_token_expire":1}, {"name":"odd","mode":"Foo"}]}`
	for name, text := range map[string]string{"cut.json": "{", "lost.json": `{"current":"gone","profiles":[{"name":"prod","mode":"AK"}]}`} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(home, ".aliyun", "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(home, ".alibabacloud"), 0o700); err != nil {
		t.Fatal(err)
	}
	shared := "[shared]\ntype = access_key\naccess_key_id = shared-id\naccess_key_secret = s\n[cut]\ntype = access_key\naccess_key_id = cut-id\n"
	if err := os.WriteFile(filepath.Join(home, ".alibabacloud", "credentials"), []byte(shared), 0o600); err != nil {
		t.Fatal(err)
	}
	// The official chain reads the process's own environment.
	t.Setenv("HOME", home)
	t.Setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
	for name, c := range map[string]struct {
		env  map[string]string
		key  string // that is taken
		want string // of the error

		source string // that is named; empty: not compared
	}{
		"a whole key":               {env: map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": "own-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s"}, key: "own-id"},
		"a key and a profile":       {env: map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": "own-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s", "ALIBABA_CLOUD_PROFILE": "no"}, key: "own-id"},
		"a profile":                 {env: map[string]string{"ALIBABA_CLOUD_PROFILE": "prod"}, key: "prod-id"},
		"nothing named":             {key: "default-id", source: "the current profile"},
		"names of Terraform":        {env: map[string]string{"ALICLOUD_ACCESS_KEY": "id", "ALICLOUD_SECRET_KEY": canary}, want: "ALICLOUD_ACCESS_KEY is a name of other tools"},
		"a role of lego":            {env: map[string]string{"ALICLOUD_RAM_ROLE": "r"}, want: "ALICLOUD_RAM_ROLE is a name of other tools"},
		"Terraform's key and a key": {env: map[string]string{"ALICLOUD_ACCESS_KEY": "id", "ALIBABA_CLOUD_ACCESS_KEY_ID": "own-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s"}, key: "own-id"},
		"an expired sign-in":        {env: map[string]string{"ALIBABA_CLOUD_PROFILE": "sso"}, want: "its sign-in has expired or was never made: run `aliyun configure --profile sso --mode CloudSSO`"},
		"an unknown mode":           {env: map[string]string{"ALIBABA_CLOUD_PROFILE": "odd"}, want: `has the mode "Foo", want AK, StsToken`},
		"half of a profile":         {env: map[string]string{"ALIBABA_CLOUD_PROFILE": "half"}, want: "its key is not whole"},
		"profiles are disabled":     {env: map[string]string{"ALIBABA_CLOUD_PROFILE": "prod", "ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"}, want: `the profile "prod" of`},
		"another file":              {env: map[string]string{"ALIBABA_CLOUD_CONFIG_FILE": "/no/such/config.json", "ALIBABA_CLOUD_PROFILE": "prdo"}, want: `the profile "prdo" of`},
		"a credentials file":        {env: map[string]string{"ALIBABA_CLOUD_PROFILE": "shared"}, key: "shared-id", source: `the profile "shared" of`},
		"half of a section":         {env: map[string]string{"ALIBABA_CLOUD_CONFIG_FILE": "/no/such/config.json", "ALIBABA_CLOUD_PROFILE": "cut"}, want: "a section of that name"},
		"no such file":              {env: map[string]string{"ALIBABA_CLOUD_CREDENTIALS_FILE": "/no/such/file"}, want: "neither ~/.aliyun/config.json nor the credentials file"},
		"no JSON":                   {env: map[string]string{"ALIBABA_CLOUD_CONFIG_FILE": filepath.Join(home, "cut.json")}, want: "no JSON of the documented shape"},
		"no current profile":        {env: map[string]string{"ALIBABA_CLOUD_CONFIG_FILE": filepath.Join(home, "lost.json")}, want: `the profile "gone" of`},
		"an address":                {env: map[string]string{"ALIBABA_CLOUD_CREDENTIALS_URI": "http://127.0.0.1:1/" + canary}, want: "the address of ALIBABA_CLOUD_CREDENTIALS_URI gives none"},
		"a role":                    {env: map[string]string{"ALIBABA_CLOUD_ECS_METADATA": "r"}, want: "the ECS instance role of ALIBABA_CLOUD_ECS_METADATA"},
		"an id without its secret":  {env: map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": "own-id"}, want: "ALIBABA_CLOUD_ACCESS_KEY_ID is set, ALIBABA_CLOUD_ACCESS_KEY_SECRET is not"},
		"a secret without its id":   {env: map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_SECRET": canary}, want: "ALIBABA_CLOUD_ACCESS_KEY_SECRET is set, ALIBABA_CLOUD_ACCESS_KEY_ID is not"},
		"a token alone":             {env: map[string]string{"ALIBABA_CLOUD_SECURITY_TOKEN": canary}, want: "set all three or none"},
		"a line break":              {env: map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": "own-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": canary + "\n"}, want: "ALIBABA_CLOUD_ACCESS_KEY_SECRET holds white space"},
		"no such profile":           {env: map[string]string{"ALIBABA_CLOUD_PROFILE": "prdo"}, want: `the profile "prdo" of`},
		"half of OIDC":              {env: map[string]string{"ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/token", "ALIBABA_CLOUD_ROLE_ARN": "r"}, want: "ALIBABA_CLOUD_OIDC_PROVIDER_ARN is not set"},
		"OIDC without its token": {env: map[string]string{"ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/no/such/token", "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/r",
			"ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/p"}, want: "OIDC (ALIBABA_CLOUD_OIDC_TOKEN_FILE) gives none"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := wire.Credentials(t.Context(), func(name string) string {
				if name == "HOME" {
					return home
				}
				return c.env[name]
			})
			if c.want != "" {
				if !errors.Is(err, wire.ErrNoCredentials) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), canary) {
					t.Errorf("got %v, want an error with %q and without a secret", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			m, err := got.GetCredentials()
			if err != nil || m.AccessKeyId != c.key {
				t.Errorf("got %q and %v, want the key %q", m.AccessKeyId, err, c.key)
			}
			if named := got.(interface{ Source() string }).Source(); !strings.Contains(named, c.source) || named == "" {
				t.Errorf("the source is %q, want %q", named, c.source)
			}
		})
	}
}

func TestNamesOfOtherToolsAreExplained(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
	_, err := wire.Credentials(t.Context(), func(name string) string {
		return map[string]string{"ALICLOUD_ACCESS_KEY": "id", "ALICLOUD_SECRET_KEY": canary}[name]
	})
	if err == nil || !strings.Contains(err.Error(), "is a name of other tools and is not read") || strings.Contains(err.Error(), canary) {
		t.Errorf("got %v, want a hint at the names that are read", err)
	}
}

// A source that does not answer is not waited for when the run is interrupted.
func TestCredentialsEndWithTheContext(t *testing.T) {
	asked := make(chan struct{}, 1)
	never := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-never
	}))
	defer server.Close()
	defer close(never)
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		<-asked
		interrupt()
	}()
	env := map[string]string{"ALIBABA_CLOUD_CREDENTIALS_URI": server.URL, "ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"}
	_, err := wire.Credentials(ctx, func(name string) string { return env[name] })
	if !errors.Is(err, context.Canceled) || errors.Is(err, wire.ErrNoCredentials) || strings.Contains(err.Error(), server.URL) {
		t.Errorf("got %v, want an interruption", err)
	}
	pool, err := wire.New(wire.Config{Credential: waiting{asked, never}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt = context.WithCancel(t.Context())
	go func() {
		<-asked
		interrupt()
	}()
	var failed *wire.Error
	if err := wire.Read(ctx, pool, wire.Request{Region: "cn-hangzhou", Action: "DescribeApiGroups"}, &struct{}{}); !errors.As(err, &failed) || failed.Kind != wire.NotSent || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a call that was not sent", err)
	}
}

// waiting never gives a key.
type waiting struct{ asked, never chan struct{} }

func (w waiting) GetCredentials() (*providers.Credentials, error) {
	w.asked <- struct{}{}
	<-w.never
	return nil, errors.New("too late")
}

func (waiting) GetProviderName() string { return "waiting" }
