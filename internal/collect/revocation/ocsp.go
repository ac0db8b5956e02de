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
	maxIdle = 7 * 24 * time.Hour // of an answer that does not say how long it holds
)

// question is what a responder's answer is remembered by.
type question struct {
	issuer    [sha256.Size]byte // of the whole certificate
	serial    string
	responder string
}

// answered is the answer to a question, once there is one. Its lock is held while
// the responder is asked: who comes second waits for the first.
type answered struct {
	mu     sync.Mutex
	asked  bool
	answer pki.Statement
	until  time.Time
	err    error
}

// ocsp gives a responder's answer, and asks only where none is known that holds
// still. A failure stands for the rest of the run, as a list's does.
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
		// The first caller's end must not become everybody's error.
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

// answerOf holds an OCSP answer to RFC 6960 §3.2: for this certificate, signed
// by the issuer or by a responder that the issuer certified for it, and fresh. It
// gives the time that the answer holds until, too.
func answerOf(body []byte, cert, issuer *x509.Certificate, now time.Time) (pki.Statement, time.Time, error) {
	answer, err := ocsp.ParseResponseForCert(body, cert, issuer)
	if err != nil {
		// The library wants the issuer's signature on each certificate that comes with an answer, on the issuer's own too,
		// which OpenSSL sends where the issuer itself signs. Without an issuer it holds the answer to that certificate.
		if own, ownErr := ocsp.ParseResponseForCert(body, cert, nil); ownErr == nil && own.Certificate != nil && own.Certificate.Equal(issuer) {
			answer, err = own, nil
		}
	}
	if err != nil {
		return pki.Statement{}, time.Time{}, fmt.Errorf("the answer cannot be used: %.200s", err.Error())
	}
	if c := answer.Certificate; c != nil && !c.Equal(issuer) {
		if !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) || now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return pki.Statement{}, time.Time{}, errors.New("the answer is signed by a certificate that may not sign it, or is not valid now (RFC 6960 §4.2.2.2)")
		}
	}
	until := answer.NextUpdate
	if until.IsZero() {
		until = answer.ThisUpdate.Add(maxIdle)
	}
	if c := answer.Certificate; c != nil && c.NotAfter.Before(until) {
		until = c.NotAfter
	}
	said := pki.Statement{Issued: answer.ThisUpdate}
	if answer.Status == ocsp.Revoked {
		said.Revocation = pki.Revocation{Revoked: true, At: answer.RevokedAt, Reason: pki.Reason(answer.RevocationReason)}
		if said.Reason != "certificateHold" { // which alone may have been lifted since
			return said, now.Add(maxIdle), nil
		}
	}
	switch {
	case now.Add(skew).Before(answer.ThisUpdate) || now.After(until):
		return pki.Statement{}, time.Time{}, fmt.Errorf("the answer is not of now: it holds from %s to %s", answer.ThisUpdate.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339))
	case answer.Status != ocsp.Good && answer.Status != ocsp.Revoked:
		return pki.Statement{}, time.Time{}, errors.New("the responder does not know the certificate")
	}
	return said, until, nil
}
