package wire

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/aliyun/credentials-go/credentials/providers"
)

// Names of the variables of the official clients.
const (
	keyID       = "ALIBABA_CLOUD_ACCESS_KEY_ID"
	keySecret   = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
	keyToken    = "ALIBABA_CLOUD_SECURITY_TOKEN"
	profileName = "ALIBABA_CLOUD_PROFILE"
	roleARN     = "ALIBABA_CLOUD_ROLE_ARN"
	oidcARN     = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"
	oidcToken   = "ALIBABA_CLOUD_OIDC_TOKEN_FILE"
)

// Credentials takes the access key from env, which wins as in the official chain,
// and else asks that chain, which reads the process environment itself. A source
// that is named, or given by half, and gives no key is an error that names it:
// the next source of the chain would be another identity. It asks once, so that a
// machine without any is reported before anything else is done. The error wraps
// ErrNoCredentials; what the chain itself says is not repeated, for it may hold
// the output of a credential process.
func Credentials(env func(string) string) (credentials.Credential, error) {
	if err := halfGiven(env); err != nil {
		return nil, err
	}
	source, provider, err := named(env)
	if err != nil {
		return nil, err
	}
	var chain credentials.Credential
	if provider != nil {
		chain = credentials.FromCredentialsProvider(source, provider)
	} else if chain, err = credentials.NewCredential(accessKey(env)); err != nil {
		return nil, nowhere(env)
	}
	one := &serial{Credential: chain}
	m, err := one.GetCredential()
	switch {
	case err == nil && m != nil && m.AccessKeyId != nil && *m.AccessKeyId != "":
		return one, nil
	case provider != nil:
		return nil, fmt.Errorf("%w: %s gives none; repair it or unset its variables, for no other source is tried in its place", ErrNoCredentials, source)
	}
	return nil, nowhere(env)
}

// halfGiven refuses variables that mean a source and do not make one.
func halfGiven(env func(string) string) error {
	set := func(name string) bool { return env(name) != "" }
	for _, name := range []string{keyID, keySecret, keyToken, roleARN, oidcARN} {
		if strings.ContainsFunc(env(name), func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return fmt.Errorf("%w: %s holds white space or a line break; remove it (the value is not repeated here)", ErrNoCredentials, name)
		}
	}
	switch {
	case set(keyID) && !set(keySecret):
		return fmt.Errorf("%w: %s is set, %s is not; set both or neither", ErrNoCredentials, keyID, keySecret)
	case set(keySecret) && !set(keyID):
		return fmt.Errorf("%w: %s is set, %s is not; set both or neither", ErrNoCredentials, keySecret, keyID)
	case set(keyToken) && !set(keyID):
		return fmt.Errorf("%w: %s is set, %s and %s are not; set all three or none", ErrNoCredentials, keyToken, keyID, keySecret)
	case set(keyID) || !set(oidcARN) && !set(oidcToken):
		return nil
	}
	for _, name := range []string{roleARN, oidcARN, oidcToken} {
		if !set(name) {
			return fmt.Errorf("%w: OIDC takes %s, %s and %s, and %s is not set", ErrNoCredentials, roleARN, oidcARN, oidcToken, name)
		}
	}
	return nil
}

// named returns the provider of the one source that env names in full; nil
// without any, or with an access key, which wins.
func named(env func(string) string) (source string, p providers.CredentialsProvider, err error) {
	switch {
	case env(keyID) != "":
		return "", nil, nil
	case env(oidcToken) != "":
		source = "OIDC (" + oidcToken + ")"
		p, err = providers.NewOIDCCredentialsProviderBuilder().WithRoleArn(env(roleARN)).WithOIDCProviderARN(env(oidcARN)).
			WithOIDCTokenFilePath(env(oidcToken)).Build()
	case env(profileName) != "":
		source = fmt.Sprintf("the profile %.64q (%s)", env(profileName), profileName)
		p, err = providers.NewCLIProfileCredentialsProviderBuilder().WithProfileName(env(profileName)).
			WithProfileFile(profileFile(env)).Build()
	}
	if err != nil {
		return source, nil, fmt.Errorf("%w: %s cannot be used; repair it or unset its variables", ErrNoCredentials, source)
	}
	return source, p, nil
}

// profileFile is where the official command-line client keeps its profiles; empty
// leaves it to the SDK.
func profileFile(env func(string) string) string {
	if file := env("ALIBABA_CLOUD_CONFIG_FILE"); file != "" {
		return file
	}
	if home := env("HOME"); home != "" {
		return filepath.Join(home, ".aliyun", "config.json")
	}
	return ""
}

// nowhere says where credentials were looked for, and names a variable of another
// tool that looks like them.
func nowhere(env func(string) string) error {
	hint := "set one of them, or use --offline"
	for _, other := range []string{"ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_ACCESS_KEY_ID", "ALIYUN_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_ID"} {
		if env(other) != "" {
			hint = fmt.Sprintf("%s is a name of other tools and is not read; export %s and %s", other, keyID, keySecret)
		}
	}
	return fmt.Errorf("%w: looked at %s with %s, the OIDC variables (%s, %s, %s), %s, "+
		"~/.aliyun/config.json, ~/.alibabacloud/credentials, the ECS instance role and ALIBABA_CLOUD_CREDENTIALS_URI: %s",
		ErrNoCredentials, keyID, keySecret, roleARN, oidcARN, oidcToken, profileName, hint)
}

// accessKey is the key that env holds; nil, which stands for the chain, without
// a whole one.
func accessKey(env func(string) string) *credentials.Config {
	c := new(credentials.Config).SetType("access_key").
		SetAccessKeyId(env(keyID)).SetAccessKeySecret(env(keySecret))
	if *c.AccessKeyId == "" || *c.AccessKeySecret == "" {
		return nil
	}
	if token := env(keyToken); token != "" {
		c.SetType("sts").SetSecurityToken(token)
	}
	return c
}

// serial lets one caller at a time into the chain, which writes to itself
// without a lock (credentials-go v1.4.14, DefaultCredentialsProvider).
type serial struct {
	mu sync.Mutex
	credentials.Credential
}

// GetCredential is the only method that the SDK core calls.
func (s *serial) GetCredential() (*credentials.CredentialModel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Credential.GetCredential()
}
