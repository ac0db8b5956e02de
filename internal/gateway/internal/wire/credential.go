package wire

import (
	"errors"
	"fmt"
	"sync"

	"github.com/aliyun/credentials-go/credentials"
)

// ErrNoCredentials tells that no access key was found.
var ErrNoCredentials = errors.New("no Alibaba Cloud credentials")

// Credentials takes the access key from env, which wins as in the official
// chain, and else asks that chain, which reads the process environment itself.
// It asks once, so that a machine without any is told before anything else is
// done. The error wraps ErrNoCredentials and names the places that were looked
// at; what the chain itself says is not told, for it may repeat the output of a
// credential process.
func Credentials(env func(string) string) (credentials.Credential, error) {
	chain, err := credentials.NewCredential(accessKey(env))
	if err == nil {
		one := &serial{Credential: chain}
		var m *credentials.CredentialModel
		m, err = one.GetCredential()
		if err == nil && m != nil && m.AccessKeyId != nil && *m.AccessKeyId != "" {
			return one, nil
		}
	}
	return nil, fmt.Errorf("%w: looked at ALIBABA_CLOUD_ACCESS_KEY_ID with ALIBABA_CLOUD_ACCESS_KEY_SECRET, "+
		"the OIDC variables (ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN, ALIBABA_CLOUD_OIDC_TOKEN_FILE), "+
		"~/.aliyun/config.json, ~/.alibabacloud/credentials, the ECS instance role and ALIBABA_CLOUD_CREDENTIALS_URI: "+
		"set one of them, or use --offline", ErrNoCredentials)
}

// accessKey is the key that env holds; nil, which stands for the chain, without
// a whole one.
func accessKey(env func(string) string) *credentials.Config {
	c := new(credentials.Config).SetType("access_key").
		SetAccessKeyId(env("ALIBABA_CLOUD_ACCESS_KEY_ID")).SetAccessKeySecret(env("ALIBABA_CLOUD_ACCESS_KEY_SECRET"))
	if *c.AccessKeyId == "" || *c.AccessKeySecret == "" {
		return nil
	}
	if token := env("ALIBABA_CLOUD_SECURITY_TOKEN"); token != "" {
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
