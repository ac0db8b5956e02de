// Package classic is what bindgate knows of the classic API Gateway (product CloudAPI)
// without asking it: the calls that bring a binding into effect, what a state lacks of
// it, and the commands that restore the state before. It is pure; package client reads.
package classic

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
)

// Actions that change a domain.
const (
	SetDomain            = "SetDomain"
	SetDomainCertificate = "SetDomainCertificate"
)

// ClientCAParam is the parameter of SetDomainCertificate for the CA of client
// certificates; an empty value removes the CA.
const ClientCAParam = "CaCertificateBody"

// Platform implements platform.Platform for API groups.
type Platform struct{}

// Calls implements platform.Platform.
func (Platform) Calls(s checks.Subject) (plan.Plan, error) { return For(s) }

// Compare implements platform.Platform.
func (Platform) Compare(s checks.Subject, state plan.State) plan.Gap {
	gap := Compare(TargetOf(s), state.Group)
	return plan.Gap{InEffect: gap.InEffect(), Differences: gap.Differences, NotShown: gap.NotShown}
}

// Shows implements platform.Platform.
func (Platform) Shows(c plan.Call, s checks.Subject, state plan.State) bool {
	return Shows(c, s.Binding.DomainName, state.Group)
}

// Uploaded implements platform.Platform: calls carry the certificate itself.
func (Platform) Uploaded(plan.Call, plan.State) (evidence.StoredCertificate, bool) {
	return evidence.StoredCertificate{}, false
}

// Lost implements platform.Platform.
func (Platform) Lost(c plan.Call, s checks.Subject, state plan.State) []string {
	d, _ := state.Group.Domain(s.Binding.DomainName)
	return Lost(c, d)
}

// Reread implements platform.Platform: a call that keeps a setting, or replaces the
// certificate of a domain whose settings for client certificates were read.
func (Platform) Reread(s checks.Subject, p plan.Plan, done int) (needed, certificate bool) {
	if done > 0 {
		return false, false
	}
	certificate = s.Evidence.Group.Facts.Served != nil && slices.ContainsFunc(p.Calls, func(c plan.Call) bool { return c.Material != nil })
	return certificate || slices.ContainsFunc(p.Calls, func(c plan.Call) bool { return len(c.Keeps) > 0 }), certificate
}

// Changed implements platform.Platform.
func (Platform) Changed(s checks.Subject, p plan.Plan, now plan.State) string {
	d, bound := now.Group.Domain(s.Binding.DomainName)
	if !bound {
		return fmt.Sprintf("%q is no longer bound to the group", s.Binding.DomainName)
	}
	for _, c := range p.Calls {
		if words := Lost(c, d); len(words) > 0 {
			return fmt.Sprintf("of %q, %s", s.Binding.DomainName, strings.Join(words, "; "))
		}
	}
	judged := s.Evidence.Group.Facts.Served
	if now.Group.Served != nil && judged != nil && !reflect.DeepEqual(now.Group.Served.ClientCertificates, judged.ClientCertificates) {
		return fmt.Sprintf("%q has other settings of client certificates", s.Binding.DomainName)
	}
	return ""
}

// ErrNoGroup is the error of For if the state of the group was not observed.
var ErrNoGroup = errors.New("planning the calls: the state of the API group was not read")

// For computes the calls for a binding from its evidence. It fails if the evidence does not
// contain the group, or if the binding names a certificate and the evidence does not contain
// the certificate or its key.
func For(s checks.Subject) (plan.Plan, error) {
	b, ev := s.Binding, s.Evidence
	if ev.Group.State != evidence.StateObserved || !ev.Group.Facts.Found {
		return plan.Plan{}, ErrNoGroup
	}
	material, err := materialOf(b, ev)
	if err != nil {
		return plan.Plan{}, err
	}
	p := plan.Plan{}
	if d, ok := ev.Group.Facts.Domain(b.DomainName); ok {
		p.Before = &d
	}
	gap := Compare(TargetOf(s), ev.Group.Facts)
	gap.Certificate = gap.Certificate || gap.NotShown != "" // sent again, because the gateway does not report whether it is in effect
	displaced := ev.Account.Facts.Conflicts()
	force := b.IsForce && len(displaced) > 0
	if err := checkKept(b, ev, p.Before, gap); err != nil {
		return plan.Plan{}, err
	}
	if ev.Run.Contract == evidence.Contract2017 {
		p.Calls = calls2017(b, gap, material)
	} else {
		p.Calls = calls2026(b, p.Before, gap, force, material)
	}
	if ev.Group.Facts.MayRequestClientCertificates(b.DomainName) {
		disableMutualTLS(b, p.Calls)
	}
	for _, c := range p.Calls {
		if c.Forces() {
			p.Displaces = displaced
		}
	}
	p.Restore = restore(b, p)
	return p, nil
}

// checkKept fails if an update would change a setting that the binding does not name,
// because the API version cannot send the current value back.
func checkKept(b binding.Binding, ev evidence.Evidence, before *evidence.Domain, gap Diff) error {
	if before == nil {
		return nil
	}
	if updates := gap.Domain || gap.Redirect; updates {
		if why := before.NotKept(ev.Run.Contract, b.CustomDomainTypeGiven); len(why) > 0 {
			return fmt.Errorf("planning the calls: an update of %q cannot keep the settings that the binding does not name: %s", b.DomainName, strings.Join(why, "; "))
		}
	}
	if gap.Certificate && b.ClientCertificate == nil && ev.Group.Facts.MayRequestClientCertificates(b.DomainName) {
		return fmt.Errorf("planning the calls: %q now requires client certificates, and the binding does not state clientCertificate", b.DomainName)
	}
	return nil
}

// calls2026 returns the calls for the API version of 2026: the domain, then the
// certificate. A redirect to HTTPS before the first certificate would break every caller,
// so a separate last call sets it; that call never contains IsForce.
func calls2026(b binding.Binding, before *evidence.Domain, gap Diff, force bool, m *plan.Material) []plan.Call {
	redirect := b.IsHTTPRedirectToHTTPS != nil && *b.IsHTTPRedirectToHTTPS
	redirectLast := redirect && gap.Certificate && !gap.HasCertificate
	var calls []plan.Call
	if gap.Domain || (gap.Redirect && !redirectLast) {
		c := setDomain(b, before)
		if force {
			c.Params["IsForce"] = "true"
		}
		if redirectLast {
			c.Params["IsHttpRedirectToHttps"] = "false"
		}
		calls = append(calls, c)
	}
	if gap.Certificate {
		calls = append(calls, setCertificate(b, m))
	}
	if redirectLast && (gap.Domain || gap.Redirect) {
		calls = append(calls, setDomain(b, before))
	}
	return calls
}

// calls2017 returns the calls for the API version of 2017: SetDomain contains the
// certificate. In both versions a renewal is a single SetDomainCertificate.
func calls2017(b binding.Binding, gap Diff, m *plan.Material) []plan.Call {
	if !gap.Domain {
		if gap.Certificate {
			return []plan.Call{setCertificate(b, m)}
		}
		return nil
	}
	c := call(SetDomain, b)
	if gap.Certificate {
		inline := *m
		inline.BodyParam, inline.KeyParam = "CertificateBody", "PrivateKey"
		c.Params["CertificateName"] = b.Certificate.Name
		c.Material = &inline
	}
	return []plan.Call{c}
}

func call(action string, b binding.Binding) plan.Call {
	return plan.Call{Action: action, RegionID: b.RegionID,
		Params: map[string]string{"GroupId": b.GroupID, "DomainName": b.DomainName}}
}

// setDomain returns a SetDomain call with every field that the manifest sets. On an update it
// also sends back the current values of the others, because an absent BindStageName
// means all environments.
func setDomain(b binding.Binding, before *evidence.Domain) plan.Call {
	c := call(SetDomain, b)
	keep := func(name, value string) {
		c.Params[name] = value
		c.Keeps = append(c.Keeps, name)
	}
	switch {
	case b.BindStageName != nil:
		c.Params["BindStageName"] = *b.BindStageName
	case before != nil:
		keep("BindStageName", before.BindStageName)
	}
	switch {
	case b.CustomDomainTypeGiven || b.CustomDomainType != binding.Internet:
		c.Params["CustomDomainType"] = b.CustomDomainType
	case before != nil && before.CustomDomainType != "":
		keep("CustomDomainType", strings.ToUpper(before.CustomDomainType))
	}
	switch {
	case b.IsHTTPRedirectToHTTPS != nil:
		c.Params["IsHttpRedirectToHttps"] = strconv.FormatBool(*b.IsHTTPRedirectToHTTPS)
	case before != nil:
		keep("IsHttpRedirectToHttps", strconv.FormatBool(before.IsHTTPRedirectToHTTPS))
	}
	return c
}

func setCertificate(b binding.Binding, m *plan.Material) plan.Call {
	c := call(SetDomainCertificate, b)
	c.Params["CertificateName"] = b.Certificate.Name
	c.Material = m
	if cc := b.ClientCertificate; cc != nil && !cc.None {
		if cc.VerifyDepth > 0 {
			c.Params["SslVerifyDepth"] = strconv.Itoa(cc.VerifyDepth)
		}
		c.Params["ClientCertSDnPassThrough"] = strconv.FormatBool(cc.PassSubjectDN)
		c.Params["SslOcspEnable"] = strconv.FormatBool(cc.OCSP)
		c.Params["SslOcspCacheEnable"] = strconv.FormatBool(cc.OCSPCache)
	}
	return c
}

// disableMutualTLS adds the parameters that disable mutual TLS to the call with the
// certificate, if the binding states that it is off.
func disableMutualTLS(b binding.Binding, calls []plan.Call) {
	for _, c := range calls {
		if c.Action == SetDomainCertificate && b.ClientCertificate != nil && b.ClientCertificate.None {
			c.Params[ClientCAParam] = ""
			for _, name := range []string{"ClientCertSDnPassThrough", "SslOcspEnable", "SslOcspCacheEnable"} {
				c.Params[name] = "false"
			}
		}
	}
}

// materialOf returns the digests of the binding's certificate and key from the evidence.
func materialOf(b binding.Binding, ev evidence.Evidence) (*plan.Material, error) {
	if b.Certificate == nil {
		return nil, nil
	}
	cert, key := ev.Certificate, ev.Key
	if cert.State != evidence.StateObserved || cert.Facts.ChainDigest == "" {
		return nil, errors.New("planning the calls: the certificate was not read")
	}
	if key.State != evidence.StateObserved || key.Facts.PublicKeyDigest == "" {
		return nil, errors.New("planning the calls: the private key was not read")
	}
	clientCA := ""
	if cc := b.ClientCertificate; cc != nil && !cc.None {
		if cert.Facts.ClientCA == nil || cert.Facts.ClientCA.Digest == "" {
			return nil, errors.New("planning the calls: the CA of client certificates was not read")
		}
		clientCA = cert.Facts.ClientCA.Digest
	}
	return &plan.Material{
		Binding:    b,
		FileDigest: cert.Facts.FileDigest, ChainDigest: cert.Facts.ChainDigest,
		PublicKeyDigest: key.Facts.PublicKeyDigest,
		BodyParam:       "CertificateBody", KeyParam: "CertificatePrivateKey",
		ClientCADigest: clientCA, ClientCAParam: ClientCAParam,
	}, nil
}
