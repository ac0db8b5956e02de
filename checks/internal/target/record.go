package target

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Changes returns the fields of a record that the binding states otherwise, by their names
// in the binding. A certificate changes unless the store says that it is attached already.
func Changes(s checks.Subject, r evidence.Record) (fields []string) {
	b := s.Binding
	text := func(name, want, got string) {
		if want != "" && !strings.EqualFold(evidence.TLSVersion(want), evidence.TLSVersion(got)) {
			fields = append(fields, name)
		}
	}
	text("protocol", b.Protocol, r.Protocol)
	if b.ForceHTTPS != nil && *b.ForceHTTPS != r.ForceHTTPS {
		fields = append(fields, "forceHttps")
	}
	text("http2Option", b.HTTP2Option, r.HTTP2Option)
	text("tlsMin", b.TLSMin, r.TLSMin)
	text("tlsMax", b.TLSMax, r.TLSMax)
	if b.TLSCipherSuites != nil && !sameSuites(*b.TLSCipherSuites, r.Suites) {
		fields = append(fields, "tlsCipherSuitesConfig")
	}
	if b.Certificate != nil && !attached(s, r) {
		fields = append(fields, "certificate")
	}
	if c := b.ClientCertificate; c != nil && (c.None && r.MTLSEnabled || !c.None && !SameClientCA(s, r)) {
		fields = append(fields, "clientCertificate")
	}
	return fields
}

// attached reports whether the certificate of the binding is that of the record.
func attached(s checks.Subject, r evidence.Record) bool {
	if id := s.Binding.Certificate.CASID; id != "" {
		return id == r.CertIdentifier
	}
	if s.Evidence.Store.State != evidence.StateObserved || r.CertIdentifier == "" {
		return false
	}
	return slices.ContainsFunc(s.Evidence.Store.Facts.Matching, func(c evidence.StoredCertificate) bool { return c.CertIdentifier == r.CertIdentifier })
}

// SameClientCA reports whether the record requires the client certificates that the binding
// states.
func SameClientCA(s checks.Subject, r evidence.Record) bool {
	c, file := s.Binding.ClientCertificate, s.Evidence.Certificate.Facts.ClientCA
	if !r.MTLSEnabled || c.CASID != "" && c.CASID != r.CACertIdentifier || file == nil {
		return false
	}
	theirs, err := CertificatesIn(r.ClientCACert)
	if err != nil || len(theirs) != len(file.Chain) {
		return false
	}
	for i := range theirs {
		if string(theirs[i].Raw) != string(file.Chain[i].DER) {
			return false
		}
	}
	return true
}

func sameSuites(want binding.CipherSuites, got *evidence.Suites) bool {
	if got == nil || want.ConfigType != got.ConfigType || len(want.Suites) != len(got.Suites) {
		return false
	}
	for i, suite := range want.Suites {
		same := func(a, b string) bool { return evidence.TLSVersion(a) == evidence.TLSVersion(b) }
		if suite.Name != got.Suites[i].Name || !slices.EqualFunc(suite.SupportVersions, got.Suites[i].SupportVersions, same) {
			return false
		}
	}
	return true
}

// CertificatesIn returns the certificates of a PEM text. The error follows "the CA".
func CertificatesIn(text string) (out []*x509.Certificate, err error) {
	const most = 100
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil || len(out) == most {
			return nil, errors.New("cannot be read")
		}
		out = append(out, parsed)
	}
	switch {
	case strings.TrimSpace(text) == "":
		return nil, errors.New("is missing")
	case len(out) == 0:
		return nil, errors.New("is not PEM")
	}
	return out, nil
}
