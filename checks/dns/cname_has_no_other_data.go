package dns

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// cnameHasNoOtherData is dns/cname-has-no-other-data.
func cnameHasNoOtherData() checks.Check {
	return checks.Check{
		ID: "dns/cname-has-no-other-data", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedDNS},
		Applies: public,
		Judge:   judgeAlone,
		Doc: checks.Doc{
			Title: "A CNAME owner has no other records",
			Why: "A name with a CNAME record must have no other records. So a zone's apex, which has SOA and NS records, cannot have " +
				"one. Some providers publish it nevertheless: then it depends on a resolver's first query whether callers, mail servers " +
				"and certificate authorities get the CNAME record or the others.",
			Fix: "Remove the other records, or the CNAME. For an apex use address records: of a gateway its own addresses; of a group " +
				"those of the provider, with domainProof: txt.",
			References: []string{"RFC 1034 §3.6.2", "RFC 2181 §10.1 (CNAME and other data)", "RFC 1912 §2.4"},
			Failing:    authorityFixture("otherRecords: [MX], "),
			Passing:    authorityFixture(""),
		},
	}
}

func judgeAlone(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if v := fromAuthority(d); v != nil {
		return *v
	}
	var findings []checks.Finding
	problem := ""
	for _, m := range ourServers(s) {
		if m.OtherRecordsProblem != "" && problem == "" {
			problem = fmt.Sprintf("not all other records of the CNAME owner %s could be asked for: %s", m.Name, cut(m.OtherRecordsProblem))
		}
		if len(m.OtherRecordsUnanswered) > 0 {
			findings = append(findings, checks.Warns("/domainName",
				fmt.Sprintf("cannot tell whether %s has %s records in addition to its CNAME record: its servers, or a device on the path to them, do not answer queries for these types", m.Name, some(m.OtherRecordsUnanswered)),
				"configure the servers to answer queries for every type; if there are no records, the answer is NOERROR without records"))
		}
		switch {
		case len(m.OtherRecords) == 0:
		case evidence.SameName(m.Name, m.Zone):
			findings = append(findings, checks.Fails("/domainName",
				fmt.Sprintf("%s is the apex of its zone and has a CNAME record, in addition to %s", m.Name, some(m.OtherRecords)),
				"remove the CNAME record from the apex; "+atApex(s)))
		default:
			findings = append(findings, checks.Fails("/domainName",
				fmt.Sprintf("%s has a CNAME record and other records: %s", m.Name, some(m.OtherRecords)),
				fmt.Sprintf("remove the other records of %s., or its CNAME", m.Name)))
		}
	}
	if problem != "" && !checks.HasError(findings) {
		return checks.Unknown(problem, findings...)
	}
	return checks.Judge(findings...)
}

// atApex says what to do for a name that cannot have a CNAME record.
func atApex(s checks.Subject) string {
	if ok, _ := target.Gateway(s.Binding); ok {
		return "publish the gateway's own addresses there"
	}
	return "prove the domain with domainProof: txt"
}
