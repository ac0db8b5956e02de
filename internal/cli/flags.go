package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/report"
)

// flags are what a judging command was called with.
type flags struct {
	formats     []string
	config      string
	offline     bool
	without     []string
	now         string
	evidence    string
	evidenceOut string
	planOut     string // plan only
	confined    bool   // the manifests are those of a saved plan
	resolver    string
	rootHints   string
	dnsPort     uint16
	dnsRate     float64
	wait        time.Duration
	endpoint    string
	endpointCA  string
	contract    string
	roots       string
	trust
	policy         []string
	data           []string
	journal        string
	timeout        time.Duration
	concurrency    int
	allowPath      []string
	allowEnv       []string
	failOn         string
	actor          string
	quiet, verbose bool
	rate           float64
	wish           wish
}

// wish is one binding named by flags instead of a manifest.
type wish struct {
	domain, group, region, stage, networkType, proof string
	force                                            bool
	forceFrom                                        []string
	redirect                                         string
	certificate, certificateName                     string
	privateKey, privateKeyEnv, passphraseEnv         string
	clientCertificate                                string
	labels                                           map[string]string
}

// addJudging adds the flags of every command that judges bindings.
func (f *flags) addJudging(c *cobra.Command) {
	p := c.Flags()
	p.StringArrayVarP(&f.formats, "format", "f", nil, "report `FORMAT[=FILE]`, repeatable: "+strings.Join(report.Formats(), ", "))
	p.StringVar(&f.config, "config", "", "the gate owner's configuration `FILE`; its folder becomes the root of all paths")
	p.StringVar(&f.resolver, "resolver", "", "ask this DNS resolver, `ADDR[:PORT]`, tls://HOST or https://URL, and not the zones' own servers")
	p.StringVar(&f.rootHints, "root-hints", "", "master `FILE` of the root servers, and of the root's DS or DNSKEY records (default: IANA's)")
	p.Uint16Var(&f.dnsPort, "dns-port", 53, "port of the zones' own servers, for closed networks")
	p.Float64Var(&f.dnsRate, "dns-rate", 0, "DNS questions a second to one server (default 500; -1: no limit; none on loopback)")
	p.DurationVar(&f.wait, "wait", 0, "look at DNS again until every change is visible everywhere, for at most this `DURATION`")
	p.StringVar(&f.endpoint, "endpoint", "", "gateway `URL` (default: the region's own)")
	p.StringVar(&f.endpointCA, "endpoint-ca", "", "PEM `FILE` of a private CA that signs the endpoint's certificate")
	p.StringVar(&f.contract, "contract", "", "published contract that the endpoint speaks: 2026 (default) or 2017")
	p.StringVar(&f.roots, "roots", "", "trusted roots: mozilla (default), system, or a PEM `FILE`")
	f.trust.add(c)
	p.StringArrayVar(&f.policy, "policy", nil, "folder or file of more Rego policies, repeatable")
	p.StringArrayVar(&f.data, "data", nil, "YAML or JSON `FILE` that overrides policy data, repeatable")
	p.DurationVar(&f.timeout, "timeout", 0, "time for the evidence of one binding, two thirds of it for DNS (default 30s)")
	p.IntVar(&f.concurrency, "concurrency", 0, "bindings at a time (default 32)")
	p.Float64Var(&f.rate, "rate", 0, "gateway calls a second for each region and action (default 90; -1: no limit)")
	p.StringArrayVar(&f.allowPath, "allow-path", nil, "`DIR` beside the root that manifests may name files in, repeatable")
	p.StringArrayVar(&f.allowEnv, "allow-env", nil, "`GLOB` of environment names beside BINDGATE_* that manifests may read, repeatable")
	p.StringVar(&f.failOn, "fail-on", "", "refuse a binding for a `warning` too (default: for errors only)")
	p.StringVar(&f.actor, "actor", "", "who runs this, for policies; a claim, not a proof (default: what the CI says)")
	p.BoolVarP(&f.quiet, "quiet", "q", false, "print only what stands in the way")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "print every binding and check")
	fixed(c, "format", report.Formats()...)
	fixed(c, "contract", "2026", "2017")
	fixed(c, "fail-on", "warning", "error")
}

// addMode adds the flags that choose what is observed and when. apply knows
// them too, only to refuse them with a reason.
func (f *flags) addMode(c *cobra.Command) {
	p := c.Flags()
	p.BoolVar(&f.offline, "offline", false, "ask neither DNS nor the gateway; what needs them is not run")
	p.StringSliceVar(&f.without, "without", nil, "leave out `group,dns,revocation`")
	fixed(c, "without", "group", "dns", "revocation")
	p.StringVar(&f.now, "now", "", "fix the clock at this `RFC3339` time")
	p.StringVar(&f.evidence, "evidence", "", "replay the evidence saved in `FILE`")
	p.StringVar(&f.evidenceOut, "evidence-out", "", "save the evidence to `FILE`")
}

func (f *flags) addWish(c *cobra.Command) {
	p := c.Flags()
	w := &f.wish
	p.StringVar(&w.domain, "domain", "", "one binding without a manifest: its domain `NAME`")
	p.StringVar(&w.group, "group", "", "its API group `ID`")
	p.StringVar(&w.region, "region", "", "its region `ID`, such as cn-hangzhou")
	p.StringVar(&w.stage, "stage", "", "its stage; an empty value means all environments")
	p.StringVar(&w.networkType, "type", "", "its network type: INTERNET or INTRANET")
	p.StringVar(&w.proof, "proof", "", "its domain proof: cname or txt")
	p.BoolVar(&w.force, "force", false, "give leave to take the domain from the groups in --force-from")
	p.StringArrayVar(&w.forceFrom, "force-from", nil, "`GROUP` that may lose the domain, repeatable")
	p.StringVar(&w.redirect, "redirect", "", "redirect HTTP to HTTPS: true or false")
	p.StringVar(&w.certificate, "certificate", "", "its certificate `FILE`")
	p.StringVar(&w.certificateName, "certificate-name", "", "the certificate's `NAME` on the gateway")
	p.StringVar(&w.privateKey, "private-key", "", "its private key `FILE`")
	p.StringVar(&w.privateKeyEnv, "private-key-env", "", "environment `NAME` that holds its private key")
	p.StringVar(&w.passphraseEnv, "passphrase-env", "", "environment `NAME` that holds the key's passphrase")
	p.StringVar(&w.clientCertificate, "client-certificate", "", "PEM `FILE` of the CA of callers' certificates (mutual TLS), or none to state that it is off")
	p.StringToStringVar(&w.labels, "label", nil, "its labels, `KEY=VALUE`")
	fixed(c, "stage", "TEST", "PRE", "RELEASE")
	fixed(c, "type", "INTERNET", "INTRANET")
	fixed(c, "proof", "cname", "txt")
	fixed(c, "redirect", "true", "false")
}

// named reports whether any flag that names a binding was given.
func (w wish) named(c *cobra.Command) bool {
	if c.Flags().Lookup("domain") == nil {
		return false // a command that takes no wish
	}
	for _, name := range []string{"domain", "group", "region", "stage", "type", "proof", "force", "force-from", "redirect", "certificate",
		"certificate-name", "private-key", "private-key-env", "passphrase-env", "client-certificate", "label"} {
		if c.Flags().Changed(name) {
			return true
		}
	}
	return false
}
