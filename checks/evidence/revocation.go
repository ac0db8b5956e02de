package evidence

import "time"

// Revocation is what was learnt about the revocation of the certificates of the
// path, the root left out.
type Revocation struct {
	Certificates []CertificateRevocation `json:"certificates,omitempty"` // leaf first
}

// CertificateRevocation is the revocation status of one certificate.
type CertificateRevocation struct {
	Subject      string           `json:"subject"`                // whose certificate it is
	Serial       string           `json:"serial,omitempty"`       // its serial number in hexadecimal, as OpenSSL prints it
	Status       RevocationStatus `json:"status"`                 // good, revoked, no-source or unknown
	Source       string           `json:"source,omitempty"`       // what the status is from: a file or an address
	At           time.Time        `json:"at,omitzero"`            // when it was revoked
	Reason       string           `json:"reason,omitempty"`       // the CA's reason (RFC 5280 §5.3.1)
	Problems     []string         `json:"problems,omitempty"`     // sources that gave no answer, and why
	UnusableCRLs []string         `json:"unusableCrls,omitempty"` // CRL files that were handed over and cannot be used, and why
}

// RevocationStatus is what the sources say of one certificate.
type RevocationStatus string

// The statuses. The zero value is none of them and means nothing good.
const (
	RevocationGood     RevocationStatus = "good"      // a verified, fresh source says that it is not revoked
	RevocationRevoked  RevocationStatus = "revoked"   // a verified source says so
	RevocationNoSource RevocationStatus = "no-source" // the certificate names none, and none was given
	RevocationUnknown  RevocationStatus = "unknown"   // no source gave a usable answer
)
