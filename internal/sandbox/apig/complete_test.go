package apig

import (
	"strings"
	"testing"
)

// A domain has the region of its gateways, and only one.
func TestRegionOfADomain(t *testing.T) {
	gateways := []Gateway{{GatewayID: "gw-east"}, {GatewayID: "gw-north", RegionID: "cn-beijing"}}
	for _, tc := range []struct {
		domain Domain
		want   string
	}{
		{Domain{}, "cn-hangzhou"},
		{Domain{RegionID: "cn-shanghai"}, "cn-shanghai"},
		{Domain{PublishedOn: []string{"gw-north"}}, "cn-beijing"},
		{Domain{RegionID: "cn-shanghai", PublishedOn: []string{"gw-north"}}, "want one region"},
		{Domain{PublishedOn: []string{"gw-east", "gw-north"}}, "want one region"},
	} {
		tc.domain.Name = "api.demo.com"
		got, err := Seed{Gateways: gateways, Domains: []Domain{tc.domain}}.Complete()
		if err != nil && !strings.Contains(err.Error(), tc.want) || err == nil && got.Domains[0].RegionID != tc.want {
			t.Errorf("%+v: got %v and %v, want %s", tc.domain, got.Domains, err, tc.want)
		}
	}
}
