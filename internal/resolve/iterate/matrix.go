package iterate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// ServerStatus is the status of an address as a server of a zone.
type ServerStatus string

// The statuses of an address.
const (
	Authoritative ServerStatus = "authoritative" // it answered, with AA=1
	Lame          ServerStatus = "lame"          // it answered, but does not serve the zone
	Unreachable   ServerStatus = "unreachable"   // it did not answer, or the answer could not be parsed
	NotTested     ServerStatus = "not-tested"    // this machine has no route to it
)

// ZoneAnswers contains the replies of each address of each server of a zone to one query.
type ZoneAnswers struct {
	Zone    *Zone
	Name    string
	Type    uint16
	Replies []Reply         // in the order of Zone.Servers
	others  []resolve.Reply // for otherTypes, of the server that is asked first; nil: not asked
	also    []ZoneAnswers   // for alsoTypes; nil: not asked, or an address left one unanswered
}

// Reply is the reply of one address.
type Reply struct {
	Server  *Server
	At      time.Time
	Status  ServerStatus
	Problem string         // why it is not Authoritative
	Answer  resolve.Answer // Authoritative only
	RCode   string
	Flags   []string // AA, TC, RD, RA, AD, CD
	message *dns.Msg // Authoritative only
}

// Agreed returns the most frequent answer of the authoritative replies; of equally
// frequent ones, the first in text order. ok is false if there is no authoritative reply.
func (m ZoneAnswers) Agreed() (said resolve.Answer, ok bool) {
	if len(m.Replies) == 1 {
		r := m.Replies[0]
		return r.Answer, r.Status == Authoritative
	}
	votes := map[string]int{}
	best := ""
	for _, r := range m.Replies {
		if r.Status != Authoritative {
			continue
		}
		key := essence(r.Answer)
		votes[key]++
		if !ok || votes[key] > votes[best] || votes[key] == votes[best] && key <= best {
			best, said, ok = key, r.Answer, true
		}
	}
	return said, ok
}

// essence returns the text of an answer without TTLs, for comparison.
func essence(a resolve.Answer) string {
	var parts []string
	for _, alias := range a.CNAMEs {
		parts = append(parts, "CNAME "+alias.Target)
	}
	parts = append(parts, a.Records...)
	if a.NameError && len(parts) == 0 {
		return "NXDOMAIN"
	}
	return strings.Join(parts, "\n")
}

// asker asks the servers of a zone for types of a name.
type asker func(ctx context.Context, t trail, z *Zone, name string, types []uint16) ([]ZoneAnswers, error)

// ask queries every address of every server of the zone that contains a name, in
// parallel. It fails if the zone cannot be found or ctx ends.
func (w *Walker) ask(ctx context.Context, t trail, name string, types ...uint16) ([]ZoneAnswers, error) {
	return w.askBy(ctx, t, name, w.askAll, types)
}

func (w *Walker) askBy(ctx context.Context, t trail, name string, by asker, types []uint16) ([]ZoneAnswers, error) {
	z, err := w.zoneOf(ctx, t, parent(name))
	if err != nil {
		return nil, err
	}
	for range mostDepth {
		all, err := by(ctx, t, z, name, types)
		if err != nil {
			return nil, err
		}
		begin, below := cutBelow(all)
		if !below {
			return all, nil
		}
		child, err := w.zoneOf(ctx, t, begin)
		if err != nil {
			return nil, err
		}
		if child.Name == z.Name {
			return all, nil
		}
		z = child
	}
	return nil, errors.New("the zones below " + z.Name + " refer to each other without end")
}

// askAll asks all addresses at the same time for all types, and remembers recent answers.
func (w *Walker) askAll(ctx context.Context, t trail, z *Zone, name string, types []uint16) ([]ZoneAnswers, error) {
	return w.askOnce(ctx, t, z, name, types, nil, nil)
}

// alsoTypes returns the record types that are looked up at the end of each chain.
func alsoTypes() []uint16 { return []uint16{dns.TypeHTTPS} }

// askWithAlso asks all addresses at the same time for all types, and one time for
// alsoTypes, so that these cost no time of their own where each address answers.
func (w *Walker) askWithAlso(ctx context.Context, t trail, z *Zone, name string, types []uint16) ([]ZoneAnswers, error) {
	return w.askOnce(ctx, t, z, name, types, alsoTypes(), nil)
}

// askWithOthers asks all addresses at the same time for all types, and one of them for
// the types that OtherRecords looks for, so that these cost no time of their own.
func (w *Walker) askWithOthers(ctx context.Context, t trail, z *Zone, name string, types []uint16) ([]ZoneAnswers, error) {
	return w.askOnce(ctx, t, z, name, types, nil, otherTypes())
}

func (w *Walker) askOnce(ctx context.Context, t trail, z *Zone, name string, types, also, others []uint16) ([]ZoneAnswers, error) {
	return w.asked.Get(ctx, askKey{z.Name, name, setOf(types...)}, func(ctx context.Context, _ askKey) ([]ZoneAnswers, error) {
		return w.askNow(ctx, t, z, name, types, also, others)
	})
}

func (w *Walker) askNow(ctx context.Context, t trail, z *Zone, name string, types, also, others []uint16) ([]ZoneAnswers, error) {
	firm := len(types)
	types = slices.Concat(types, also)
	all := make([]ZoneAnswers, len(types))
	replies := make([]Reply, len(types)*len(z.Servers))
	for i, qtype := range types {
		all[i] = ZoneAnswers{Zone: z, Name: name, Type: qtype, Replies: replies[:len(z.Servers):len(z.Servers)]}
		replies = replies[len(z.Servers):]
		for _, s := range z.Servers {
			if s.client != nil && t.spend() != nil {
				return nil, errSpent
			}
		}
	}
	first := -1
	if len(others) > 0 {
		first = firstAsked(z, name)
	}
	var extra []resolve.Reply
	together(len(z.Servers), func(i int) {
		if i == first {
			extra = w.one(ctx, &z.Servers[i], all, firm, i, others)
			return
		}
		w.one(ctx, &z.Servers[i], all, firm, i, nil)
	})
	if ctx.Err() != nil {
		return nil, unfinished(ctx, all[0])
	}
	all[0].others = extra
	if !slices.ContainsFunc(all[firm:], ZoneAnswers.unanswered) {
		all[0].also = all[firm:]
	}
	return all[:firm:firm], nil
}

// unanswered reports whether an address that was asked gave no answer.
func (m ZoneAnswers) unanswered() bool {
	return slices.ContainsFunc(m.Replies, func(r Reply) bool { return r.Server.client != nil && r.Status == Unreachable })
}

// unfinished names the servers that had not answered when the caller's time was over.
func unfinished(ctx context.Context, m ZoneAnswers) error {
	var names []string
	for _, r := range m.Replies {
		if r.Status == Unreachable && r.Server.client != nil {
			names = append(names, r.Server.name())
		}
	}
	if len(names) == 0 {
		return context.Cause(ctx)
	}
	return fmt.Errorf("asking the servers of %s for %s: no answer of %s: %w", m.Zone.Name, m.Name, strings.Join(names, ", "), context.Cause(ctx))
}

// together calls a function with each number below n at the same time.
func together(n int, do func(i int)) {
	if n == 1 {
		do(0)
		return
	}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// one sends all queries to the server with the given number, those after the first firm ones
// and for the other types one time only, and reads its replies. It returns the replies for
// the other types.
func (w *Walker) one(ctx context.Context, s *Server, all []ZoneAnswers, firm, number int, others []uint16) []resolve.Reply {
	if s.client == nil {
		r := Reply{Server: s, Status: NotTested, Problem: s.Problem}
		if s.Address.IsValid() {
			r.Status = Unreachable
		}
		for _, m := range all {
			m.Replies[number] = r
		}
		return nil
	}
	if why := w.family6.lost(s.Address); why != "" {
		for _, m := range all {
			m.Replies[number] = Reply{Server: s, Status: NotTested, Problem: why}
		}
		return nil
	}
	types := make([]uint16, len(all))
	for i, m := range all {
		types[i] = m.Type
	}
	replies := s.client.ExchangeAll(ctx, all[0].Zone.Name, all[0].Name, types[:firm], append(types[firm:], others...)...)
	for i, got := range replies[:len(types)] {
		if i < firm {
			w.family6.note(s.Address, got.Err)
		}
		all[i].Replies[number] = w.read(s, all[i], got)
	}
	return replies[len(types):]
}

// read converts the response of a server to a Reply.
func (w *Walker) read(s *Server, at ZoneAnswers, got resolve.Reply) Reply {
	r := Reply{Server: s, At: w.cfg.Now()}
	m, err := got.Message, got.Err
	if err != nil {
		if r.Status = Unreachable; noFamily(err) {
			r.Status = NotTested
		}
		r.Problem = err.Error()
		return r
	}
	r.RCode, r.Flags = resolve.CodeName(m.Rcode), flags(m)
	r.Status, r.Problem = standing(m, at.Zone.Name, at.Name)
	if r.Status != Authoritative {
		r.message = refers(m, at.Zone.Name, at.Name)
		return r
	}
	r.message = m
	if r.Answer, err = resolve.Reduce(m, at.Name, at.Type); err != nil {
		r.Status, r.Problem, r.message = Unreachable, "the answer cannot be read: "+err.Error(), nil
	}
	return r
}

// standing returns the status of a server by its response.
func standing(m *dns.Msg, zone, name string) (ServerStatus, string) {
	switch {
	case m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError:
		return Lame, "it answers " + resolve.CodeName(m.Rcode)
	case refers(m, zone, name) != nil:
		return Lame, "it refers to a zone below"
	case !m.Authoritative:
		return Lame, "it answers without authority (AA=0)"
	}
	return Authoritative, ""
}

// cutBelow returns the apex of another zone between the servers' zone and the name, if a
// referral or an answer shows one.
func cutBelow(all []ZoneAnswers) (begin string, below bool) {
	for _, m := range all {
		if begin, below = m.cutBelow(); below {
			break
		}
	}
	return begin, below
}

func (m ZoneAnswers) cutBelow() (begin string, below bool) {
	for _, r := range m.Replies {
		if r.message == nil {
			continue
		}
		if r.Status != Authoritative {
			return referral(r.message, m.Zone.Name, m.Name)
		}
		for _, rr := range r.message.Ns { // NODATA with the SOA of the zone that begins at the name
			if soa, ok := rr.(*dns.SOA); ok && resolve.Canonical(soa.Hdr.Name) == m.Name && m.Name != m.Zone.Name {
				return m.Name, true
			}
		}
	}
	return "", false
}

func refers(m *dns.Msg, zone, name string) *dns.Msg {
	if _, ok := referral(m, zone, name); ok {
		return m
	}
	return nil
}

// referral returns the zone of a referral, if it is between zone and name. A referral
// upwards or to another branch does not count: the server is lame.
func referral(m *dns.Msg, zone, name string) (begin string, ok bool) {
	if m.Rcode != dns.RcodeSuccess || m.Authoritative || len(m.Answer) > 0 {
		return "", false
	}
	for _, rr := range m.Ns {
		if _, isNS := rr.(*dns.NS); !isNS {
			continue
		}
		owner := resolve.Canonical(rr.Header().Name)
		if owner != zone && within(zone, owner) && within(owner, name) {
			return owner, true
		}
	}
	return "", false
}

func flags(m *dns.Msg) []string {
	var out []string
	for _, f := range []struct {
		name string
		set  bool
	}{{"AA", m.Authoritative}, {"TC", m.Truncated}, {"RD", m.RecursionDesired}, {"RA", m.RecursionAvailable}, {"AD", m.AuthenticatedData}, {"CD", m.CheckingDisabled}} {
		if f.set {
			out = append(out, f.name)
		}
	}
	return slices.Clip(out)
}

func noFamily(err error) bool {
	var e *resolve.Error
	return errors.As(err, &e) && e.Kind == resolve.NoFamily
}

// Lead returns the CNAME records and addresses in an authoritative reply, as far as they
// are in the server's zone.
func (m ZoneAnswers) Lead(r Reply) (resolve.Lead, error) {
	return resolve.ReadLead(r.message, m.Name, m.Type, func(name string) bool { return within(m.Zone.Name, name) })
}
