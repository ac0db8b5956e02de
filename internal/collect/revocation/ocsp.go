package revocation

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/bindgate/bindgate/internal/pki"
)

const (
	skew    = 5 * time.Minute
	maxIdle = 7 * 24 * time.Hour // of a response without an end
)

// question is the cache key of a response.
type question struct {
	issuer    [sha256.Size]byte // of the whole certificate
	serial    string
	responder string
}

// answered is a cached response. Its lock is held while the responder is asked,
// so that a second caller waits for the first.
type answered struct {
	mu     sync.Mutex
	asked  bool
	answer pki.Statement
	until  time.Time
	err    error
}

// ocsp returns a responder's response, and asks only if no valid one is cached.
// A failure lasts for the rest of the run, as with lists.
func (w *web) ocsp(ctx context.Context, address string, cert, issuer *x509.Certificate, now time.Time) (pki.Statement, error) {
	key := question{sha256.Sum256(issuer.Raw), cert.SerialNumber.String(), address}
	w.mu.Lock()
	a, ok := w.answers[key]
	if !ok {
		a = &answered{}
		w.answers[key] = a
	}
	w.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.asked || a.err == nil && now.After(a.until) {
		// A cancelled first caller must not fail the others.
		a.answer, a.until, a.err = w.askOCSP(context.WithoutCancel(ctx), address, cert, issuer, now)
		a.asked = true
	}
	return a.answer, a.err
}

// askOCSP asks a responder (RFC 6960 appendix A.1, by POST).
func (w *web) askOCSP(ctx context.Context, address string, cert, issuer *x509.Certificate, now time.Time) (pki.Statement, time.Time, error) {
	request, err := ocsp.CreateRequest(cert, issuer, nil)
	if err != nil {
		return pki.Statement{}, time.Time{}, errors.New("the question cannot be encoded")
	}
	body, err := w.get(ctx, http.MethodPost, address, request, "application/ocsp-request", maxOCSP)
	if err != nil {
		return pki.Statement{}, time.Time{}, err
	}
	return answerOf(body, cert, issuer, now)
}

// answerOf checks a response (RFC 6960 §3.2): for this certificate, signed by
// the issuer or by a responder that the issuer certified for it, and fresh. It
// also returns the time until which the response is valid.
func answerOf(body []byte, cert, issuer *x509.Certificate, now time.Time) (pki.Statement, time.Time, error) {
	answer, err := ocsp.ParseResponseForCert(body, cert, issuer)
	if err != nil {
		// The library requires the issuer's signature on every certificate in a
		// response, even on the issuer's own, which OpenSSL includes if the
		// issuer itself signs. Without an issuer it verifies the response with
		// that certificate.
		if own, ownErr := ocsp.ParseResponseForCert(body, cert, nil); ownErr == nil && own.Certificate != nil && own.Certificate.Equal(issuer) {
			answer, err = own, nil
		}
	}
	if err != nil {
		return pki.Statement{}, time.Time{}, fmt.Errorf("the response cannot be used: %.200s", err.Error())
	}
	if c := answer.Certificate; c != nil && !c.Equal(issuer) {
		if !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) || now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return pki.Statement{}, time.Time{}, errors.New("the response is signed by a certificate that may not sign it, or is not valid now (RFC 6960 §4.2.2.2)")
		}
	}
	until := answer.NextUpdate
	if until.IsZero() {
		until = answer.ThisUpdate.Add(maxIdle)
	}
	if c := answer.Certificate; c != nil && c.NotAfter.Before(until) {
		until = c.NotAfter
	}
	statement := pki.Statement{Issued: answer.ThisUpdate}
	if answer.Status == ocsp.Revoked {
		statement.Revocation = pki.Revocation{Revoked: true, At: answer.RevokedAt, Reason: pki.Reason(answer.RevocationReason)}
		if statement.Reason != "certificateHold" { // the only reason that may have been lifted since
			return statement, now.Add(maxIdle), nil
		}
	}
	switch {
	case now.Add(skew).Before(answer.ThisUpdate) || now.After(until):
		return pki.Statement{}, time.Time{}, fmt.Errorf("the response is not current: it is valid from %s to %s", answer.ThisUpdate.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339))
	case answer.Status != ocsp.Good && answer.Status != ocsp.Revoked:
		return pki.Statement{}, time.Time{}, errors.New("the responder does not know the certificate")
	}
	return statement, until, nil
}
