package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/given"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/usage"
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
	terraform   string // lint only: a plan
	planOut     string // plan only
	planFile    string // apply only
	saved       *given.Plan
	validFor    time.Duration // plan only
	approvals   []string      // apply only
	ciToken     string
	external    []string
	confined    bool // the manifests are those of a saved plan
	resolver    string
	wait        time.Duration
	endpoint    string
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
	color          string // auto, always or never
	sarifCategory  string
	overlay        confine.Overlay // Git's index, for --staged
	binding        flagBinding
	probe          bool
	probeAllow     []string
	probeVia       string // of BINDGATE_PROBE
	probeGateway   string // of BINDGATE_PROBE_GATEWAY
	as             string // the command that the run counts as; empty: its own
	moves          bool   // cutover only: the manifest must be a map
	since          string // cutover only
	owned
}

// owned are settings that only the owner's file can change.
type owned struct {
	rootHints   string
	dnsPort     uint16 // of the zones' own servers; 0: 53
	dnsRate     float64
	endpointCA  string
	gatewayRate float64
	account     string // that the credentials must belong to
	sts         string // URL, or none
	apig, cas   string // URLs
	notifyURL   string // of --notify; it holds a token
}

// flagBinding is one binding given by flags instead of a manifest.
type flagBinding struct {
	manifest.Flags
	stage, redirect, forceHTTPS string // as given; Flags keeps apart what was not given from what is empty
}

// addJudging adds the flags of every command that judges bindings.
func (f *flags) addJudging(c *cobra.Command) {
	p := c.Flags()
	p.StringArrayVarP(&f.formats, "format", "f", nil, "report `FORMAT[=FILE]`, repeatable: "+strings.Join(report.Formats(), ", "))
	p.StringVar(&f.failOn, "fail-on", "", "refuse a binding for a `warning` too (default: for errors only)")
	p.StringVar(&f.sarifCategory, "sarif-category", "", "`ID` that distinguishes this SARIF report from others of the same commit (default: none)")
	p.BoolVarP(&f.quiet, "quiet", "q", false, "print only what blocks a binding")
	p.BoolVarP(&f.verbose, "verbose", "v", false, "print every binding and check")
	usage.Color(c, &f.color)
	usage.Values(c, "format", report.Formats()...)
	usage.Values(c, "fail-on", "warning", "error")
	f.addSources(c)
}

// addSources adds the flags that say what bindings are judged with.
func (f *flags) addSources(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.config, "config", "", "the gate owner's configuration `FILE`; its folder becomes the root of all paths")
	p.StringVar(&f.resolver, "resolver", "", "ask this DNS resolver, `ADDR[:PORT]`, tls://HOST or https://URL, and not the zones' own servers")
	usage.Duration(p, &f.wait, "wait", 0, "look at DNS again until every change is visible everywhere, for at most this `DURATION`")
	p.StringVar(&f.endpoint, "endpoint", "", "gateway `URL` (default: the region's own)")
	p.StringVar(&f.contract, "contract", "", "published contract that the endpoint speaks: 2026 (default) or 2017")
	p.StringVar(&f.roots, "roots", "", "trusted roots: mozilla (default), system, or a PEM `FILE`")
	f.trust.add(c)
	p.StringArrayVar(&f.policy, "policy", nil, "more Rego policies: a file, folder, bundle or oci://registry/repository, repeatable; @sha256:… after it locks the content")
	p.StringArrayVar(&f.data, "data", nil, "YAML or JSON `FILE` that overrides policy data, repeatable")
	usage.Duration(p, &f.timeout, "timeout", 0, "time for the evidence of one binding, two thirds of it for DNS (default 30s)")
	p.IntVar(&f.concurrency, "concurrency", 0, "bindings at a time (default 32)")
	p.StringArrayVar(&f.allowPath, "allow-path", nil, "another `DIR` that manifests may name files in, repeatable")
	p.StringArrayVar(&f.allowEnv, "allow-env", nil, "`GLOB` of environment variables that manifests may read in addition to BINDGATE_*, repeatable")
	p.StringVar(&f.actor, "actor", "", "who runs this, for policies; a claim, not a proof (default: what the CI says)")
	p.StringVar(&f.ciToken, "ci-token", "", "OIDC token of the CI job, in `FILE` (default: $BINDGATE_CI_TOKEN); the owner's file names its issuer and keys")
	p.StringArrayVar(&f.external, "external", nil, "facts for policies, `NAME=FILE`, which the owner's file declares, repeatable")
	usage.Values(c, "contract", "2026", "2017")
	usage.ValuesOrFile(c, "roots", "mozilla", "system")
}

// addOwned adds the settings that only the owner's file can change. They belong to
// a network, not to a run.
func (f *flags) addOwned(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.rootHints, "root-hints", "", "")
	p.Uint16Var(&f.dnsPort, "dns-port", 0, "")
	p.Float64Var(&f.dnsRate, "dns-rate", 0, "")
	p.StringVar(&f.endpointCA, "endpoint-ca", "", "")
	p.Float64Var(&f.gatewayRate, "gateway-rate", 0, "")
	p.StringVar(&f.account, "account", "", "")
	p.StringVar(&f.sts, "sts", "", "")
	p.StringVar(&f.apig, "apig", "", "")
	p.StringVar(&f.cas, "cas", "", "")
	p.StringVar(&f.notifyURL, "notify-url", "", "")
	p.BoolVar(&f.revocationPrivate, "revocation-private", false, "")
	p.StringArrayVar(&f.probeAllow, "probe-allow", nil, "")
	p.StringVar(&f.journal, "journal", "", "") // a flag of apply's, which every command's file may name
}

// addMode adds the flags that choose what is observed and when. apply knows
// them too, only to refuse them with a reason.
func (f *flags) addMode(c *cobra.Command) {
	f.addReplay(c)
	c.Flags().StringVar(&f.evidenceOut, "evidence-out", "", "save the evidence to `FILE`")
}

// addReplay is addMode for commands that save no evidence.
func (f *flags) addReplay(c *cobra.Command) {
	p := c.Flags()
	p.BoolVar(&f.offline, "offline", false, "ask neither DNS nor the gateway; what needs them is not run")
	p.StringSliceVar(&f.without, "without", nil, "skip the evidence of `group,dns,revocation`")
	usage.ValueList(c, "without", "group", "dns", "revocation")
	p.StringVar(&f.now, "now", "", "fix the clock at this `RFC3339` time")
	p.StringVar(&f.evidence, "evidence", "", "replay the evidence saved in `FILE`")
}

// addProbe adds the flags of the commands that may ask the addresses of a domain.
func (f *flags) addProbe(c *cobra.Command) {
	c.Flags().BoolVar(&f.probe, "probe", false, "ask the addresses of each allowed domain, ports 443 and 80, what they serve now")
}

func (f *flags) addWish(c *cobra.Command) {
	p := c.Flags()
	w := &f.binding
	p.StringVar(&w.Domain, "domain", "", "one binding without a manifest: its domain `NAME`")
	p.StringVar(&w.Group, "group", "", "its API group `ID`")
	p.StringVar(&w.Gateway, "gateway", "", "its gateway `ID`, for the cloud-native API Gateway")
	p.StringVar(&w.Protocol, "protocol", "", "its protocol on the gateway: HTTP or HTTPS")
	p.StringVar(&w.forceHTTPS, "force-https", "", "redirect HTTP to HTTPS on the gateway: true or false")
	p.StringVar(&w.TLSMin, "tls-min", "", "its lowest TLS version on the gateway, such as \"TLS 1.2\"")
	p.StringVar(&w.CASID, "cas-id", "", "the `ID` of its certificate in the certificate store")
	p.StringVar(&w.Region, "region", "", "its region `ID`, such as cn-hangzhou")
	p.StringVar(&w.stage, "stage", "", "its stage; an empty value means all environments")
	p.StringVar(&w.Type, "type", "", "its network type: INTERNET or INTRANET")
	p.StringVar(&w.Proof, "proof", "", "its domain proof: cname or txt")
	p.BoolVar(&w.Force, "force", false, "allow taking the domain from the groups in --force-from")
	p.StringArrayVar(&w.ForceFrom, "force-from", nil, "`GROUP` that the domain may be taken from, repeatable")
	p.StringVar(&w.redirect, "redirect", "", "redirect HTTP to HTTPS: true or false")
	p.StringVar(&w.Certificate, "certificate", "", "its certificate `FILE`")
	p.StringVar(&w.CertificateName, "certificate-name", "", "the certificate's `NAME` on the gateway")
	p.StringVar(&w.PrivateKey, "private-key", "", "its private key `FILE`")
	p.StringVar(&w.PrivateKeyEnv, "private-key-env", "", "environment `NAME` that holds its private key")
	p.StringVar(&w.PassphraseEnv, "passphrase-env", "", "environment `NAME` that holds the key's passphrase")
	p.StringVar(&w.ClientCertificate, "client-certificate", "", "PEM `FILE` of the CA of callers' certificates (mutual TLS), or none to state that it is off")
	p.StringToStringVar(&w.Labels, "label", nil, "its labels, `KEY=VALUE`")
	usage.Values(c, "region", binding.Regions()...)
	usage.Values(c, "stage", "TEST", "PRE", "RELEASE")
	usage.Values(c, "type", "INTERNET", "INTRANET")
	usage.Values(c, "proof", "cname", "txt")
	usage.ValuesOrFile(c, "client-certificate", "none")
	usage.Values(c, "redirect", "true", "false")
	usage.Values(c, "force-https", "true", "false")
	usage.Values(c, "protocol", "HTTP", "HTTPS")
	usage.Values(c, "tls-min", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
}

// bindingFlags are the flags that describe one binding.
func bindingFlags() []string {
	return strings.Fields("domain group gateway protocol force-https tls-min cas-id region stage type proof redirect force force-from certificate certificate-name private-key private-key-env passphrase-env client-certificate label")
}

// named reports whether any flag that names a binding was given.
func (w flagBinding) named(c *cobra.Command) bool {
	if c.Flags().Lookup("domain") == nil {
		return false // a command that takes no binding from flags
	}
	for _, name := range bindingFlags() {
		if c.Flags().Changed(name) {
			return true
		}
	}
	return false
}

// manifest returns the binding that the flags describe.
func (w flagBinding) manifest(c *cobra.Command) (manifest.Flags, error) {
	if c.Flags().Changed("stage") {
		w.Stage = &w.stage
	}
	for _, f := range []struct {
		name, text string
		to         **bool
	}{{"redirect", w.redirect, &w.Redirect}, {"force-https", w.forceHTTPS, &w.ForceHTTPS}} {
		if c.Flags().Changed(f.name) {
			yes, err := strconv.ParseBool(f.text)
			if err != nil {
				return w.Flags, fmt.Errorf("reading --%s: got %q, want true or false", f.name, f.text)
			}
			*f.to = &yes
		}
	}
	return w.Flags, nil
}

// flagGroups are the sections of the help of commands that judge, in their order.
func flagGroups() []usage.Group {
	return []usage.Group{
		{Title: "One binding without a manifest", Flags: bindingFlags()},
		{Title: "Bindings of another tool", Flags: []string{"terraform"}},
		{Title: "Reports", Flags: strings.Fields("format color quiet verbose sarif-category")},
		{Title: "Policies and severities", Flags: strings.Fields("config policy data fail-on actor ci-token external")},
		{Title: "Repeated runs", Flags: strings.Fields("since only-new metrics notify")},
		{Title: "Applying", Flags: strings.Fields("plan approval each journal read-back max-age lock-wait")},
		{Title: "Certificates", Flags: strings.Fields("roots certificate-profile crl weak-keys min-remaining")},
		{Title: "DNS and gateway", Flags: strings.Fields("resolver wait endpoint contract timeout concurrency probe")},
		{Title: "Evidence and time", Flags: strings.Fields("offline without now evidence evidence-out")},
		{Title: "What a manifest may read", Flags: strings.Fields("allow-path allow-env")},
	}
}
