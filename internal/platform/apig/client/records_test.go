package client_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/platform/apitest"
)

func TestRecords(t *testing.T) {
	w := newWorld(t)
	full := domain("d-1", "API.demo.com")
	for name, value := range (object{"certName": "api_demo", "algorithm": "RSA", "issuer": "Demo CA", "sans": "api.demo.com,b.demo.com", "notBeforeTimestamp": 1, "notAfterTimstamp": "1803600000000",
		"caCertIdentifier": "8-cn-hangzhou", "mTLSEnabled": true, "clientCACert": "PEM", "default": false, "createFrom": "Console", "resourceGroupId": "rg-1",
		"createTimestamp": 5, "updatetimestamp": 1795824000000, "certDetailErrorCode": "E", "statisticsInfo": object{"totalCount": "2", "resourceStatistics": []object{{"resourceType": "GatewayRoute", "resourceCount": 2}}},
		"tlsCipherSuitesConfig": object{"configType": "Custom", "tlsCipherSuite": []object{{"name": "AES128-SHA", "supportVersions": []string{"TLS1.2", "TLS 1.3"}}}}}) {
		full[name] = value
	}
	w.domains = []object{domain("d-2", "*.demo.com"), full, domain("d-3", "a.api.demo.com"), domain("d-4", "*.com"), domain("d-5", "xapi.demo.com"), domain("d-6", "demo.com")}
	w.ai = []object{domain("d-7", "api.demo.com.")}
	r := w.reader()
	got, err := r.Records(apitest.Soon(t), of("api.demo.com"))
	if err != nil {
		t.Fatal(err)
	}
	want := &evidence.Record{DomainID: "d-1", Name: "API.demo.com", Status: "Published", DomainScope: "Dedicated", GatewayType: "API", Protocol: "HTTPS", ForceHTTPS: true,
		CertIdentifier: "1-cn-hangzhou", CACertIdentifier: "8-cn-hangzhou", MTLSEnabled: true, ClientCACert: "PEM", HTTP2Option: "Open", TLSMin: "TLS 1.2", TLSMax: "TLS 1.3",
		Suites:          &evidence.Suites{ConfigType: "Custom", Suites: []evidence.Suite{{Name: "AES128-SHA", SupportVersions: []string{"TLS 1.2", "TLS 1.3"}}}},
		ResourceGroupID: "rg-1", CreateFrom: "Console", UsedBy: 2, CertName: "api_demo", Algorithm: "RSA", Issuer: "Demo CA", SANs: "api.demo.com,b.demo.com",
		NotBefore: 1, NotAfter: 1803600000000, CertDetailErrorCode: "E", UpdatedAt: 1795824000000}
	if diff := cmp.Diff(want, got.Domain); diff != "" {
		t.Error(diff)
	}
	ids := func(list []evidence.Record) (out []string) {
		for _, d := range list {
			out = append(out, d.DomainID+" "+d.GatewayType)
		}
		return out
	}
	if !slices.Equal(ids(got.Same), []string{"d-7 AI"}) || !slices.Equal(ids(got.Overlaps), []string{"d-2 API", "d-4 API"}) || !got.Complete || got.CountRead != 7 {
		t.Errorf("got %v, %v, %+v", ids(got.Same), ids(got.Overlaps), got)
	}
	lists, gets := w.count("ListDomains"), w.count("GetDomain")
	if got, err = r.Records(apitest.Soon(t), of("*.api.demo.com")); err != nil || got.Domain != nil || !slices.Equal(ids(got.Overlaps), []string{"d-2 API", "d-3 API", "d-4 API"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	b := of("api.demo.com")
	b.GatewayType = "AI"
	if got, err = r.Records(apitest.Soon(t), b); err != nil || got.Domain == nil || got.Domain.DomainID != "d-7" || !slices.Equal(ids(got.Same), []string{"d-1 API"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if w.count("ListDomains") != lists || w.count("GetDomain") != gets {
		t.Error("what was answered was asked for again")
	}
}

// The type of a domain is not known if the platform does not filter by it.
func TestTypesThatAreNotKnown(t *testing.T) {
	w := newWorld(t)
	w.filters = false
	w.domains = []object{domain("d-1", "api.demo.com"), domain("d-2", "api.demo.com")}
	got, err := w.reader().Records(apitest.Soon(t), of("api.demo.com"))
	if err != nil || got.Domain.GatewayType != "" || len(got.Same) != 1 || !got.Complete {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestUnknownFieldsAreNoted(t *testing.T) {
	w := newWorld(t)
	d := domain("d-1", "a.demo.com")
	for name, value := range (object{"zeroRTT": true, "unset": nil, "off": false, "none": 0, "empty": "", "emptyObject": object{}, "hsts": object{"maxAge": 1},
		"tlsCipherSuitesConfig": object{"configType": "Custom", "order": "server", "tlsCipherSuite": []object{{"name": "n", "weight": 1}, {"weight": 2}}}}) {
		d[name] = value
	}
	w.domains = []object{d}
	got, err := w.reader().Records(apitest.Soon(t), of("a.demo.com"))
	want := []string{"hsts", "none", "off", "tlsCipherSuitesConfig.order", "tlsCipherSuitesConfig.tlsCipherSuite.weight", "zeroRTT"}
	if err != nil || !slices.Equal(got.Domain.UnknownFields, want) {
		t.Errorf("got %q, %v, want %q", got.Domain.UnknownFields, err, want)
	}
}

// A list proves that it is whole, or it is not.
func TestListsThatAreNotWhole(t *testing.T) {
	page := func(total any, items ...object) apitest.Answer {
		return apitest.Data(object{"totalSize": total, "items": items})
	}
	a, b := domain("d-1", "a.demo.com"), domain("d-2", "b.demo.com")
	for name, answers := range map[string][]apitest.Answer{
		"no count":                 {page(nil, a)},
		"a negative count":         {page(-1)},
		"another count":            {page(2, a), page(3, b)},
		"fewer than counted":       {page(3, a, b), page(3)},
		"more than counted":        {page(1, a, b)},
		"the same page again":      {page(3, a, b)},
		"an item without an id":    {page(1, object{"name": "a.demo.com"})},
		"two spellings of a field": {page(1, object{"domainId": "d-1", "name": "a.demo.com", "tlsMin": "TLS 1.2", "TLSMIN": "TLS 1.0"})},
		"a fault":                  {{Status: 500, Body: "{}"}},
	} {
		w := newWorld(t)
		w.Script("ListDomains", answers...)
		if got, err := w.reader().Records(apitest.Soon(t), of("a.demo.com")); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	w := newWorld(t)
	w.answer("ListDomains", "NoPermission", 403)
	got, err := w.reader().Records(apitest.Soon(t), of("a.demo.com"))
	if err != nil || got.Complete || !strings.Contains(got.Problem, "allow apig:ListDomains on acs:apig:cn-hangzhou:*:domain/*") {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A list lacks what a route names, unless that was deleted.
func TestListThatLacksWhatIsServed(t *testing.T) {
	w := newWorld(t)
	w.domains = []object{domain("d-1", "a.demo.com")}
	w.apisOf("d-1")
	got, err := w.reader().Records(apitest.Soon(t), of("a.demo.com"))
	if err != nil || !got.Complete {
		t.Errorf("got %+v, %v: d-gone was deleted", got, err)
	}
	w.Script("ListDomains", apitest.Data(object{"totalSize": 0, "items": nil}))
	if got, err = w.reader().Records(apitest.Soon(t), of("a.demo.com")); err != nil || got.Complete || !strings.Contains(got.Problem, `lacks "d-1"`) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRecordsThatChangeMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.domains = []object{domain("d-1", "a.demo.com")}
	for _, status := range []int{200, 404} {
		w.answer("GetDomain", "DatabaseError.RecordNotFound", status)
		if got, err := w.reader().Records(apitest.Soon(t), of("a.demo.com")); err == nil || !strings.Contains(err.Error(), `the list has "a.demo.com" ("d-1")`) {
			t.Errorf("got %+v, %v: what the list has is not to be created", got, err)
		}
	}
	for _, other := range []object{{"domainId": "d-9", "name": "a.demo.com"}, {"domainId": "d-1", "name": "b.demo.com"}, {"domainId": "d-1", "name": strings.Repeat("x", 1<<20)}} {
		w.Script("GetDomain", apitest.Data(other))
		if got, err := w.reader().Records(apitest.Soon(t), of("a.demo.com")); err == nil || len(err.Error()) > 1000 {
			t.Errorf("an answer about another domain was taken, or repeated whole: %+v", got)
		}
	}
	w.answer("GetDomain", "NoPermission", 403)
	if _, err := w.reader().Records(apitest.Soon(t), of("a.demo.com")); err == nil || !strings.Contains(err.Error(), "allow apig:GetDomain on acs:apig:cn-hangzhou:*:domain/d-1") {
		t.Errorf("got %v, want the missing right", err)
	}
}

// Every domain is there once for each gateway that serves it, and one that nothing serves, too.
func TestDomains(t *testing.T) {
	w := newWorld(t)
	w.domains = []object{domain("d-2", "b.demo.com"), domain("d-1", "a.demo.com")}
	w.apisOf("d-1")
	got, err := w.reader().Domains(apitest.Soon(t), region)
	var lines []string
	for _, s := range got {
		lines = append(lines, s.Record.Name+" "+s.GatewayID)
	}
	if want := []string{"a.demo.com gw-1", "a.demo.com gw-2", "a.demo.com gw-3", "b.demo.com "}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("got %q, %v, want %q", lines, err, want)
	}
	w.answer("ListHttpApis", "NoPermission", 403)
	if _, err := w.reader().Domains(apitest.Soon(t), region); err == nil || !strings.Contains(err.Error(), "apig:ListHttpApis") {
		t.Errorf("got %v, want an error: nothing says which gateways serve the domains", err)
	}
}

func TestState(t *testing.T) {
	w := newWorld(t)
	w.domains = []object{domain("d-1", "a.demo.com"), domain("d-2", "*.demo.com")}
	w.certs, w.details = certs(), details()
	r := w.reader()
	for range 2 { // it asks each time
		got, err := r.State(apitest.Soon(t), of("a.demo.com"), false)
		if err != nil || got.Records.Domain.DomainID != "d-1" || got.Records.Domain.HTTP2Option != "Open" || !got.Records.Complete || got.Store.Current != nil {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if n := w.count("GetDomain"); n != 2 {
		t.Errorf("%d calls of GetDomain", n)
	}
	b := of("new.demo.com")
	b.Certificate = &binding.Certificate{Name: "upload"}
	got, err := r.State(apitest.Soon(t), b, false)
	if err != nil || got.Records.Domain != nil || len(got.Records.Same) != 0 || !got.Records.Complete || !got.Store.Complete {
		t.Errorf("got %+v, %v", got, err)
	}
	if m := got.Store.Matching; len(m) != 1 || m[0].CertIdentifier != "3-cn-hangzhou" || m[0].Serial != "4a1" || m[0].SHA256 != leafOf3 || m[0].ExistPrivateKey == nil {
		t.Errorf("got %+v", m)
	}
	b = of("a.demo.com")
	b.Certificate = &binding.Certificate{Name: "other", CASID: "3-cn-hangzhou"}
	got, err = r.State(apitest.Soon(t), b, true)
	if err != nil || got.Store.Current == nil || got.Store.Current.SHA256 != leafOf1 || got.Store.ByID == nil || got.Store.ByID.SHA256 != leafOf3 || len(got.Store.Matching) != 2 {
		t.Errorf("got %+v, %v", got.Store, err)
	}
	w.answer("ListDomains", "Throttling", 400)
	if got, err := r.State(apitest.Soon(t), b, true); err == nil {
		t.Errorf("got %+v, want an error", got)
	}
}
