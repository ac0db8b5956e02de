package manifest

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Names of environment variables: those there may be (POSIX.1-2017 §8.1), and
// those that look like one and not like a passphrase in the wrong place. Only
// the latter are ever repeated in a message.
var (
	variable = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)
	shown    = lazyregexp.New(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)
)

// Bounds of a path on the systems at hand: PATH_MAX, and NAME_MAX for one name.
const (
	longestPath = 4096
	longestName = 255
)

// ownVariables begins the names of variables that every manifest may read.
const ownVariables = "BINDGATE_"

// Variables with secrets of bindgate itself: the token that proves which job runs, and
// the address of a webhook. No manifest reads them.
const (
	tokenVariable  = "BINDGATE_CI_TOKEN"
	notifyVariable = "BINDGATE_NOTIFY_URL"
)

const (
	notAVariable = "got a string that is not a variable name, want letters, digits and underscores"
	nameNotValue = "write the name of the variable, not its value"
)

func (d decoder) certificate(v strictyaml.Value, b *binding.Binding) *binding.Certificate {
	const at = "/certificate"
	o := v.Object("name", "body", "privateKey", "casId", "mayExpireEarlier")
	c := &binding.Certificate{}
	c.Name, _ = d.require(o, b, at, "name").Filled()
	c.Body = d.path(d.require(o, b, at, "body"))
	if key := d.get(o, b, at, "privateKey"); key.Given() {
		c.PrivateKey = d.privateKey(key, b)
	}
	if id := d.get(o, b, at, "casId"); id.Given() {
		if c.CASID, _ = id.Filled(); b.GatewayID == "" {
			id.Fail("got casId, want it with gatewayId only: the classic gateway takes the certificate itself", "remove casId")
		}
	}
	c.MayExpireEarlier, _ = d.get(o, b, at, "mayExpireEarlier").Bool()
	return c
}

// clientCertificate is the word none, or a mapping with the CA of callers' certificates.
func (d decoder) clientCertificate(v strictyaml.Value, b *binding.Binding) *binding.ClientCertificate {
	const at = "/clientCertificate"
	if !v.IsObject() {
		v.OneOf("none")
		return &binding.ClientCertificate{None: true}
	}
	if b.GatewayID != "" {
		o := v.ObjectRefusing(onlyClassicClients, "ca", "casId")
		c := &binding.ClientCertificate{CA: d.path(d.require(o, b, at, "ca"))}
		if id := d.get(o, b, at, "casId"); id.Given() {
			c.CASID, _ = id.Filled()
		}
		return c
	}
	o := v.Object("ca", "verifyDepth", "passSubjectDN", "ocsp", "ocspCache")
	c := &binding.ClientCertificate{CA: d.path(d.require(o, b, at, "ca"))}
	c.VerifyDepth, _ = d.get(o, b, at, "verifyDepth").Int(1, 100)
	c.PassSubjectDN, _ = d.get(o, b, at, "passSubjectDN").Bool()
	c.OCSP, _ = d.get(o, b, at, "ocsp").Bool()
	c.OCSPCache, _ = d.get(o, b, at, "ocspCache").Bool()
	return c
}

// privateKey is a path, or a mapping with file or env.
func (d decoder) privateKey(v strictyaml.Value, b *binding.Binding) *binding.SecretRef {
	const at = "/certificate/privateKey"
	if !v.IsObject() {
		return &binding.SecretRef{File: d.path(v)}
	}
	o := v.Object("file", "env", "passphraseEnv")
	file, env, passphrase := d.get(o, b, at, "file"), d.get(o, b, at, "env"), d.get(o, b, at, "passphraseEnv")
	switch {
	case file.Given() && env.Given():
		v.Fail("got both file and env, want one of them", "remove the other")
	case !file.Given() && !env.Given():
		v.Fail("got neither file nor env, want one of them", "name the file or the variable that holds the key")
	}
	return &binding.SecretRef{File: d.path(file), Env: d.env(env), PassphraseEnv: d.env(passphrase)}
}

// path is the path of a file under the manifest's root. That the file exists is
// for the collector to find out: a missing file is a finding, not a wrong manifest.
func (d decoder) path(v strictyaml.Value) string {
	p, ok := v.Filled()
	if !ok {
		return ""
	}
	if message, next := notAPath(p); message != "" {
		v.Fail(message, next)
		return ""
	}
	if _, bad := strictyaml.Hidden(p); bad { // already reported, and not to be repeated
		return ""
	}
	if d.files == nil {
		return p
	}
	if _, err := d.files.Resolve(d.folder, p); errors.Is(err, confine.ErrOutside) {
		v.Fail(err.Error(), "")
		return ""
	}
	return p
}

// notAPath reports what cannot be a path, without repeating it.
func notAPath(p string) (message, next string) {
	longest := 0
	for name := range strings.SplitSeq(p, "/") {
		longest = max(longest, utf8.RuneCountInString(name))
	}
	if longest > longestName || utf8.RuneCountInString(p) > longestPath {
		return "got a text that is too long for a path", "name a file"
	}
	return "", ""
}

// env is the name of a variable that a manifest may read.
func (d decoder) env(v strictyaml.Value) string {
	name, ok := v.Filled()
	if !ok {
		return ""
	}
	if !variable.MatchString(name) {
		v.Fail(notAVariable, nameNotValue)
		return ""
	}
	for own, of := range map[string]string{tokenVariable: "the CI token", notifyVariable: "the webhook's address"} {
		if strings.EqualFold(name, own) { // Windows takes any case
			v.Fail("got the variable of "+of+", which no manifest may read", "put the key or passphrase into another variable")
			return ""
		}
	}
	if readable(name, d.allowEnv) || d.flags && shown.MatchString(name) {
		return name
	}
	if d.flags {
		v.Fail("got a name that may be a secret itself, want one in capitals with an underscore, such as KEY_PASSPHRASE",
			nameNotValue+", or allow it with --allow-env GLOB")
		return ""
	}
	if !shown.MatchString(name) {
		v.Fail("got a variable that manifests may not read, want a name that begins with "+ownVariables, "rename it, or allow it with --allow-env GLOB")
		return ""
	}
	v.Fail(fmt.Sprintf("got the variable %.64q, want a name that begins with %s: manifests may not read others", name, ownVariables),
		fmt.Sprintf("rename it, or allow it with --allow-env %.64s", name))
	return ""
}

// readable reports whether a manifest may read a variable.
func readable(name string, allowEnv []string) bool {
	return strings.HasPrefix(name, ownVariables) || slices.ContainsFunc(allowEnv, func(glob string) bool {
		ok, err := path.Match(glob, name)
		return ok && err == nil
	})
}
