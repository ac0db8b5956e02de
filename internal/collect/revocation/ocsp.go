package revocation

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/bindgate/bindgate/internal/pki"
)

const (
	skew    = 5 * time.Minute
	maxIdle = 7 * 24 * time.Hour // of an answer that does not say how long it holds
)

// ocsp asks a responder (RFC 6960 appendix A.1, by POST).
func (w *web) ocsp(ctx context.Context, address string, cert, issuer *x509.Certificate, now time.Time) (pki.Revocation, error) {
	request, err := ocsp.CreateRequest(cert, issuer, nil)
	if err != nil {
		return pki.Revocation{}, errors.New("the question cannot be encoded")
	}
	body, err := w.get(ctx, http.MethodPost, address, request, "application/ocsp-request", maxOCSP)
	if err != nil {
		return pki.Revocation{}, err
	}
	return answerOf(body, cert, issuer, now)
}

// answerOf holds an OCSP answer to RFC 6960 §3.2: for this certificate, signed
// by the issuer or by a responder that the issuer certified for it, and fresh.
func answerOf(body []byte, cert, issuer *x509.Certificate, now time.Time) (pki.Revocation, error) {
	answer, err := ocsp.ParseResponseForCert(body, cert, issuer)
	if err != nil {
		return pki.Revocation{}, fmt.Errorf("the answer cannot be used: %.200s", err.Error())
	}
	if c := answer.Certificate; c != nil && !c.Equal(issuer) {
		if !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) || now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return pki.Revocation{}, errors.New("the answer is signed by a certificate that may not sign it, or is not valid now (RFC 6960 §4.2.2.2)")
		}
	}
	until := answer.NextUpdate
	if until.IsZero() {
		until = answer.ThisUpdate.Add(maxIdle)
	}
	if now.Add(skew).Before(answer.ThisUpdate) || now.After(until) {
		return pki.Revocation{}, fmt.Errorf("the answer is not of now: it holds from %s to %s", answer.ThisUpdate.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339))
	}
	switch answer.Status {
	case ocsp.Good:
		return pki.Revocation{}, nil
	case ocsp.Revoked:
		return pki.Revocation{Revoked: true, At: answer.RevokedAt, Reason: pki.Reason(answer.RevocationReason)}, nil
	}
	return pki.Revocation{}, errors.New("the responder does not know the certificate")
}
