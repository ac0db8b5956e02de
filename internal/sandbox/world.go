package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/certstore"
)

// Assumptions choose behaviour that the platform does not document.
type Assumptions struct {
	account.Assumptions
	APIG    apig.Assumptions
	CAS     certstore.Assumptions
	MaxBody int // limit of a call's body in bytes, above which the gateway returns 413 as HTML; 0: only the sandbox's limit
}

// World is one question that the platform's pages leave open.
type World struct {
	Name   string
	Values []string // the first is the default
	Why    string   // why it is not known
	set    func(*Assumptions, string)
}

// either is a question with two answers; field is true for the second.
func either(name, first, second, why string, field func(*Assumptions) *bool) World {
	return World{name, []string{first, second}, why, func(a *Assumptions, value string) { *field(a) = value == second }}
}

// Worlds returns every assumption. The names are those of sandbox --assume.
func Worlds() []World {
	return []World{
		either("update", "keep", "reset", "the page of SetDomain does not say what an update does to fields that it leaves out",
			func(a *Assumptions) *bool { return &a.UpdateResets }),
		either("renewal", "reset", "keep", "the page of SetDomainCertificate does not say whether a renewal keeps mutual TLS",
			func(a *Assumptions) *bool { return &a.RenewalKeeps }),
		either("client-certificate", "shown", "hidden", "the page of DescribeDomain has no client CA, some answers have",
			func(a *Assumptions) *bool { return &a.HidesClients }),
		either("network-type", "upper", "lower", "an example of DescribeApiGroup has intranet in lower case",
			func(a *Assumptions) *bool { return &a.LowerCase }),
		either("update-domain", "replace", "merge", "UpdateDomain marks no field as required, and two deployers read first and send all back",
			func(a *Assumptions) *bool { return &a.APIG.Merges }),
		either("empty-text", "clears", "keeps", "no page says how UpdateDomain clears a field",
			func(a *Assumptions) *bool { return &a.APIG.EmptyKeeps }),
		either("apig-errors", "status", "ok", "the official provider guards against a refusal with HTTP status 200",
			func(a *Assumptions) *bool { return &a.APIG.ErrorsAreOK }),
		{"success-code", []string{"Ok", "success", "200"}, "pages and examples spell the code of a success in three ways",
			func(a *Assumptions, value string) { a.APIG.SuccessCode = map[bool]string{false: value}[value == "Ok"] }},
		either("tls-names", "spaced", "plain", "examples spell TLS versions with and without a space",
			func(a *Assumptions) *bool { return &a.APIG.PlainTLSNames }),
		{"timestamp-names", []string{"documented", "older", "plain"}, "definitions misspell updatetimestamp and notAfterTimstamp, older ones notBeforeTimstamp too",
			func(a *Assumptions, value string) {
				a.APIG.Timestamps = map[bool]string{false: value}[value == "documented"]
			}},
		either("unset-fields", "empty", "absent", "no page says how a record shows a field that was never set",
			func(a *Assumptions) *bool { return &a.APIG.OmitsUnset }),
		either("total-count", "text", "number", "totalCount of the statistics is a text, unlike every other count",
			func(a *Assumptions) *bool { return &a.APIG.CountIsNumber }),
		either("domain-status", "list", "everywhere", "the definition has a status in ListDomains and none in GetDomain",
			func(a *Assumptions) *bool { return &a.APIG.StatusEverywhere }),
		either("bound-status", "unpublished", "published", "the status of a domain that is bound and not deployed is not documented",
			func(a *Assumptions) *bool { return &a.APIG.UndeployedIsPublished }),
		either("https-without-certificate", "accepted", "refused", "the guide wants certIdentifier with HTTPS, the definition does not require it",
			func(a *Assumptions) *bool { return &a.APIG.NeedsCertificate }),
		either("duplicate-name", "accepted", "refused", "no page says whether a name can be created twice",
			func(a *Assumptions) *bool { return &a.APIG.RefusesDuplicates }),
		either("unknown-certificate", "accepted", "refused", "no page says when an unknown certIdentifier is refused",
			func(a *Assumptions) *bool { return &a.APIG.RefusesUnknownCert }),
		either("mtls-ca-id", "optional", "required", "the definition requires caCertIdentifier, a live test creates HTTPS without it",
			func(a *Assumptions) *bool { return &a.APIG.NeedsCAID }),
		either("http2-default", "GlobalConfig", "Close", "the value of http2Option that was never set is not documented",
			func(a *Assumptions) *bool { return &a.APIG.HTTP2Closed }),
		either("list-by-gateway", "published", "all", "no page says which domains ListDomains with gatewayId lists",
			func(a *Assumptions) *bool { return &a.APIG.GatewayListsAll }),
		{"page-size", []string{"100", "50"}, "the maximum of ListDomains, ListGateways and ListSslCerts is not documented; 50 is in use",
			func(a *Assumptions, value string) { a.APIG.MaxPage = map[bool]int{true: 50}[value == "50"] }},
		either("deploy-without-domains", "keeps", "unbinds", "no page says what DeployHttpApi does to domains that it leaves out",
			func(a *Assumptions) *bool { return &a.APIG.DeployUnbinds }),
		either("delete-used-domain", "refused", "accepted", "no page says whether a domain in use can be deleted",
			func(a *Assumptions) *bool { return &a.APIG.DeletesInUse }),
		either("delete-missing-domain", "refused", "accepted", "no page says whether DeleteDomain can be repeated",
			func(a *Assumptions) *bool { return &a.APIG.DeletesMissing }),
		either("missing-code", "plain", "prefixed", "published code matches DatabaseError.RecordNotFound and Error.DatabaseError.RecordNotFound",
			func(a *Assumptions) *bool { return &a.APIG.PrefixedNotFound }),
		either("released-gateway", "missing", "deleted", "published code matches NotFound.GatewayNotFound and Conflict.GatewayIsDeleted",
			func(a *Assumptions) *bool { return &a.APIG.ReleasedIsConflict }),
		either("same-certificate", "accepted", "refused", "no page says whether the store takes the same bytes under another name",
			func(a *Assumptions) *bool { return &a.CAS.RefusesSame }),
		either("delete-used-certificate", "refused", "accepted", "no page says whether a certificate in use can be deleted",
			func(a *Assumptions) *bool { return &a.CAS.DeletesInUse }),
		either("digest-case", "upper", "lower", "no page says how digests of certificates are written",
			func(a *Assumptions) *bool { return &a.CAS.LowerCaseHash }),
		either("detail-fingerprint", "sha1", "sha256", "no page says which digest FingerPrint of GetCertificateDetail is",
			func(a *Assumptions) *bool { return &a.CAS.LongDetail }),
	}
}

// ParseAssumptions parses NAME=VALUE pairs of Worlds, max-body=BYTES, and
// future-field=NAME for a field that records of domains do not have today.
func ParseAssumptions(pairs []string) (a Assumptions, err error) {
	worlds := Worlds()
	given := map[string]bool{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if given[name] {
			return a, fmt.Errorf("%s is given twice", name)
		}
		given[name] = true
		if name == "max-body" {
			if a.MaxBody, err = strconv.Atoi(value); err != nil || a.MaxBody < 1 {
				return a, fmt.Errorf("got %q, want max-body=BYTES", pair)
			}
			continue
		}
		if name == "future-field" {
			if a.APIG.FutureField = value; value == "" {
				return a, fmt.Errorf("got %q, want future-field=NAME", pair)
			}
			continue
		}
		i := slices.IndexFunc(worlds, func(w World) bool { return w.Name == name })
		switch {
		case i < 0:
			var names []string
			for _, w := range worlds {
				names = append(names, w.Name)
			}
			return a, fmt.Errorf("got %q, want NAME=VALUE with max-body, future-field or one of %s", pair, strings.Join(names, ", "))
		case !slices.Contains(worlds[i].Values, value):
			return a, fmt.Errorf("got %q, want %s=%s", pair, name, strings.Join(worlds[i].Values, "|"))
		}
		worlds[i].set(&a, value)
	}
	return a, nil
}

// AssumptionsText lists the assumptions, with why each is not known.
func AssumptionsText() string {
	var b strings.Builder
	for _, w := range Worlds() {
		fmt.Fprintf(&b, "  %s=%s\n      %s\n", w.Name, strings.Join(w.Values, "|"), w.Why)
	}
	b.WriteString("  future-field=NAME\n      a field of a domain's record that no definition has today (default: none)\n")
	b.WriteString("  max-body=BYTES\n      the platform's limit of a body is not documented (default: the sandbox's own)")
	return b.String()
}

// AssumptionValues lists each NAME=VALUE, with the reason after a tab.
func AssumptionValues() (all []string) {
	for _, w := range Worlds() {
		for _, v := range w.Values {
			all = append(all, w.Name+"="+v+"\t"+w.Why)
		}
	}
	return append(all, "max-body=\tthe platform's limit of a body, in bytes")
}
