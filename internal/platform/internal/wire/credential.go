package wire

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

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

	credentialsURI = "ALIBABA_CLOUD_CREDENTIALS_URI"
	ecsRole        = "ALIBABA_CLOUD_ECS_METADATA"
	sharedFile     = "ALIBABA_CLOUD_CREDENTIALS_FILE"
)

// Credentials takes the access key from env, which wins as in the official chain,
// and else asks that chain, which reads the process environment itself. A source
// that is named, or given by half, and gives no key is an error that names it:
// the next source of the chain would be another identity. It asks once, so that a
// machine without any is reported before anything else is done. The error wraps
// ErrNoCredentials; what the chain itself says is not repeated, for it may hold
// the output of a credential process. It ends with the context.
func Credentials(ctx context.Context, env func(string) string) (providers.CredentialsProvider, error) {
	if err := refuseDebug(env("DEBUG")); err != nil { // before the chain asks for anything
		return nil, err
	}
	if err := halfGiven(env); err != nil {
		return nil, err
	}
	from, err := named(env)
	if err != nil {
		return nil, err
	}
	chain := from.provider
	if chain == nil {
		if chain, err = accessKey(env); err != nil {
			return nil, nowhere(env)
		}
	}
	if chain == nil {
		chain = providers.NewDefaultCredentialsProvider()
	}
	one := &serial{CredentialsProvider: chain, source: from.name}
	c, err := current(ctx, one)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("reading the credentials: the run was interrupted before they came: %w", ctx.Err())
	case err == nil && c != nil && c.AccessKeyId != "":
		if one.source == "" {
			one.source = "the official chain: " + strings.TrimPrefix(c.ProviderName, "default/")
		}
		return one, nil
	case from.provider != nil:
		return nil, fmt.Errorf("%w: %s gives none; %s, for no other source is tried in its place", ErrNoCredentials, from.name, from.repair)
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

// source is where credentials come from.
type source struct {
	name     string
	provider providers.CredentialsProvider // nil: an access key in the environment, or the chain
	repair   string                        // what to do where it gives none
}

// named returns the one source that env configures completely, or that the official
// command-line client is configured with; without any, no provider. It fails if no source is
// named but variables of other tools look like credentials: the chain would then find
// credentials of another identity.
func named(env func(string) string) (s source, err error) {
	s.repair = "repair it or unset its variables"
	switch {
	case env(keyID) != "":
		s.name = "the environment (" + keyID + ")"
	case env(oidcToken) != "":
		s.name = "OIDC (" + oidcToken + ")"
		s.provider, err = providers.NewOIDCCredentialsProviderBuilder().WithRoleArn(env(roleARN)).WithOIDCProviderARN(env(oidcARN)).
			WithOIDCTokenFilePath(env(oidcToken)).Build()
	case env(profileName) != "":
		return profile(env, env(profileName))
	case env(sharedFile) != "":
		return credentialsFile(env, "")
	case env(credentialsURI) != "":
		s.name = "the address of " + credentialsURI
		s.provider, err = providers.NewURLCredentialsProviderBuilder().WithUrl(env(credentialsURI)).Build()
	case env(ecsRole) != "":
		s.name = "the ECS instance role of " + ecsRole
		s.provider, err = providers.NewECSRAMRoleCredentialsProviderBuilder().WithRoleName(env(ecsRole)).Build()
	default:
		if err := ofOtherTools(env); err != nil {
			return s, err
		}
		return profile(env, "")
	}
	if err != nil {
		return s, fmt.Errorf("%w: %s cannot be used; %s", ErrNoCredentials, s.name, s.repair)
	}
	return s, nil
}

// profile returns the source that a profile of the official command-line client or of
// the credentials file is; without a name the current one, where there is a file and it
// is filled in. What is wrong with a file is said here: the chain would say nothing, or
// all of it.
func profile(env func(string) string, name string) (source, error) {
	file, given := profileFile(env), name != ""
	if strings.EqualFold(env("ALIBABA_CLOUD_CLI_PROFILE_DISABLED"), "true") || file == "" {
		return credentialsFile(env, name)
	}
	fail := func(format string, args ...any) (source, error) {
		return source{}, fmt.Errorf("%w: the profiles of %q: %s; repair them, or set ALIBABA_CLOUD_CLI_PROFILE_DISABLED=true to go without", ErrNoCredentials, file, fmt.Sprintf(format, args...))
	}
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return credentialsFile(env, name)
	case err != nil:
		return fail("the file cannot be read")
	}
	var config struct {
		Current  string `json:"current"`
		Profiles []struct {
			Name string `json:"name"`
			Mode string `json:"mode"`
			ID   string `json:"access_key_id"`
		} `json:"profiles"`
	}
	if json.Unmarshal(data, &config) != nil {
		return fail("the file is no JSON of the documented shape")
	}
	if name == "" {
		name = config.Current
	}
	var names []string
	for _, p := range config.Profiles {
		names = append(names, p.Name)
		if p.Name != name {
			continue
		}
		if !given && p.Mode == "AK" && p.ID == "" { // as the client makes it before it is set up
			return credentialsFile(env, "")
		}
		s := source{name: fmt.Sprintf("the profile %.64q (%s, mode %.32s)", name, profileName, p.Mode), repair: repairOf(p.Mode, name)}
		if s.repair == "" {
			return fail("the profile %.64q has the mode %.32q, want AK, StsToken, RamRoleArn, ChainableRamRoleArn, EcsRamRole, OIDC, CloudSSO, OAuth or External", name, p.Mode)
		}
		if !given {
			s.name = fmt.Sprintf("the current profile %.64q of %s (mode %.32s)", name, file, p.Mode)
		}
		if s.provider, err = providers.NewCLIProfileCredentialsProviderBuilder().WithProfileName(name).WithProfileFile(file).Build(); err != nil {
			return fail("the profile %.64q cannot be used", name)
		}
		return s, nil
	}
	if s, err := credentialsFile(env, name); err == nil && s.provider != nil || len(names) == 0 {
		return s, err
	}
	return fail("there is no profile %.64q (%s), the file has %.200q", name, profileName, names)
}

// credentialsFile returns the source that a profile of the credentials file is, where
// there is that file. One that is named and is not there is an error.
func credentialsFile(env func(string) string, name string) (source, error) {
	file := env(sharedFile)
	named := file != "" || name != ""
	if file == "" && env("HOME") != "" {
		file = filepath.Join(env("HOME"), ".alibabacloud", "credentials")
	}
	if _, err := os.Stat(file); err != nil {
		if !named {
			return source{}, nil
		}
		return source{}, fmt.Errorf("%w: the profile %.64q (%s): neither ~/.aliyun/config.json nor the credentials file %q is there; make it with `aliyun configure`, or unset the variables",
			ErrNoCredentials, name, profileName, file)
	}
	s := source{name: fmt.Sprintf("the profile %.64q of %s", cmp.Or(name, "default"), file), repair: "repair it: a section of that name with its type and its keys"}
	p, err := providers.NewProfileCredentialsProviderBuilder().WithProfileName(name).Build()
	if err != nil {
		return s, fmt.Errorf("%w: %s cannot be used; %s", ErrNoCredentials, s.name, s.repair)
	}
	s.provider = p
	return s, nil
}

// repairOf says what to do where a profile of a mode gives no key; empty for a mode
// that there is not.
func repairOf(mode, name string) string {
	switch mode {
	case "CloudSSO", "OAuth":
		return fmt.Sprintf("its sign-in has expired or was never made: run `aliyun configure --profile %.64s --mode %s`", name, mode)
	case "AK", "StsToken":
		return fmt.Sprintf("its key is not whole: run `aliyun configure --profile %.64s --mode %s`", name, mode)
	case "RamRoleArn", "ChainableRamRoleArn", "OIDC":
		return "its role could not be assumed: check its trust policy, its source and the network"
	case "EcsRamRole":
		return "the instance has no such role, or its metadata cannot be reached"
	case "External":
		return "its command failed"
	}
	return ""
}

// ofOtherTools refuses variables of Terraform, lego and older SDKs where no source of
// the official clients is named.
func ofOtherTools(env func(string) string) error {
	for _, prefix := range []string{"ALICLOUD", "ALIYUN", "ALIBABACLOUD"} {
		for _, name := range []string{"ACCESS_KEY", "SECRET_KEY", "ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN", "PROFILE", "RAM_ROLE", "ACCESS_KEY_FILE", "SECRET_KEY_FILE"} {
			if other := prefix + "_" + name; env(other) != "" {
				return fmt.Errorf("%w: %s is a name of other tools and is not read; export %s and %s, or unset it", ErrNoCredentials, other, keyID, keySecret)
			}
		}
	}
	return nil
}

// profileFile is where the official command-line client keeps its profiles; empty
// leaves it to the chain.
func profileFile(env func(string) string) string {
	if file := env("ALIBABA_CLOUD_CONFIG_FILE"); file != "" {
		return file
	}
	if home := env("HOME"); home != "" {
		return filepath.Join(home, ".aliyun", "config.json")
	}
	return ""
}

// nowhere says where credentials were looked for.
func nowhere(env func(string) string) error {
	if env(roleARN) != "" { // the chain takes a role with a key or a token only
		return fmt.Errorf("%w: %s is set, %s and %s are not, and there is no access key to assume the role with; set all three, or the key",
			ErrNoCredentials, roleARN, oidcARN, oidcToken)
	}
	return fmt.Errorf("%w: looked at %s with %s, the OIDC variables (%s, %s, %s), %s, "+
		"~/.aliyun/config.json, ~/.alibabacloud/credentials, the ECS instance role and %s: set one of them",
		ErrNoCredentials, keyID, keySecret, roleARN, oidcARN, oidcToken, profileName, credentialsURI)
}

// accessKey is the key that env holds; without a whole one, no provider, which means the
// chain.
func accessKey(env func(string) string) (providers.CredentialsProvider, error) {
	id, secret, token := env(keyID), env(keySecret), env(keyToken)
	switch {
	case id == "" || secret == "":
		return nil, nil
	case token != "":
		return providers.NewStaticSTSCredentialsProviderBuilder().WithAccessKeyId(id).WithAccessKeySecret(secret).WithSecurityToken(token).Build()
	}
	return providers.NewStaticAKCredentialsProviderBuilder().WithAccessKeyId(id).WithAccessKeySecret(secret).Build()
}

// serial lets one caller at a time into the chain, which writes to itself
// without a lock (credentials-go v1.4.14, DefaultCredentialsProvider).
type serial struct {
	mu sync.Mutex
	providers.CredentialsProvider
	source string
}

// Source names where the credentials come from.
func (s *serial) Source() string { return s.source }

// GetCredentials reads the key that there is now.
func (s *serial) GetCredentials() (*providers.Credentials, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.CredentialsProvider.GetCredentials()
}

// current returns the key that there is now. The chain takes no context and waits for its
// own time-outs, such as that of the ECS metadata: what it answers after the end of ctx is
// dropped.
func current(ctx context.Context, from providers.CredentialsProvider) (*providers.Credentials, error) {
	type answer struct {
		key *providers.Credentials
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		key, err := from.GetCredentials()
		answered <- answer{key, err}
	}()
	select {
	case a := <-answered:
		return a.key, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
