// Package cutover says how far the move of a domain to the cloud-native gateway has come,
// from what was observed and judged of it alone. It collects nothing and decides nothing: the
// gate decides on calls.
package cutover

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
)

// State is how far a move has come.
type State int

// The states. Unknown: what was observed does not show it.
const (
	Unknown State = iota
	NotPrepared
	Prepared
	Serves
	MayMove
	Moving
	Moved
	MayUnbind
	Done
)

// States returns every state in the order of the board.
func States() []State {
	return []State{Unknown, NotPrepared, Prepared, Serves, MayMove, Moving, Moved, MayUnbind, Done}
}

// String is the state in words.
func (s State) String() string {
	words := []string{"cannot tell", "not prepared", "prepared", "serves", "DNS may move", "moving", "moved", "old binding may go", "done"}
	if s < 0 || int(s) >= len(words) {
		return words[0]
	}
	return words[s]
}

// Progress is the state of one domain.
type Progress struct {
	State   State    `json:"state" jsonschema:"minimum=0,maximum=8"` // 1 to 8; 0: unknown
	Name    string   `json:"name"`                                   // the state in words
	Because []string `json:"because,omitempty"`                      // what shows it, or why the next state is not known
	Next    []string `json:"next,omitempty"`                         // what to do, in order; lines after # are comments, the rest can be pasted
	Breaks  []string `json:"breaks,omitempty"`                       // what is broken now, or would be by the next step
	From    string   `json:"from"`                                   // the API group
	To      string   `json:"to"`                                     // the gateway

	Servers       []evidence.Direction `json:"servers,omitempty"`      // where each DNS server leads
	OldTTL        uint32               `json:"oldTtl,omitempty"`       // seconds: of the records that do not lead to the gateway, now or in the earlier report
	LastCacheEnds time.Time            `json:"lastCacheEnds,omitzero"` // when no cache has the old record any more; absent: not known
	OldExpires    time.Time            `json:"oldExpires,omitzero"`    // the certificate of the API group
	NewExpires    time.Time            `json:"newExpires,omitzero"`    // the certificate that the gateway serves
	DaysToRenewal int                  `json:"daysToRenewalsEnd"`      // until 2027-03-21, 00:00 UTC+8
	DaysToEnd     int                  `json:"daysToEnd"`              // until 2027-09-21, 00:00 UTC+8
}

// Subject is one domain with all that is known of it.
type Subject struct {
	Binding  binding.Binding
	Evidence evidence.Evidence
	Results  []checks.Result
	Calls    int       // that the gate would allow or refuses; none: the record is as the map has it
	PlanErr  error     // why the calls are not known
	Earlier  *Progress // of an earlier report; nil: there is none
	Map      string    // file, for commands
}

// mostTTL is how long, in seconds, caches may keep the old record where DNS may move.
const mostTTL = 300

// Of returns the progress of a domain of a map. list is the catalogue of the results.
func Of(list []checks.Check, s Subject) Progress {
	b, c, now := s.Binding, s.Evidence.Cutover, s.Evidence.Run.Now
	p := Progress{From: b.MovesFrom.GroupID, To: b.GatewayID,
		DaysToRenewal: evidence.DaysUntil(evidence.RenewalsEnd(), now), DaysToEnd: evidence.DaysUntil(evidence.ClassicEnds(), now)}
	if c.State != evidence.StateObserved {
		p.Name, p.Because = Unknown.String(), []string{cmp.Or(c.Reason, "the move was not observed")}
		return p
	}
	m := &mover{Subject: s, p: &p, facts: c.Facts}
	m.service = m.judge(list)
	p.Servers, p.OldTTL = c.Facts.Directions, c.Facts.OldTTL
	p.OldExpires, p.NewExpires = ends(c.Facts.Old), ends(c.Facts.New)
	m.caches()
	p.State = m.state()
	p.Name = p.State.String()
	m.breaks()
	m.next()
	return p
}

type mover struct {
	Subject
	p       *Progress
	facts   evidence.Cutover
	service checks.Result // of the check that shows that the gateway serves the domain
	family  string        // of that check: the others of it are about the move too
	spreads []string      // the checks that pass once a change of DNS is visible
}

// judge returns the result of the check that shows the service.
func (m *mover) judge(list []checks.Check) (found checks.Result) {
	found = checks.Result{Status: checks.StatusUnknown, Reason: "whether the gateway serves the domain was not judged"}
	for _, c := range list {
		if c.ShowsPropagation {
			m.spreads = append(m.spreads, c.ID)
		}
		if !c.ShowsService {
			continue
		}
		m.family = c.Family() + "/"
		for _, r := range m.Results {
			if r.ID == c.ID {
				found = r
			}
		}
	}
	return found
}

// ends returns when the first certificate to end of those that are presented ends.
func ends(o evidence.Observation[evidence.Probe]) (first time.Time) {
	for _, p := range o.Facts.Presented {
		if leaf, err := p.Leaf(); err == nil && (first.IsZero() || leaf.NotAfter.Before(first)) {
			first = leaf.NotAfter.UTC()
		}
	}
	return first
}

// caches says when the last cache ends: of records seen now if all servers changed now, or
// as an earlier report saw them.
func (m *mover) caches() {
	p, at := m.p, m.Evidence.DNS.At
	old := m.facts.Leading(evidence.LeadsOld) + m.facts.Leading(evidence.LeadsElsewhere)
	switch {
	case old > 0:
		p.LastCacheEnds = at.Add(time.Duration(p.OldTTL) * time.Second)
	case m.facts.Leading(evidence.LeadsUnknown) > 0 || m.Earlier == nil:
	case allNew(m.Earlier.Servers) && !m.Earlier.LastCacheEnds.IsZero(): // that report saw when the servers agreed
		p.OldTTL, p.LastCacheEnds = m.Earlier.OldTTL, m.Earlier.LastCacheEnds
	case !allNew(m.Earlier.Servers) && m.Earlier.OldTTL > 0: // they agree now for the first time that was seen
		p.OldTTL, p.LastCacheEnds = m.Earlier.OldTTL, at.Add(time.Duration(m.Earlier.OldTTL)*time.Second)
	}
}

func allNew(servers []evidence.Direction) bool {
	return len(servers) > 0 && !slices.ContainsFunc(servers, func(d evidence.Direction) bool { return d.Leads != evidence.LeadsNew })
}

func (m *mover) because(format string, args ...any) {
	m.p.Because = append(m.p.Because, fmt.Sprintf(format, args...))
}

// state returns the furthest state that the evidence shows.
func (m *mover) state() State {
	_, held := m.Evidence.Predecessor.Facts.Group.Domain(m.Binding.DomainName)
	n, fresh := len(m.facts.Directions), m.facts.Leading(evidence.LeadsNew)
	unknown := m.facts.Leading(evidence.LeadsUnknown)
	for _, d := range m.facts.Directions {
		if d.Leads == evidence.LeadsUnknown {
			m.because("where %s leads is not known: %s", d.Server, d.Problem)
		}
	}
	switch {
	case n == 0:
		m.because("no DNS server gave an answer")
		return Unknown
	case fresh == 0 && unknown == n:
		return Unknown
	case fresh == n && !held:
		m.because("%s to the gateway, and the API group no longer holds the domain", m.lead(fresh))
		return Done
	case fresh == n:
		return m.moved(n)
	case fresh > 0:
		m.because("%d of %d DNS servers lead to the gateway", fresh, n)
		return Moving
	}
	return m.before()
}

// lead names the servers that were asked.
func (m *mover) lead(n int) string {
	if m.Evidence.DNS.Facts.Mode == evidence.DNSResolver {
		return "the one resolver that was asked leads"
	}
	return fmt.Sprintf("all %d answers of authoritative servers lead", n)
}

// moved distinguishes what may still be cached.
func (m *mover) moved(n int) State {
	m.because("%s to the gateway", m.lead(n))
	p := m.p
	switch {
	case m.Evidence.DNS.Facts.Mode == evidence.DNSResolver:
		m.because("whether every authoritative server does is not known: they were not asked; omit --resolver")
	case p.LastCacheEnds.IsZero():
		m.because("since when, and which TTL the old record had, is not known: no earlier report (--since) shows it")
	case m.Evidence.Run.Now.Before(p.LastCacheEnds):
		m.because("a cache may have the old record until %s: its TTL was %d s", stamp(p.LastCacheEnds), p.OldTTL)
	default:
		m.because("the old record had a TTL of %d s, and the last cache ended at %s, by the earlier report", p.OldTTL, stamp(p.LastCacheEnds))
		return MayUnbind
	}
	return Moved
}

// before distinguishes the states before DNS moves.
func (m *mover) before() State {
	r, serving := m.Evidence.Records.Facts.Domain, m.Evidence.Serving
	switch {
	case r == nil:
		m.because("the gateway's account and region have no record of the domain")
		return NotPrepared
	case m.PlanErr != nil:
		m.because("whether the record is as the map has it is not known: %s", m.PlanErr)
		return NotPrepared
	case m.Calls > 0:
		m.because("the record of the domain is not as the map has it")
		return NotPrepared
	case r.Protocol == "HTTPS" && r.CertIdentifier == "":
		m.because("the record has no certificate")
		return NotPrepared
	case serving.State != evidence.StateObserved:
		m.because("whether a route publishes the domain is not known: %s", serving.Reason)
		return NotPrepared
	case !serving.Facts.Deployed(m.Binding.GatewayID):
		m.because("no route or API that names the domain is deployed on gateway %s", m.Binding.GatewayID)
		return NotPrepared
	}
	m.because("the record is as the map has it, and a deployed route publishes it")
	switch m.service.Status {
	case checks.StatusPass:
	case checks.StatusFail:
		for _, f := range m.service.Findings {
			m.because("the gateway does not serve it: %s", f.Message)
		}
		return Prepared
	default:
		m.because("whether the gateway serves it is not known: %s", m.service.Reason)
		return Prepared
	}
	m.because("a handshake at the gateway's own addresses gives a valid certificate")
	if why := m.waits(); len(why) > 0 {
		m.p.Because = append(m.p.Because, why...)
		return Serves
	}
	m.because("the old TTL is %d s, and both certificates are valid beyond it", m.p.OldTTL)
	return MayMove
}

// waits returns why DNS may not move yet.
func (m *mover) waits() (why []string) {
	p := m.p
	add := func(is bool, format string, args ...any) {
		if is {
			why = append(why, fmt.Sprintf(format, args...))
		}
	}
	_, held := m.Evidence.Predecessor.Facts.Group.Domain(m.Binding.DomainName)
	add(m.Evidence.DNS.Facts.Mode == evidence.DNSResolver, "the TTL of the old record is not known: a resolver shows only what is left of it; omit --resolver")
	add(!held, "the API group no longer holds the domain")
	add(m.facts.Leading(evidence.LeadsUnknown) > 0, "not every DNS server could be asked")
	add(m.facts.Leading(evidence.LeadsElsewhere) > 0, "some DNS servers lead neither to the API group nor to the gateway")
	add(p.OldTTL > mostTTL, "the TTL of the old record is %d s, more than %d", p.OldTTL, mostTTL)
	soon := p.LastCacheEnds.Add(time.Hour)
	add(!p.OldExpires.IsZero() && p.OldExpires.Before(soon), "the certificate of the API group ends at %s", stamp(p.OldExpires))
	add(!p.NewExpires.IsZero() && p.NewExpires.Before(soon), "the certificate of the gateway ends at %s", stamp(p.NewExpires))
	for _, id := range m.failing() {
		add(true, "%s does not pass", id)
	}
	return why
}

// failing returns the checks that fail or cannot tell, without those that wait for DNS to
// lead to the gateway, which is what is to come.
func (m *mover) failing() (ids []string) {
	for _, r := range m.Results {
		blocks := r.Status == checks.StatusUnknown || checks.HasError(r.Findings)
		if blocks && !slices.Contains(m.spreads, r.ID) && r.ID != m.service.ID {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// breaks says what is broken: an earlier requirement of a later state does not hold.
func (m *mover) breaks() {
	p := m.p
	add := func(is bool, format string, args ...any) {
		if is {
			p.Breaks = append(p.Breaks, fmt.Sprintf(format, args...))
		}
	}
	_, held := m.Evidence.Predecessor.Facts.Group.Domain(m.Binding.DomainName)
	old, fresh := m.facts.Leading(evidence.LeadsOld), m.facts.Leading(evidence.LeadsNew)
	add(!held && old > 0, "DNS servers lead callers to the API group (%d), and it no longer holds the domain", old)
	if fresh > 0 {
		switch s := m.service; s.Status {
		case checks.StatusPass:
		case checks.StatusFail:
			for _, f := range s.Findings {
				add(true, "callers reach the gateway, and it does not serve them: %s", f.Message)
			}
		default:
			add(true, "callers reach the gateway, and that it serves them is not known: %s", s.Reason)
		}
	}
	add(p.State == Moving && !p.OldExpires.IsZero() && p.OldExpires.Before(p.LastCacheEnds), "the certificate of the API group ends at %s, before the last cache does", stamp(p.OldExpires))
	if p.State < Moving {
		for _, r := range m.Results {
			for _, f := range r.Findings {
				add(strings.HasPrefix(r.ID, m.family) && r.ID != m.service.ID && f.Severity == checks.Error, "%s", f.Message)
			}
		}
	}
}

// next says what to do.
func (m *mover) next() {
	p, b := m.p, m.Binding
	add := func(lines ...string) { p.Next = append(p.Next, lines...) }
	file := plan.Quote(cmp.Or(m.Map, "FILE"))
	switch p.State {
	case NotPrepared:
		if r := m.Evidence.Records.Facts.Domain; r == nil || m.Calls > 0 || m.PlanErr != nil {
			add("bindgate cutover --map " + file + " --apply")
		}
		add(m.publish()...)
	case Prepared:
		add("# correct what does not serve, then look again", "bindgate cutover --map "+file)
	case Serves:
		if p.OldTTL > mostTTL {
			add(fmt.Sprintf("# lower the TTL of %s in DNS to %d s, and wait %d s", b.DomainName, mostTTL, p.OldTTL))
		}
		add("# correct what is named, then look again", "bindgate cutover --map "+file)
	case MayMove:
		add("# change the record in DNS, then follow it", m.record(), "bindgate cutover --map "+file+" --wait 1h")
	case Moving:
		add("# the same record at every DNS server", m.record(), "bindgate cutover --map "+file+" --wait 1h")
	case Moved:
		add("# keep the old binding; a report of now shows later that the TTL has passed",
			"bindgate cutover --map "+file+" -f json=cutover-1.json", "# later", "bindgate cutover --map "+file+" --since cutover-1.json")
	case MayUnbind:
		add(m.unbind())
	case Done, Unknown:
	}
}

// publish returns how the domain is published, if it is not.
func (m *mover) publish() []string {
	b, r := m.Binding, m.Evidence.Records.Facts.Domain
	if m.Evidence.Serving.Facts.Deployed(b.GatewayID) {
		return nil
	}
	id := "DOMAIN_ID"
	if r != nil {
		id = r.DomainID
	}
	body := fmt.Sprintf(`{"restApiConfig":{"gatewayId":%q,"environment":{"customDomainIds":[%q]}}}`, b.GatewayID, id)
	return []string{"# publish it: name every domain of the API, for it is not known whether those left out are taken off",
		"aliyun apig POST /v1/http-apis/HTTP_API_ID/deploy --region " + plan.Quote(b.RegionID) + " --header " + plan.Quote("Content-Type=application/json") + " --body " + plan.Quote(body)}
}

// record returns the DNS record that leads to the gateway, as a line of a zone.
func (m *mover) record() string {
	name := strings.TrimSuffix(m.Binding.DomainName, ".") + "."
	for _, kind := range []string{evidence.EntryBalancer, evidence.EntrySubDomain} {
		for _, e := range m.Evidence.Gateway.Facts.Entries {
			if e.Kind == kind && (e.Ready || kind == evidence.EntrySubDomain) && strings.EqualFold(e.NetworkType, "Internet") {
				return fmt.Sprintf("%s 60 IN CNAME %s.", name, strings.TrimSuffix(e.Name, "."))
			}
		}
	}
	return "# " + name + " 60 IN CNAME: no entry of gateway " + m.Binding.GatewayID + " is known"
}

// unbind returns the command that takes the domain off the API group.
func (m *mover) unbind() string {
	from := m.Binding.MovesFrom
	return strings.Join([]string{"aliyun cloudapi DeleteDomain --region", plan.Quote(from.RegionID), "--GroupId", plan.Quote(from.GroupID), "--DomainName", plan.Quote(m.Binding.DomainName)}, " ")
}

// Earlier are the moves of an earlier look.
type Earlier map[[3]string]Progress

// Add adds the move of a domain.
func (e Earlier) Add(domain string, p Progress) {
	e[[3]string{evidence.PlainName(domain), p.From, p.To}] = p
}

// Of returns the move of a binding; nil: it is not known.
func (e Earlier) Of(b binding.Binding) *Progress {
	p, known := e[[3]string{evidence.PlainName(b.DomainName), b.MovesFrom.GroupID, b.GatewayID}]
	if !known {
		return nil
	}
	return &p
}
