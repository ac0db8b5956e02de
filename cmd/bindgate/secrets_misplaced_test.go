package main

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// manifestHead is a manifest up to where fields of its one binding follow.
const manifestHead = "apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou}\nbindings:\n"

// misplaced are manifests with a secret as a value, by the way in which it came
// there.
func misplaced(pem, passphrase string) map[string]string {
	certificate := manifestHead + "  - domainName: api.demo.com\n    groupId: " + group(0) + "\n    certificate:\n      name: wanted\n"
	key := certificate + "      body: api.pem\n      privateKey: "
	return map[string]string{
		"a key where the manifest is": pem,
		"a key pasted unindented":     key + pem,
		"a key pasted under a block":  key + "|\n" + pem,
		"a key pasted as a list":      key + "\n        - " + strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n        - ") + "\n",
		"a key as a key":              certificate + "    " + bare(pem) + ": x\n",
		"a key as a label's name":     certificate + "    labels: {\"" + strings.ReplaceAll(pem, "\n", " ") + "\": x}\n",
		"a passphrase as a variable":  key + "{file: api.key, passphraseEnv: " + passphrase + "}\n",
		"a passphrase as the key":     key + "{env: " + passphrase + "}\n",
		"a passphrase of its own":     key + "{file: api.key, passphrase: " + passphrase + "}\n",
		"a passphrase in a list":      key + "{file: api.key, passphraseEnv: [" + passphrase + "]}\n",
	}
}

// bare is PEM without its first and last line, in one.
func bare(pem string) string {
	lines := strings.Split(strings.TrimSpace(pem), "\n")
	return strings.Join(lines[1:len(lines)-1], "")
}

// shapes are the ways to write a key as one value of YAML.
func shapes(pem string) map[string]string {
	pem = strings.TrimSpace(pem)
	quoted, _ := json.Marshal(pem) // a string has a form in JSON
	block := "|\n          " + strings.ReplaceAll(pem, "\n", "\n          ")
	return map[string]string{
		"block": block, "folded": strings.Replace(block, "|", ">", 1), "escaped": "'" + strings.ReplaceAll(pem, "\n", `\n`) + "'",
		"spaced": "'" + strings.ReplaceAll(pem, "\n", " ") + "'", "quoted": string(quoted), "bare": bare(pem),
		"base64": base64.StdEncoding.EncodeToString([]byte(pem)),
	}
}

// everywhere is a manifest with the key at every place that takes a text, and
// the number of those places.
func everywhere(key string) (text string, places int) {
	text = manifestHead
	for _, fields := range []string{
		"certificate:\n      name: wanted\n      body: ", "certificate:\n      name: wanted\n      body: api.pem\n      privateKey: ",
		"certificate:\n      name: wanted\n      body: api.pem\n      privateKey:\n        file: ",
		"certificate:\n      name: wanted\n      body: api.pem\n      privateKey:\n        env: ",
		"certificate:\n      name: wanted\n      body: api.pem\n      privateKey:\n        file: api.key\n        passphraseEnv: ",
		"certificate:\n      body: api.pem\n      privateKey: api.key\n      name: ",
		"labels:\n      note: ", "bindStageName: ", "regionId: ", "domainProof: ", "isForce: ", "customDomainType: ", "forceFrom:\n      - ", "unknown: ",
	} {
		text += "  - domainName: api.demo.com\n    groupId: " + group(0) + "\n    " + fields + key + "\n"
		places++
	}
	return text + "  - groupId: " + group(0) + "\n    domainName: " + key + "\n  - domainName: api.demo.com\n    groupId: " + key + "\n", places + 2
}

// A misplaced secret is refused with exit 2 and not repeated, whether
// it is in a manifest, in a configuration or on the command line.
func TestNoSecretLeaksFromWrongPlaces(t *testing.T) {
	t.Parallel()
	v, passphrase, pem := misplacing(t)
	for what, text := range misplaced(pem, passphrase) {
		v.give("bindings.yaml", text)
		v.says(what, []int{2}, "lint", "--offline", "-f", "json")
	}
	for shape, key := range shapes(pem) {
		text, places := everywhere(key)
		v.give("bindings.yaml", text)
		f := v.says(shape, []int{2}, "apply", "-f", "json")
		if got := strings.Count(f.err, "got the text of a key or certificate"); got != places {
			t.Errorf("a key in %s style is refused at %d places, want %d\n%s", shape, got, places, f.err)
		}
	}
	v.sweep()
}

// misplacing is a vault with a sound manifest, and the secrets to misplace.
func misplacing(t *testing.T) (v *vault, passphrase, pem string) {
	t.Helper()
	v = newVault(t)
	v.runs = v.run
	s := v.source("api", "api.key", ca.P256, func(_ crypto.Signer, leaf ca.Leaf) string {
		pem = string(leaf.Key)
		return pem
	})
	v.serve(groups(1), zone([]source{s}))
	v.give("bindings.yaml", manifest([]source{s}))
	return v, v.passphrase(""), pem
}

func TestNoSecretLeaksFromTheCommandLine(t *testing.T) {
	t.Parallel()
	v, passphrase, pem := misplacing(t)
	v.give("key.yaml", pem)
	v.give("key.rego", pem)
	v.give("owner.yaml", "apiVersion: bindgate/v1\nendpoint: https://gateway.example\nendpointCA: api.key\n")
	bare := bare(pem)
	binding := []string{"--domain", "api.demo.com", "--certificate", "api.pem", "--private-key", "api.key"}
	for what, args := range map[string][]string{
		"a key as a path":            {"lint", pem},
		"a bare key as a path":       {"lint", bare},
		"a key as a command":         {bare},
		"a key as a flag":            {"apply", "--private-key", pem},
		"a key as a value":           {"apply", "--private-key=" + bare, "--domain", "d", "--certificate", "c"},
		"a key as a variable":        append([]string{"lint", "--private-key-env", bare}, binding[:4]...),
		"a key as a label":           append([]string{"lint", "--label", "note=" + bare}, binding...),
		"a key as a stage":           append([]string{"lint", "--stage", bare}, binding...),
		"a passphrase as a variable": append([]string{"lint", "--passphrase-env", passphrase}, binding...),
		"a passphrase as the key":    append([]string{"lint", "--private-key-env", passphrase}, binding[:4]...),
		"a passphrase of its own":    append([]string{"lint", "--passphrase=" + passphrase}, binding...),
		"a passphrase in words":      append([]string{"lint", "--passphrase", passphrase}, binding...),
		"a key as the manifest":      {"apply", "api.key"},
		"a key as the configuration": {"lint", "--config", "api.key"},
		"a key as the roots":         {"lint", "--roots", "api.key"},
		"a key as the endpoint's CA": {"lint", "--config", "owner.yaml"},
		"a key as evidence":          {"lint", "--evidence", "api.key"},
		"a key as a policy":          {"lint", "--policy", "key.rego"},
		"a key as policy data":       {"lint", "--data", "key.yaml"},
		"a key as a policy's input":  {"policy", "eval", "--input", "api.key"},
		"a key as a tested policy":   {"policy", "check", "key.rego"},
		"a key as a seed":            {"sandbox", "--seed", "api.key"},
		"a key as a check":           {"checks", "explain", bare},
		"a key as a schema":          {"schema", bare},
		"a key as a format":          {"lint", "-f", bare},
	} {
		v.says(what, []int{2}, args...)
	}
	v.says("a key as a journal", []int{1}, "journal", "verify", "--journal", "api.key")
	v.says("a key as a shown journal", []int{1}, "journal", "show", "--journal", "api.key")
	v.says("a key as apply's journal", []int{2}, "apply", "--journal", "api.key")
	v.sweep()
}

// The configuration of the tree and the owner's: neither repeats what it cannot use.
func TestNoSecretLeaksFromConfiguration(t *testing.T) {
	t.Parallel()
	v, passphrase, pem := misplacing(t)
	bare := bare(pem)
	for _, text := range []string{
		"privateKey: " + bare, "privateKey: |\n  " + strings.ReplaceAll(pem, "\n", "\n  "), "formats: [" + bare + "]", "raise: [" + bare + "]",
		"passphrase: " + passphrase, bare + ": x", "endpoint: " + bare, "severities: {" + bare + ": error}",
	} {
		text = "apiVersion: bindgate/v1\n" + text + "\n"
		v.give(".bindgate.yaml", text)
		v.says("the tree's configuration", []int{2}, "lint", "--offline")
		v.check(os.Remove(v.path(".bindgate.yaml")))
		v.give("owner.yaml", text)
		v.says("the owner's configuration", []int{2}, "lint", "--config", "owner.yaml")
	}
	v.sweep()
}
