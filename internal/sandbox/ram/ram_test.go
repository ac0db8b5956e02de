package ram

import (
	"strings"
	"testing"
)

func TestAllows(t *testing.T) {
	const group = "acs:apigateway:cn-hangzhou:1:apigroup/g1"
	for _, tc := range []struct {
		statements, action, resource string
		want                         bool
	}{
		{`{"Effect":"Allow","Action":"apigateway:SetDomain","Resource":"*"}`, "apigateway:SetDomain", group, true},
		{`{"Effect":"Allow","Action":["apigateway:Describe*"],"Resource":["acs:apigateway:*:*:apigroup/*"]}`, "apigateway:DescribeDomain", group, true},
		{`{"Effect":"Allow","Action":"apigateway:Describe*","Resource":"*"}`, "apigateway:SetDomain", group, false},
		{`{"Effect":"Allow","Action":"*","Resource":"acs:apigateway:cn-hangzhou:1:apigroup/g?"}`, "apigateway:SetDomain", group, true},
		{`{"Effect":"Allow","Action":"*","Resource":"acs:apigateway:cn-beijing:*:apigroup/*"}`, "apigateway:SetDomain", group, false},
		{`{"Effect":"Allow","Action":"*","Resource":"*:apigroup/g"}`, "apigateway:SetDomain", group, false},
		{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"apigateway:Set*","Resource":"*/g1"}`, "apigateway:SetDomain", group, false},
		{`{"Effect":"Deny","Action":"apigateway:Set*","Resource":"*/g2"},{"Effect":"Allow","Action":"*","Resource":"*"}`, "apigateway:SetDomain", group, true},
		{``, "apigateway:SetDomain", group, false},
	} {
		p, err := Parse([]byte(`{"Version":"1","Statement":[` + tc.statements + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Allows(tc.action, tc.resource); got != tc.want {
			t.Errorf("%s: %s on %s: got %v, want %v", tc.statements, tc.action, tc.resource, got, tc.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"Version":"2","Statement":[]}`:                                                              `got version "2", want 1`,
		`{"Version":"1","Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}`:                `got effect "Maybe"`,
		`{"Version":"1","Statement":[{"Effect":"Allow","Resource":"*"}]}`:                             "0 actions",
		`{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}]}`: `"Condition"`,
		`{"Version":"1","Statement":[{"Effect":"Allow","NotAction":"*","Resource":"*"}]}`:             `"NotAction"`,
		`{"Version":"1","Statement":[]} {}`:                                                           "after the document",
		`{"Version":"1","Statement":[{"Effect":"Allow","Action":[1],"Resource":"*"}]}`:                "number",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
