// Package apig is what bindgate knows of the cloud-native API Gateway (product APIG) and
// its certificate store (product cas) without asking them: the calls that bring a binding
// into effect, what a state lacks of it, and the commands that restore the state before.
// It is pure; package client reads.
package apig

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
)

// Actions that change a domain or the certificate store.
const (
	UploadUserCertificate = "UploadUserCertificate"
	CreateDomain          = "CreateDomain"
	UpdateDomain          = "UpdateDomain"
)

// Errors of Calls.
var (
	ErrNoGateway = errors.New("planning the calls: the state of the gateway was not read")
	ErrNoRecords = errors.New("planning the calls: the domains of the account were not all read, so whether the domain exists is unknown")
	ErrNoStore   = errors.New("planning the calls: the certificate store was not read")
)

// Platform implements platform.Platform for gateways.
type Platform struct{}

// Calls implements platform.Platform: an upload if the store does not hold the
// certificate, then one CreateDomain or one UpdateDomain with the whole record. An update
// may replace the record, so it sends back every writable field that the binding does not
// state. Nothing is published or deployed.
func (Platform) Calls(s checks.Subject) (plan.Plan, error) {
	b, ev := s.Binding, s.Evidence
	switch records := ev.Records; {
	case ev.Gateway.State != evidence.StateObserved || !ev.Gateway.Facts.Found:
		return plan.Plan{}, ErrNoGateway
	case records.State != evidence.StateObserved || !records.Facts.Complete:
		return plan.Plan{}, ErrNoRecords
	case len(records.Facts.Same) > 0:
		return plan.Plan{}, fmt.Errorf("planning the calls: the account has %d domains with the name %q, want at most one", 1+len(records.Facts.Same), b.DomainName)
	}
	p := plan.Plan{}
	if d := ev.Records.Facts.Domain; d != nil {
		record := *d
		p.Record = &record
	}
	cert, err := certificateOf(s)
	if err != nil {
		return plan.Plan{}, err
	}
	if gap := compare(s, plan.StateOf(s)); gap.InEffect {
		return p, nil
	}
	if err := checkUpdate(s, p.Record); err != nil {
		return plan.Plan{}, err
	}
	if cert.upload != nil {
		p.Calls = append(p.Calls, *cert.upload)
	}
	c, err := domainCall(s, p.Record, cert)
	if err != nil {
		return plan.Plan{}, err
	}
	p.Calls = append(p.Calls, c)
	p.Restore = restore(b, p)
	return p, nil
}

// checkUpdate fails if an update could not leave as it is what the binding does not name.
func checkUpdate(s checks.Subject, before *evidence.Record) error {
	b := s.Binding
	if before == nil {
		return nil
	}
	if len(before.UnknownFields) > 0 {
		return fmt.Errorf("planning the calls: the record of %q has fields that bindgate does not know (%s), and an update may reset them",
			b.DomainName, strings.Join(before.UnknownFields, ", "))
	}
	for _, f := range []struct{ name, got, want string }{
		{"domainScope", before.DomainScope, b.DomainScope},
		{"gatewayType", before.GatewayType, b.GatewayType},
		{"resourceGroupId", before.ResourceGroupID, b.ResourceGroupID},
		{"gatewayType", before.GatewayType, s.Evidence.Gateway.Facts.GatewayType},
	} {
		if f.want != "" && f.got != "" && f.want != f.got {
			return fmt.Errorf("planning the calls: %s of %q is %q, the binding states or its gateway has %q, which no update can change", f.name, b.DomainName, f.got, f.want)
		}
	}
	return nil
}

// attachment is the certificate that a binding asks for.
type attachment struct {
	asked      bool
	identifier string     // in the store; empty: the upload fills it
	upload     *plan.Call // nil: the store holds the certificate
	clientCA   string     // digest of the CA of client certificates; empty: none is stated
}

// certificateOf returns where the certificate of a binding comes from: the store, if it
// holds the very leaf with a private key, else an upload.
func certificateOf(s checks.Subject) (attachment, error) {
	b, ev := s.Binding, s.Evidence
	if b.Certificate == nil {
		return attachment{}, nil
	}
	a := attachment{asked: true}
	leaf, err := leafOf(ev.Certificate)
	if err != nil {
		return a, err
	}
	if ev.Store.State != evidence.StateObserved {
		return a, ErrNoStore
	}
	store := ev.Store.Facts
	if cc := b.ClientCertificate; cc != nil && !cc.None {
		ca := ev.Certificate.Facts.ClientCA
		if ca == nil || ca.Digest == "" {
			return a, errors.New("planning the calls: the CA of client certificates was not read")
		}
		if !isClientCA(*cc, *ca, ev.Records.Facts.Domain, store.ClientCA) {
			return a, fmt.Errorf("planning the calls: the certificate store does not show that %q is a CA certificate of %q", cc.CASID, cc.CA)
		}
		a.clientCA = ca.Digest
	}
	if id := b.Certificate.CASID; id != "" {
		if c := store.ByID; c == nil || c.CertIdentifier != id || c.SHA256 != leaf.digest || c.Serial != leaf.serial {
			return a, fmt.Errorf("planning the calls: the certificate store does not show that %q is the certificate of %q", id, b.Certificate.Body)
		}
		a.identifier = id
		return a, nil
	}
	if !store.Complete {
		return a, ErrNoStore
	}
	if a.identifier = stored(store, ev.Records.Facts.Domain, leaf); a.identifier != "" {
		return a, nil
	}
	if store.SameName {
		return a, fmt.Errorf("planning the calls: another certificate of the store has the name %q, and names are unique there", b.Certificate.Name)
	}
	key := ev.Key
	if key.State != evidence.StateObserved || key.Facts.PublicKeyDigest == "" {
		return a, errors.New("planning the calls: the private key was not read")
	}
	of := b
	of.ClientCertificate = nil // the upload carries no CA of client certificates, the domain's call does
	a.upload = &plan.Call{Action: UploadUserCertificate, RegionID: b.RegionID, Params: map[string]string{"Name": b.Certificate.Name},
		Material: &plan.Material{Binding: of, FileDigest: ev.Certificate.Facts.FileDigest, ChainDigest: ev.Certificate.Facts.ChainDigest,
			PublicKeyDigest: key.Facts.PublicKeyDigest, BodyParam: "Cert", KeyParam: "Key", Serial: leaf.serial, SHA256: leaf.digest}}
	return a, nil
}

// isClientCA reports whether the id that a binding states for the CA of client certificates
// is that of a certificate of its file, or the domain has both already.
func isClientCA(cc binding.ClientCertificate, ca evidence.ClientCA, before *evidence.Record, stored *evidence.StoredCertificate) bool {
	switch {
	case cc.CASID == "":
		return true
	case before != nil && before.MTLSEnabled && before.CACertIdentifier == cc.CASID && digestOfPEM(before.ClientCACert) == ca.Digest:
		return true
	case stored == nil || stored.CertIdentifier != cc.CASID:
		return false
	}
	return slices.ContainsFunc(ca.Chain, func(c evidence.Cert) bool {
		parsed, err := c.X509()
		return err == nil && identify(parsed) == (leaf{stored.Serial, stored.SHA256})
	})
}

// stored returns the identifier of a certificate of the store that is the leaf and has its
// key: the one that is attached already, else the first; empty: there is none.
func stored(store evidence.Store, attached *evidence.Record, leaf leaf) string {
	var ids []string
	for _, c := range store.Matching {
		if c.SHA256 != leaf.digest || c.Serial != leaf.serial || c.CertIdentifier == "" || c.ExistPrivateKey != nil && !*c.ExistPrivateKey {
			continue
		}
		if attached != nil && attached.CertIdentifier == c.CertIdentifier {
			return c.CertIdentifier
		}
		ids = append(ids, c.CertIdentifier)
	}
	if len(ids) == 0 {
		return ""
	}
	return slices.Min(ids)
}

// domainCall returns the call that creates the domain or updates its record.
func domainCall(s checks.Subject, before *evidence.Record, cert attachment) (plan.Call, error) {
	b := s.Binding
	c := plan.Call{Action: CreateDomain, RegionID: b.RegionID, Params: map[string]string{}}
	if before != nil {
		c.Action = UpdateDomain
		c.Params["domainId"] = before.DomainID
	} else {
		c.Params["name"] = b.DomainName
		c.Params["domainScope"] = orElse(b.DomainScope, "Dedicated")
		if t := orElse(b.GatewayType, s.Evidence.Gateway.Facts.GatewayType); t != "" {
			c.Params["gatewayType"] = t
		}
		if b.ResourceGroupID != "" {
			c.Params["resourceGroupId"] = b.ResourceGroupID
		}
		if c.Params["domainScope"] == "Dedicated" && b.Protocol == "" {
			return c, fmt.Errorf("planning the calls: %q does not exist yet, and the binding states no protocol", b.DomainName)
		}
	}
	want := stated(b, cert)
	for _, f := range fields() {
		value, given := want[f.name]
		switch {
		case given:
			c.Params[f.name] = value
		case before == nil || b.ClientCertificate != nil && f.clients:
		default:
			if value, set := f.of(*before); set {
				c.Params[f.name] = value
				c.Keeps = append(c.Keeps, f.name)
			}
		}
	}
	if cert.upload != nil {
		c.Filled = "certIdentifier"
		delete(c.Params, c.Filled)
		c.Keeps = slices.DeleteFunc(c.Keeps, func(name string) bool { return name == c.Filled })
	}
	if cert.clientCA != "" {
		c.Material = &plan.Material{Binding: b, ClientCADigest: cert.clientCA, ClientCAParam: "clientCACert",
			FileDigest: s.Evidence.Certificate.Facts.FileDigest, ChainDigest: s.Evidence.Certificate.Facts.ChainDigest}
	}
	slices.Sort(c.Keeps)
	return c, nil
}

func orElse(value, other string) string {
	if value != "" {
		return value
	}
	return other
}
