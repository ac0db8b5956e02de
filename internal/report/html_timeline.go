package report

import (
	"slices"
	"time"
)

// timeline shows when certificates end, the earliest first.
type timeline struct {
	Rows   []expiry // drawn
	All    []expiry // told in the table
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

// Label is what stands before the bar: as much of the name as there is room for.
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
	mostLines           = 40
)

func timelineOf(r Report) timeline {
	var t timeline
	for _, b := range r.Bindings {
		t.All = append(t.All, expiriesOf(b)...)
	}
	slices.SortStableFunc(t.All, func(a, b expiry) int { return a.NotAfter.Compare(b.NotAfter) })
	if len(t.All) == 0 {
		return t
	}
	first, last := r.Run.Now, r.Run.Now.AddDate(0, 0, 90)
	for i := range t.All {
		e := &t.All[i]
		e.Days = int(e.NotAfter.Sub(r.Run.Now).Hours() / 24)
		switch {
		case e.NotAfter.Before(r.Run.Now):
			e.Class = "bad"
		case e.Days < 30:
			e.Class = "doubt"
		default:
			e.Class = "good"
		}
		if i < mostLines {
			first, last = earlier(first, e.NotAfter), later(last, e.NotAfter)
		}
	}
	// What ended long ago does not squeeze what is to come.
	first = later(first, r.Run.Now.AddDate(0, 0, -90))
	at := func(when time.Time) int {
		part := when.Sub(first).Seconds() / last.Sub(first).Seconds()
		return lineLeft + int(min(max(part, 0), 1)*(lineRight-lineLeft))
	}
	t.Rows = slices.Clone(t.All[:min(len(t.All), mostLines)])
	t.Now = at(r.Run.Now)
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
	return t
}

// expiriesOf are the ends of the certificate in the file and of the one that
// the gateway holds now.
func expiriesOf(b Binding) []expiry {
	if b.Whole == nil {
		return nil
	}
	var out []expiry
	for _, c := range certificatesOf(b.Whole.Certificate.Facts.Chain[:min(1, len(b.Whole.Certificate.Facts.Chain))]) {
		if c.Problem == "" {
			out = append(out, expiry{Domain: b.DomainName, Where: inFile, NotAfter: c.NotAfter})
		}
	}
	if d, ok := b.Whole.Group.Facts.Domain(b.DomainName); ok && d.CertificateValidEnd > 0 {
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
