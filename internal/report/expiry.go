package report

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
)

// certificateView is what one certificate says.
type certificateView struct {
	Subject, Issuer, Serial, Names, Key, Signature, Digest string
	NotBefore, NotAfter                                    time.Time
	Problem                                                string // why it cannot be shown
}

func certificatesOf(chain []evidence.Cert) []certificateView {
	var out []certificateView
	for _, c := range chain {
		v := certificateView{Digest: evidence.CertificateDigest(c.DER)}
		cert, err := x509.ParseCertificate(c.DER)
		if err != nil {
			v.Problem = err.Error()
			out = append(out, v)
			continue
		}
		v.Subject, v.Issuer = evidence.DistinguishedName(cert.Subject), evidence.DistinguishedName(cert.Issuer)
		v.Serial = fmt.Sprintf("%x", cmp.Or(cert.SerialNumber, new(big.Int)))
		names := slices.Clone(cert.DNSNames)
		for _, ip := range cert.IPAddresses {
			names = append(names, ip.String())
		}
		v.Names = strings.Join(names, ", ")
		v.Key, v.Signature = cert.PublicKeyAlgorithm.String(), cert.SignatureAlgorithm.String()
		v.NotBefore, v.NotAfter = cert.NotBefore, cert.NotAfter
		out = append(out, v)
	}
	return out
}

// timeline shows when certificates end, the earliest first.
type timeline struct {
	Rows   []expiry // the earliest
	Count  int      // of all
	Height int
	Now    int // where the day of the run is, in units of the drawing
	Ticks  []tick
}

// expiry is the end of one certificate.
type expiry struct {
	Domain, Where string // Where: in the file, or on the gateway
	NotAfter      time.Time
	Days          int // left; negative: expired
	Class         string
	Y, X, Width   int // of its bar
}

// Label returns the text before the bar, shortened at the front.
func (e expiry) Label() string {
	const most = 34
	name := []rune(e.Domain)
	if e.Where == onGateway {
		name = append(name, []rune(" (now)")...)
	}
	if over := len(name) - most; over > 0 {
		name = append([]rune("…"), name[over+1:]...)
	}
	return string(name)
}

type tick struct {
	X     int
	Label string
}

// Where a certificate was seen.
const inFile, onGateway = "file", "gateway"

// The drawing, in its own units.
const (
	lineLeft, lineRight = 260, 930
	lineTop, lineRow    = 30, 26
	mostLines           = 10
)

// add takes ends, and keeps the earliest of all.
func (t *timeline) add(ends []expiry) {
	t.Count += len(ends)
	t.Rows = append(t.Rows, ends...)
	slices.SortStableFunc(t.Rows, func(a, b expiry) int { return a.NotAfter.Compare(b.NotAfter) })
	t.Rows = t.Rows[:min(len(t.Rows), mostLines)]
}

// draw places the ends in the drawing.
func (t *timeline) draw(now time.Time) {
	if len(t.Rows) == 0 {
		return
	}
	first, last := now, now.AddDate(0, 0, 90)
	for i := range t.Rows {
		e := &t.Rows[i]
		e.Days = int(e.NotAfter.Sub(now).Hours() / 24)
		switch {
		case e.NotAfter.Before(now):
			e.Class = "bad"
		case e.Days < 30:
			e.Class = "doubt"
		default:
			e.Class = "good"
		}
		first, last = earlier(first, e.NotAfter), later(last, e.NotAfter)
	}
	// What ended long ago does not squeeze what is to come.
	first = later(first, now.AddDate(0, 0, -90))
	at := func(when time.Time) int {
		part := when.Sub(first).Seconds() / last.Sub(first).Seconds()
		return lineLeft + int(min(max(part, 0), 1)*(lineRight-lineLeft))
	}
	t.Now = at(now)
	for i := range t.Rows {
		e := &t.Rows[i]
		from, to := t.Now, at(e.NotAfter)
		e.Y, e.X, e.Width = lineTop+i*lineRow, min(from, to), max(to-from, from-to, 3)
	}
	t.Height = lineTop + len(t.Rows)*lineRow + 24
	for i := range 5 {
		when := first.Add(last.Sub(first) / 4 * time.Duration(i))
		t.Ticks = append(t.Ticks, tick{at(when), when.Format("2006-01-02")})
	}
}

// expiriesOf are the ends of the certificate in the file and of the one that
// the gateway holds now.
func expiriesOf(b Binding, file []certificateView) []expiry {
	if b.FullEvidence == nil {
		return nil
	}
	var out []expiry
	if len(file) > 0 && file[0].Problem == "" {
		out = append(out, expiry{Domain: b.DomainName, Where: inFile, NotAfter: file[0].NotAfter})
	}
	if d, ok := b.FullEvidence.Group.Facts.Domain(b.DomainName); ok && d.CertificateValidEnd > 0 {
		out = append(out, expiry{Domain: b.DomainName, Where: onGateway, NotAfter: time.UnixMilli(d.CertificateValidEnd).UTC()})
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
