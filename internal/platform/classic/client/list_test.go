package client_test

import (
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/platform/classic/client"
)

// Four megabytes of empty items must not become a gigabyte of domains.
func TestVastListsAreRefused(t *testing.T) {
	const head = `{"RequestId":"R","GroupId":"` + groupID + `","CustomDomains":{"DomainItem":[`
	xmlHead := `<R><RequestId>R</RequestId><GroupId>` + groupID + `</GroupId><CustomDomains>`
	for name, body := range map[string]string{
		"JSON": head + strings.Repeat("{},", 1_300_000) + "{}]}}",
		"XML":  xmlHead + strings.Repeat("<DomainItem/>", 300_000) + "</CustomDomains></R>",
	} {
		e := apitest.New(t, map[string][]apitest.Answer{"DescribeApiGroup": {{Body: body}}})
		transport := e.Transport()
		allocated := cputime.Allocated(func() {
			if _, err := client.NewReader(transport).GroupNow(apitest.Soon(t), region, groupID); err == nil {
				t.Errorf("%s: a vast list was read", name)
			}
		})
		if allocated > 200<<20 {
			t.Errorf("%s: %d MiB were allocated, want at most 200", name, allocated>>20)
		}
	}
}

// Both formats read lists as before.
func TestListsOfBothFormats(t *testing.T) {
	for name, body := range map[string]string{
		"JSON": `{"RequestId":"R","GroupId":"` + groupID + `","StageItems":{"StageInfo":null},"CustomDomains":{"DomainItem":[{"DomainName":"a.demo.com"},{"DomainName":"b.demo.com"}]}}`,
		"XML": `<R><RequestId>R</RequestId><GroupId>` + groupID + `</GroupId><CustomDomains><DomainItem><DomainName>a.demo.com</DomainName></DomainItem>` +
			`<DomainItem><DomainName>b.demo.com</DomainName></DomainItem></CustomDomains></R>`,
	} {
		e := apitest.New(t, map[string][]apitest.Answer{"DescribeApiGroup": {{Body: body}}})
		g, err := client.NewReader(e.Transport()).GroupNow(apitest.Soon(t), region, groupID)
		if err != nil || len(g.Domains) != 2 || g.Domains[1].DomainName != "b.demo.com" {
			t.Errorf("%s: got %+v and %v, want both domains", name, g.Domains, err)
		}
	}
}
