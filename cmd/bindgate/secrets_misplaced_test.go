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

// misplaced are manifests with a secret as a value, by the way in which it came
// there.
func (v *vault) misplaced(pem, passphrase string) map[string]string {
	v.Helper()
	head := "apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou}\nbindings:\n  - domainName: api.demo.com\n    groupId: " + group(0) + "\n"
	certificate := head + "    certificate:\n      name: wanted\n"
	indented := "|\n        " + strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n        ") + "\n"
	line := strings.ReplaceAll(strings.TrimSpace(pem), "\n", `\n`)
	spaced := strings.ReplaceAll(strings.TrimSpace(pem), "\n", " ")
	bare := strings.Join(strings.Split(pem, "\n")[1:4], "")
	quoted, err := json.Marshal(pem)
	v.check(err)
	again := base64.StdEncoding.EncodeToString([]byte(pem))
	sound := certificate + "      body: api.pem\n      privateKey: "
	all := map[string]string{
		"a key where the manifest is": pem,
		"a key pasted unindented":     certificate + "      privateKey: " + pem,
		"a key pasted under a block":  certificate + "      privateKey: |\n" + pem,
		"a key pasted as a list":      certificate + "      privateKey:\n        - " + strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n        - ") + "\n",
		"a key as a key":              head + "    " + bare + ": x\n",
		"a key as a label's name":     head + "    labels: {\"" + spaced + "\": x}\n",
		"a passphrase as a variable":  sound + "{file: api.key, passphraseEnv: " + passphrase + "}\n",
		"a passphrase as the key":     sound + "{env: " + passphrase + "}\n",
		"a passphrase of its own":     sound + "{file: api.key, passphrase: " + passphrase + "}\n",
		"a passphrase as a number":    sound + "{file: api.key, passphraseEnv: [" + passphrase + "]}\n",
	}
	shapes := map[string]string{"block": indented, "escaped": "'" + line + "'", "bare": bare, "folded": strings.Replace(indented, "|", ">", 1),
		"spaced": "'" + spaced + "'", "quoted": string(quoted), "base64": again}
	for shape, text := range shapes {
		for place, before := range map[string]string{
			"body": certificate + "      body: ", "privateKey": sound, "file": sound + "\n        file: ", "env": sound + "\n        env: ",
			"passphraseEnv": sound + "\n        file: api.key\n        passphraseEnv: ", "label": head + "    labels:\n      note: ",
		} {
			all[shape+" at "+place] = before + text + "\n"
		}
	}
	for _, shape := range []string{"block", "escaped", "bare"} {
		text := shapes[shape]
		for place, before := range map[string]string{
			"name": head + "    certificate:\n      body: api.pem\n      privateKey: api.key\n      name: ", "stage": head + "    bindStageName: ",
			"domain": strings.Replace(head, "api.demo.com", text, 1) + "    domainProof: ", "region": head + "    regionId: ", "proof": head + "    domainProof: ",
			"force": head + "    isForce: ", "forceFrom": head + "    forceFrom:\n      - ", "unknown": head + "    key: ", "root": head + "note: ",
			"version": "bindings: []\napiVersion: ",
		} {
			all[shape+" at "+place] = before + text + "\n"
		}
	}
	return all
}

// A secret where none belongs is refused with exit 2 and not repeated, whether
// it stands in a manifest, in a configuration or on the command line.
func TestNoSecretLeaksFromWrongPlaces(t *testing.T) {
	t.Parallel()
	v, passphrase, pem := misplacing(t)
	for what, text := range v.misplaced(pem, passphrase) {
		v.give("bindings.yaml", text)
		v.says(what, []int{2}, "lint", "--offline", "-f", "json")
	}
	v.sweep()
}

// misplacing is a vault with a sound manifest, and the secrets to misplace.
func misplacing(t *testing.T) (v *vault, passphrase, pem string) {
	t.Helper()
	v = newVault(t)
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
	bare := strings.Join(strings.Split(pem, "\n")[1:4], "")
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
		"a key as the endpoint's CA": {"lint", "--endpoint-ca", "api.key"},
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
	bare := strings.Join(strings.Split(pem, "\n")[1:4], "")
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
