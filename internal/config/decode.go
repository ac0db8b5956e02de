package config

import (
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/strictyaml"
	"github.com/bindgate/bindgate/internal/waiver"
)

var (
	checkID = lazyregexp.New(`^[a-z0-9-]+/[a-z0-9-]+$`)
	format  = lazyregexp.New(`^[a-z]+$`)
	// toFile is a format with a file that its report is written to.
	toFile = lazyregexp.New(`^[a-z]+=.+$`)
)

const (
	mostConcurrent = 1024
	mostRate       = 1_000_000 // calls a second
)

// ownerSetting is a key of the owner's file with the flag that it sets; some
// flags can be set here only. read returns the flag's values, and none for an
// invalid value.
type ownerSetting struct {
	key, flag string
	read      func(*Config, strictyaml.Value) []string
}

func ownerSettings() []ownerSetting {
	return []ownerSetting{
		{"formats", "format", (*Config).formats},
		{"endpoint", "endpoint", filled},
		{"account", "account", accountID},
		{"sts", "sts", filled},
		{"apig", "apig", filled},
		{"cas", "cas", filled},
		{"contract", "contract", oneOf("2017", "2026")},
		{"roots", "roots", (*Config).roots},
		{"certificateProfile", "certificate-profile", oneOf("public", "private")},
		{"crl", "crl", (*Config).paths},
		{"weakKeys", "weak-keys", (*Config).paths},
		{"minRemaining", "min-remaining", duration("30d or 720h")},
		{"resolver", "resolver", filled},
		{"revocationPrivate", "revocation-private", yesOrNo},
		{"probeAllow", "probe-allow", prefixes},
		{"notifyURL", "notify-url", filled},
		{"policy", "policy", (*Config).policies},
		{"data", "data", (*Config).paths},
		{"allowPaths", "allow-path", (*Config).paths},
		{"allowEnv", "allow-env", globs},
		{"timeout", "timeout", duration("30s or 2m")},
		{"concurrency", "concurrency", number(1, mostConcurrent)},
		{"failOn", "fail-on", oneOf(string(checks.Error), string(checks.Warning))},
		{"journal", "journal", (*Config).path},
		{"rootHints", "root-hints", (*Config).path},
		{"dnsPort", "dns-port", number(1, 65535)},
		{"dnsRate", "dns-rate", number(-1, mostRate)},
		{"endpointCA", "endpoint-ca", (*Config).path},
		{"gatewayRate", "gateway-rate", number(-1, mostRate)},
	}
}

// ownerKeys are the keys of the owner's file.
func ownerKeys() []string {
	keys := append(distributionKeys(), trustKeys()...)
	keys = append(keys, "apiVersion", "severities", "waivers", "labels", "sources")
	for _, s := range ownerSettings() {
		keys = append(keys, s.key)
	}
	return keys
}

func decodeTree(v strictyaml.Value, c *Config) {
	o := v.ObjectRefusing(ownersOnly, "apiVersion", "formats", "raise")
	o.Require("apiVersion").OneOf(apiVersion)
	for _, item := range items(o.Get("formats")) {
		name, ok := item.Text()
		switch {
		case !ok:
		case toFile.MatchString(name): // it could overwrite any file of the machine
			item.Fail("got a format with a file, want the format alone: "+treeMayEdit, "name the file with -f FORMAT=FILE, or in the file of --config")
		case !format.MatchString(name):
			item.Fail(fmt.Sprintf("got %.64q, want the name of a format", name), "write text, json, …")
		default:
			c.Formats = append(c.Formats, name)
		}
	}
	for _, item := range items(o.Get("raise")) {
		if id, ok := item.Text(); ok && isCheckID(item, id) {
			c.Raise = append(c.Raise, id)
		}
	}
}

const treeMayEdit = "this file may be edited by the change that is judged"

// ownersOnly says of the owner's keys why they do not stand in the tree.
func ownersOnly(key string) (message, next string) {
	if !slices.Contains(ownerKeys(), key) {
		return ofManifest(key)
	}
	return fmt.Sprintf("%q may not be set here: %s", key, treeMayEdit), "set it in the file of the gate's owner, with --config FILE"
}

func decodeOwner(v strictyaml.Value, c *Config) {
	o := v.ObjectRefusing(func(key string) (string, string) {
		if key == "raise" {
			return `"raise" is a key of ` + TreeName + ` only`, "use severities: {CHECK: error}"
		}
		return ofManifest(key)
	}, ownerKeys()...)
	o.Require("apiVersion").OneOf(apiVersion)
	for _, s := range ownerSettings() {
		if values := s.read(c, o.Get(s.key)); len(values) > 0 {
			c.Settings = append(c.Settings, Setting{Key: s.key, Flag: s.flag, Values: values})
		}
	}
	c.Severities = severities(o.Get("severities"))
	c.Labels = labels(o.Get("labels"))
	c.Waivers = c.waivers(o.Get("waivers"))
	c.Sources = sources(o.Get("sources"))
	c.distribution(o)
	c.trust(o)
}

// labels are the declared labels, by name.
func labels(v strictyaml.Value) map[string]evidence.Label {
	if !v.Given() {
		return nil
	}
	entries, ok := v.Entries()
	if !ok {
		return nil
	}
	out := make(map[string]evidence.Label, len(entries))
	for _, e := range entries {
		o := e.Value.Object("required", "pattern")
		var label evidence.Label
		label.Required, _ = o.Get("required").Bool()
		if pattern, ok := o.Get("pattern").Filled(); ok {
			if _, err := regexp.Compile(pattern); err != nil {
				o.Get("pattern").Fail(fmt.Sprintf("got %.64q, which is no pattern: %v", pattern, err), "write RE2 that the whole value matches, such as CHG-[0-9]+")
			}
			label.Pattern = pattern
		}
		out[e.Key] = label
	}
	return out
}

// sources are what the owner says of bindings in the files of other tools.
func sources(v strictyaml.Value) (out []Source) {
	for _, item := range items(v) {
		o := item.Object("domain", "gatewayId", "labels", "forceFrom")
		one := Source{Domain: domainPattern(o.Require("domain"))}
		if id := o.Get("gatewayId"); id.Given() {
			one.GatewayID, _ = id.Filled()
		}
		entries, _ := o.Get("labels").Entries()
		for _, e := range entries {
			if one.Labels == nil {
				one.Labels = map[string]string{}
			}
			one.Labels[e.Key], _ = e.Value.Filled()
		}
		for _, group := range items(o.Get("forceFrom")) {
			id, _ := group.Filled()
			one.ForceFrom = append(one.ForceFrom, id)
		}
		if one.GatewayID == "" && one.Labels == nil && one.ForceFrom == nil {
			item.Fail("got a domain and nothing that it says of it", "add labels, forceFrom or gatewayId")
		}
		out = append(out, one)
	}
	return out
}

// domainPattern reads a domain name in which a label may be *.
func domainPattern(v strictyaml.Value) string {
	domain, ok := v.Filled()
	if ok && !waiver.ValidDomain(domain) {
		v.Fail(fmt.Sprintf("got %.64q, want a domain name, in which * matches one label; the last two labels are words", domain), "write one such as api.demo.com or '*.demo.com'")
	}
	return domain
}

// one is the values of a flag that takes one.
func one(text string, ok bool) []string {
	if !ok {
		return nil
	}
	return []string{text}
}

// accountID is a number in quotes: YAML readers round long ones.
func accountID(_ *Config, v strictyaml.Value) []string {
	id, ok := v.Filled()
	if ok && strings.Trim(id, "0123456789") != "" {
		v.Fail(fmt.Sprintf("got %.64q, want the digits of an account id", id), "copy it from the console's account page, in quotes")
		return nil
	}
	return one(id, ok)
}

func filled(_ *Config, v strictyaml.Value) []string { return one(v.Filled()) }

func oneOf(words ...string) func(*Config, strictyaml.Value) []string {
	return func(_ *Config, v strictyaml.Value) []string { return one(v.OneOf(words...)) }
}

func yesOrNo(_ *Config, v strictyaml.Value) []string {
	yes, ok := v.Bool()
	return one(strconv.FormatBool(yes), ok)
}

func number(least, most int) func(*Config, strictyaml.Value) []string {
	return func(_ *Config, v strictyaml.Value) []string {
		n, ok := v.Int(least, most)
		return one(strconv.Itoa(n), ok)
	}
}

func (c *Config) path(v strictyaml.Value) []string {
	p, ok := v.Filled()
	return one(confine.Absolute(c.Dir, p), ok)
}

func (c *Config) roots(v strictyaml.Value) []string {
	roots, ok := v.Filled()
	if ok && roots != "mozilla" && roots != "system" {
		roots = confine.Absolute(c.Dir, roots)
	}
	return one(roots, ok)
}

func (c *Config) formats(v strictyaml.Value) (formats []string) {
	for _, item := range items(v) {
		text, ok := item.Text()
		switch {
		case !ok:
		case format.MatchString(text):
			formats = append(formats, text)
		case toFile.MatchString(text):
			name, file, _ := strings.Cut(text, "=")
			formats = append(formats, name+"="+confine.Absolute(c.Dir, file))
		default:
			item.Fail(fmt.Sprintf("got %.64q, want FORMAT or FORMAT=FILE", text), "write text, json=report.json, …")
		}
	}
	return formats
}

func (c *Config) paths(v strictyaml.Value) (paths []string) {
	for _, item := range items(v) {
		paths = append(paths, c.path(item)...)
	}
	return paths
}

func globs(_ *Config, v strictyaml.Value) (globs []string) {
	for _, item := range items(v) {
		glob, ok := item.Filled()
		if _, err := path.Match(glob, ""); ok && err != nil {
			item.Fail(fmt.Sprintf("got %.64q, want a pattern of variable names", glob), "write one such as CI_KEY_*")
		} else if ok {
			globs = append(globs, glob)
		}
	}
	return globs
}

// prefixes are addresses or CIDR prefixes.
func prefixes(_ *Config, v strictyaml.Value) (out []string) {
	for _, item := range items(v) {
		text, ok := item.Filled()
		_, single := netip.ParseAddr(text)
		if _, err := netip.ParsePrefix(text); ok && err != nil && single != nil {
			item.Fail(fmt.Sprintf("got %.64q, want an address or a prefix", text), "write one such as 10.0.0.0/8")
		} else if ok {
			out = append(out, text)
		}
	}
	return out
}

func severities(v strictyaml.Value) map[string]checks.Severity {
	entries, ok := v.Entries()
	if !ok {
		return nil
	}
	out := make(map[string]checks.Severity, len(entries))
	for _, e := range entries {
		severity, ok := e.Value.OneOf(string(checks.Error), string(checks.Warning))
		if isCheckID(e.Name, e.Key) && ok {
			out[e.Key] = checks.Severity(severity)
		}
	}
	return out
}

// ParseDuration reads a time as time.ParseDuration does, and also days of 24 hours
// before the other units, such as 30d or 1d12h.
func ParseDuration(text string) (time.Duration, error) {
	days, rest, given := strings.Cut(text, "d")
	if !given {
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, fmt.Errorf("got %.64q, want a time such as 30s, 2m, 720h or 30d", text)
		}
		return d, nil
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if n > 9999 || rest == "0" {
		err = strconv.ErrRange
	}
	d := time.Duration(n) * 24 * time.Hour
	if err == nil && rest != "" {
		var more time.Duration
		if more, err = time.ParseDuration(rest); err == nil && (more < 0 || strings.HasPrefix(rest, "+")) {
			err = strconv.ErrSyntax
		}
		d += more
	}
	if err != nil {
		return 0, fmt.Errorf("got %.64q, want a time such as 30s, 2m, 720h, 30d or 1d12h", text)
	}
	return d, nil
}

// duration is a time above zero; such is an example of one.
func duration(such string) func(*Config, strictyaml.Value) []string {
	return func(_ *Config, v strictyaml.Value) []string {
		text, ok := v.Text()
		if !ok {
			return nil
		}
		if d, err := ParseDuration(text); err != nil || d <= 0 {
			v.Fail(fmt.Sprintf("got %.64q, want a time above zero", text), "write one such as "+such)
			return nil
		}
		return []string{text}
	}
}

func isCheckID(v strictyaml.Value, id string) bool {
	if !checkID.MatchString(id) {
		v.Fail(fmt.Sprintf("got %.64q, want the id of a check", id), "see bindgate checks list")
		return false
	}
	return true
}

// items is a list's items; an absent list has none.
func items(v strictyaml.Value) []strictyaml.Value {
	list, _ := v.List()
	return list
}

// ofManifest refuses the keys of manifests and maps, which people name in the place of the
// configuration.
func ofManifest(key string) (message, next string) {
	if key != "bindings" && key != "defaults" && key != "domains" {
		return "", ""
	}
	return fmt.Sprintf("%q is a key of manifests and maps, want a configuration", key), "name the manifest as an argument, and the configuration with --config"
}
