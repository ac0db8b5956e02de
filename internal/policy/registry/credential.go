package registry

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/bindgate/bindgate/internal/confine"
)

const (
	maxPassword = 64 << 10
	maxDocker   = 4 << 20
)

// dockerConfig is the part of Docker's config.json that names credentials.
type dockerConfig struct {
	Auths       map[string]dockerAuth `json:"auths"`
	CredsStore  string                `json:"credsStore"`
	CredHelpers map[string]string     `json:"credHelpers"`
}

type dockerAuth struct {
	Auth          string `json:"auth"` // base64 of user:password
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

// credential returns the static credentials of a registry, from the owner's file or
// Docker's, and what to do where they do not give access. A helper program is not
// started: which one is chosen, and what it does, is not the gate's to trust.
func (c *Client) credential(registry string, host Host) (auth.Credential, string, error) {
	if host.Username != "" {
		password, err := confine.ReadBounded(host.PasswordFile, maxPassword)
		if err != nil {
			return auth.Credential{}, "", fmt.Errorf("reading the password of %s: %w", registry, err)
		}
		text := strings.TrimRight(string(password), "\r\n")
		if text == "" {
			return auth.Credential{}, "", fmt.Errorf("reading the password of %s: %q is empty", registry, host.PasswordFile)
		}
		return auth.Credential{Username: host.Username, Password: text}, fmt.Sprintf("check username and passwordFile of registries.%s in the owner's file", registry), nil
	}
	none := fmt.Sprintf("`docker login %s`, or registries.%s.username and passwordFile in the owner's file, give access", registry, registry)
	if c.o.Docker == "" {
		return auth.Credential{}, none, nil
	}
	text, err := confine.ReadBounded(c.o.Docker, maxDocker)
	if errors.Is(err, fs.ErrNotExist) {
		return auth.Credential{}, none, nil
	}
	if err != nil {
		return auth.Credential{}, "", fmt.Errorf("reading Docker's configuration: %w", err)
	}
	var config dockerConfig
	if err := json.Unmarshal(text, &config); err != nil {
		return auth.Credential{}, "", fmt.Errorf("reading Docker's configuration %q: it is not the JSON that `docker login` writes", c.o.Docker) // the cause may quote a secret
	}
	return config.credential(registry, c.o.Docker, none)
}

func (d dockerConfig) credential(registry, file, none string) (auth.Credential, string, error) {
	helper := func(name string) error {
		return fmt.Errorf("%q leaves the credentials of %s to the program docker-credential-%.40s, and bindgate starts no programs for credentials; write registries.%s.username and passwordFile in the owner's file",
			file, registry, name, registry)
	}
	for _, name := range keys(registry) {
		if program := d.CredHelpers[name]; program != "" {
			return auth.Credential{}, "", helper(program)
		}
	}
	for _, name := range keys(registry) {
		entry, ok := d.Auths[name]
		if !ok {
			continue
		}
		access := fmt.Sprintf("check the entry %q of %q", name, file)
		user, password := entry.Username, entry.Password
		if entry.Auth != "" {
			plain, err := base64.StdEncoding.DecodeString(entry.Auth)
			var cut bool
			if user, password, cut = strings.Cut(strings.Trim(string(plain), "\x00"), ":"); err != nil || !cut {
				return auth.Credential{}, "", fmt.Errorf("reading %q: the entry %q has an auth that is no base64 of user:password", file, name)
			}
		}
		switch {
		case entry.RegistryToken != "":
			return auth.Credential{AccessToken: entry.RegistryToken}, access, nil
		case entry.IdentityToken != "":
			return auth.Credential{RefreshToken: entry.IdentityToken}, access, nil
		case user != "" && password != "":
			return auth.Credential{Username: user, Password: password}, access, nil
		case d.CredsStore != "":
			return auth.Credential{}, "", helper(d.CredsStore)
		}
		return auth.Credential{}, "", fmt.Errorf("reading %q: the entry %q holds no credentials", file, name)
	}
	if d.CredsStore != "" {
		none = fmt.Sprintf("%s; the program docker-credential-%.40s of %q is not started", none, d.CredsStore, file)
	}
	return auth.Credential{}, none, nil
}

// keys are the names of a registry in Docker's configuration.
func keys(registry string) []string {
	if registry == "docker.io" || registry == "registry-1.docker.io" {
		return []string{"https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"}
	}
	return []string{registry, "https://" + registry, "https://" + registry + "/", "https://" + registry + "/v1/", "https://" + registry + "/v2/", "http://" + registry}
}
