package settings

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/given"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/usage"
)

// Flags are what a judging command was called with: options of the engine, and what the
// command itself needs.
type Flags struct {
	judge.Options
	Formats        []string
	Config         string
	Offline        bool
	Without        []string
	now            string
	probes         bool
	EvidenceOut    string
	Terraform      string   // lint only: a plan
	ROS            string   // lint only: a template
	ROSGiven       []string // lint only: values of its parameters
	WriteChain     string   // lint only
	PlanOut        string   // plan only
	PlanFile       string   // apply only
	Saved          *given.Plan
	ValidFor       time.Duration // plan only
	Approvals      []string      // apply only
	CIToken        string
	ExternalFiles  []string // NAME=FILE
	Confined       bool     // the manifests are those of a saved plan
	Wait           time.Duration
	Journal        string
	AllowPath      []string
	AllowEnv       []string
	Quiet, Verbose bool
	Color          string // auto, always or never
	SarifCategory  string
	Overlay        confine.Overlay // Git's index, for --staged
	Binding        Binding
	As             string // the command that the run counts as; empty: its own
	Map            bool   // cutover only: the manifest must be a map
	Since          string // cutover only
	NotifyURL      string // of --notify; it holds a token

	command *cobra.Command // that has them
}

// Binding is one binding given by flags instead of a manifest.
type Binding struct {
	manifest.Flags
	stage, redirect, forceHTTPS string // as given; Flags keeps apart what was not given from what is empty
	set                         *pflag.FlagSet
}

// AddJudging adds the flags of every command that judges bindings.
func (f *Flags) AddJudging(c *cobra.Command) {
	p := c.Flags()
	usage.List(p, &f.Formats, "format", "f", "report `FORMAT[=FILE]`, repeatable: "+strings.Join(report.Formats(), ", "))
	p.StringVar((*string)(&f.FailOn), "fail-on", "", "refuse a binding for a `warning` too (default: for errors only)")
	p.StringVar(&f.SarifCategory, "sarif-category", "", "`ID` that distinguishes this SARIF report from others of the same commit (default: none)")
	p.BoolVarP(&f.Quiet, "quiet", "q", false, "print only what blocks a binding")
	p.BoolVarP(&f.Verbose, "verbose", "v", false, "print every binding and check")
	usage.Color(c, &f.Color)
	usage.Values(c, "format", report.Formats()...)
	usage.Values(c, "fail-on", "warning", "error")
	f.AddSources(c)
}

// AddFiles adds the flags of files and rules that bindings are judged with, and of what
// manifests may read.
func (f *Flags) AddFiles(c *cobra.Command) {
	f.command = c
	p := c.Flags()
	p.StringVar(&f.Config, "config", "", "the gate owner's configuration `FILE`; its folder becomes the root of all paths")
	p.StringVar(&f.Contract, "contract", "", "published contract that the endpoint speaks: 2026 (default) or 2017")
	p.StringVar(&f.Roots, "roots", "", "trusted roots: mozilla (default), system, or a PEM `FILE`")
	f.addTrust(c)
	usage.List(p, &f.Policies, "policy", "", "more Rego policies: a file, folder, bundle or oci://registry/repository, repeatable; @sha256:… after it locks the content")
	usage.List(p, &f.Data, "data", "", "YAML or JSON `FILE` that overrides policy data, repeatable")
	usage.List(p, &f.AllowPath, "allow-path", "", "another `DIR` that manifests may name files in, repeatable")
	usage.List(p, &f.AllowEnv, "allow-env", "", "`GLOB` of environment variables that manifests may read in addition to BINDGATE_*, repeatable")
	usage.Values(c, "contract", "2026", "2017")
	usage.ValuesOrFile(c, "roots", "mozilla", "system")
}

// From makes the paths of the flags of AddFiles absolute, which begin at a folder.
func (f *Flags) From(dir string) {
	for _, path := range []*string{&f.Config, &f.Roots} {
		if *path != "" && *path != "mozilla" && *path != "system" {
			*path = confine.Absolute(dir, *path)
		}
	}
	for _, list := range [][]string{f.Policies, f.Data, f.AllowPath, f.CRLs, f.WeakKeys} {
		for i, path := range list {
			if !strings.HasPrefix(path, "oci://") {
				list[i] = confine.Absolute(dir, path)
			}
		}
	}
}

// AddSources adds the flags that say what bindings are judged with.
func (f *Flags) AddSources(c *cobra.Command) {
	f.AddFiles(c)
	p := c.Flags()
	p.StringVar(&f.DNS.Resolver, "resolver", "", "ask this DNS resolver, `ADDR[:PORT]`, tls://HOST or https://URL, and not the zones' own servers")
	usage.Duration(p, &f.Wait, "wait", 0, "look at DNS again until every change is visible everywhere, for at most this `DURATION`")
	p.StringVar(&f.Gateway.Endpoint, "endpoint", "", "gateway `URL` (default: the region's own)")
	usage.Duration(p, &f.Timeout, "timeout", 0, "time for the evidence of one binding, two thirds of it for DNS (default 30s)")
	p.IntVar(&f.Concurrency, "concurrency", 0, "bindings at a time (default 32)")
	p.StringVar(&f.Actor, "actor", "", "who runs this, for policies; a claim, not a proof (default: what the CI says)")
	p.StringVar(&f.CIToken, "ci-token", "", "OIDC token of the CI job, in `FILE` (default: $BINDGATE_CI_TOKEN); the owner's file names its issuer and keys")
	usage.List(p, &f.ExternalFiles, "external", "", "facts for policies, `NAME=FILE`, which the owner's file declares, repeatable")
}

// addOwned adds the settings that only the owner's file can change. They belong to
// a network, not to a run.
func (f *Flags) addOwned(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.DNS.RootHints, "root-hints", "", "")
	p.Uint16Var(&f.DNS.Port, "dns-port", 0, "")
	p.Float64Var(&f.DNS.Rate, "dns-rate", 0, "")
	p.StringVar(&f.Gateway.CA, "endpoint-ca", "", "")
	p.Float64Var(&f.Gateway.Rate, "gateway-rate", 0, "")
	p.StringVar(&f.Gateway.Account, "account", "", "")
	p.StringVar(&f.Gateway.STS, "sts", "", "")
	p.StringVar(&f.Gateway.APIG, "apig", "", "")
	p.StringVar(&f.Gateway.CAS, "cas", "", "")
	p.StringVar(&f.NotifyURL, "notify-url", "", "")
	p.BoolVar(&f.RevocationPrivate, "revocation-private", false, "")
	usage.List(p, &f.Moves.Allow, "probe-allow", "", "")
	p.StringVar(&f.Journal, "journal", "", "") // a flag of apply's, which every command's file may name
}

// AddMode adds the flags that choose what is observed and when. apply knows
// them too, only to refuse them with a reason.
func (f *Flags) AddMode(c *cobra.Command) {
	f.AddReplay(c)
	c.Flags().StringVar(&f.EvidenceOut, "evidence-out", "", "save the evidence to `FILE`")
}

// AddReplay is AddMode for commands that save no evidence.
func (f *Flags) AddReplay(c *cobra.Command) {
	p := c.Flags()
	p.BoolVar(&f.Offline, "offline", false, "ask neither DNS nor the gateway; what needs them is not run")
	p.StringSliceVar(&f.Without, "without", nil, "skip the evidence of these `SOURCES`: group, dns, revocation, or some of them with commas")
	usage.ValueList(c, "without", "group", "dns", "revocation")
	p.StringVar(&f.now, "now", "", "fix the clock at this `RFC3339` time")
	p.StringVar(&f.Evidence, "evidence", "", "replay the evidence saved in `FILE`")
}

// AddProbe adds the flags of the commands that may ask the addresses of a domain.
func (f *Flags) AddProbe(c *cobra.Command) {
	c.Flags().BoolVar(&f.probes, "probe", false, "ask the addresses of each allowed domain, ports 443 and 80, what they serve now")
}

// AddBinding adds the flags that name one binding without a manifest.
func (f *Flags) AddBinding(c *cobra.Command) {
	w := &f.Binding
	p := pflag.NewFlagSet("", pflag.ContinueOnError)
	p.SortFlags = false
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
	p.StringVar(&w.redirect, "redirect", "", "redirect HTTP to HTTPS: true or false")
	p.BoolVar(&w.Force, "force", false, "allow taking the domain from the groups in --force-from")
	usage.List(p, &w.ForceFrom, "force-from", "", "`GROUP` that the domain may be taken from, repeatable")
	p.StringVar(&w.Certificate, "certificate", "", "its certificate `FILE`")
	p.StringVar(&w.CertificateName, "certificate-name", "", "the certificate's `NAME` on the gateway")
	p.StringVar(&w.PrivateKey, "private-key", "", "its private key `FILE`")
	p.StringVar(&w.PrivateKeyEnv, "private-key-env", "", "environment `NAME` that holds its private key")
	p.StringVar(&w.PassphraseEnv, "passphrase-env", "", "environment `NAME` that holds the key's passphrase")
	p.StringVar(&w.ClientCertificate, "client-certificate", "", "PEM `FILE` of the CA of callers' certificates (mutual TLS), or none to state that it is off")
	p.StringToStringVar(&w.Labels, "label", nil, "its labels, `KEY=VALUE`")
	w.set = p
	c.Flags().AddFlagSet(p)
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

// bindingFlags are the names of the flags that describe one binding, in their order.
func bindingFlags() (names []string) {
	var f Flags
	f.AddBinding(&cobra.Command{})
	f.Binding.set.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// Given returns the names of the flags of a binding that were given.
func (w Binding) Given() (names []string) {
	if w.set == nil {
		return nil // a command that takes no binding from flags
	}
	w.set.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			names = append(names, f.Name)
		}
	})
	return names
}

// Manifest returns the binding that the flags describe.
func (w Binding) Manifest() (manifest.Flags, error) {
	if w.set.Changed("stage") {
		w.Stage = &w.stage
	}
	for _, f := range []struct {
		name, text string
		to         **bool
	}{{"redirect", w.redirect, &w.Redirect}, {"force-https", w.forceHTTPS, &w.ForceHTTPS}} {
		if w.set.Changed(f.name) {
			yes, err := strconv.ParseBool(f.text)
			if err != nil {
				return w.Flags, fmt.Errorf("reading --%s: got %q, want true or false", f.name, f.text)
			}
			*f.to = &yes
		}
	}
	return w.Flags, nil
}

// OtherFlags are the flags of a binding that add what a file of another tool cannot say.
func OtherFlags() []string {
	return strings.Fields("region gateway proof certificate certificate-name label")
}

// AddOther adds the flags that name a file of another tool.
func (f *Flags) AddOther(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.Terraform, "terraform", "", "judge the bindings of a plan in `FILE`, which `terraform show -json` printed; flags of one binding add what it cannot say")
	p.StringVar(&f.ROS, "ros", "", "judge the bindings of a ROS template in `FILE`, YAML or JSON, with the same flags; what a function stands for is not run")
	usage.List(p, &f.ROSGiven, "ros-parameter", "", "value of a parameter of the template, `NAME=VALUE`, or NAME=@FILE for a certificate or key, repeatable")
}

// Other returns the flag that names a file of another tool; empty: none was given.
func (f *Flags) Other() string {
	switch {
	case f.Terraform != "":
		return "terraform"
	case f.ROS != "" || len(f.ROSGiven) > 0:
		return "ros"
	}
	return ""
}

// Groups are the sections of the help of commands that judge, in their order.
func Groups() []usage.Group {
	return []usage.Group{
		{Title: "One binding without a manifest", Flags: bindingFlags(), Needs: "domain"},
		{Title: "Bindings of another tool", Flags: strings.Fields("terraform ros ros-parameter")},
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

// addTrust adds the flags that say how certificates are judged, except --roots.
func (f *Flags) addTrust(c *cobra.Command) {
	p := c.Flags()
	usage.List(p, &f.CRLs, "crl", "", "CRL `FILE` of a CA of the path, in DER or PEM, repeatable")
	usage.List(p, &f.WeakKeys, "weak-keys", "", "`FILE` of compromised keys, repeatable: a list of Debian's openssl-blacklist, or one SHA-256 of a public key per line")
	p.StringVar(&f.Profile, "certificate-profile", "", "whose rules certificates keep: public or private (default: public where the root is in Mozilla's list)")
	usage.Values(c, "certificate-profile", evidence.ProfilePublic, evidence.ProfilePrivate)
	usage.Duration(p, &f.MinRemaining, "min-remaining", 0, "warn of certificates that last less than this `DURATION`, such as 30d; an audit refuses them (default: a third of their lifetime, a warning)")
}

// CheckCertificates returns an error for values that those flags do not have.
func (f Flags) CheckCertificates() error {
	if f.MinRemaining < 0 {
		return fmt.Errorf("reading --min-remaining: got %s, want a time above zero", f.MinRemaining)
	}
	return usage.OneOf("certificate-profile", cmp.Or(f.Profile, evidence.ProfilePublic), evidence.ProfilePublic, evidence.ProfilePrivate)
}
