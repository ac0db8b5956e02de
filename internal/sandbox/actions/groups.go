package actions

import (
	"math"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/seed"
)

// Pages of DescribeApiGroups.
const (
	defaultPageSize = 10
	maxPageSize     = 50
)

type groupsAnswer struct {
	RequestID          string `json:"RequestId" xml:"RequestId"`
	TotalCount         int
	PageSize           int
	PageNumber         int
	APIGroupAttributes struct {
		APIGroupAttribute []groupAttribute `json:"ApiGroupAttribute" xml:"ApiGroupAttribute"`
	} `json:"ApiGroupAttributes" xml:"ApiGroupAttributes"`
}

type groupAttribute struct {
	GroupID       string `json:"GroupId" xml:"GroupId"`
	GroupName     string
	SubDomain     string
	Description   string
	CreatedTime   string
	ModifiedTime  string
	RegionID      string `json:"RegionId" xml:"RegionId"`
	TrafficLimit  int
	BillingStatus string
	IllegalStatus string
	InstanceID    string `json:"InstanceId" xml:"InstanceId"`
	InstanceType  string
	BasePath      string
	HTTPSPolicy   string `json:"HttpsPolicy" xml:"HttpsPolicy"`
}

// describeGroups pages the groups, without their domains. GroupName is a part of
// the name; RegionId, GroupId, InstanceId and BasePath are whole.
func describeGroups(acc *account.Account, r Request) (any, error) {
	number, err := r.number("PageNumber", 1, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	size, err := r.number("PageSize", defaultPageSize, maxPageSize)
	if err != nil {
		return nil, err
	}
	page, total := acc.Page(number, size, r.fits)
	answer := groupsAnswer{RequestID: r.ID, TotalCount: total, PageSize: size, PageNumber: number}
	attributes := make([]groupAttribute, len(page))
	for i, g := range page {
		attributes[i] = groupAttribute{
			GroupID: g.GroupID, GroupName: g.GroupName, SubDomain: g.SubDomain, Description: g.Description,
			CreatedTime: g.CreatedTime, ModifiedTime: g.ModifiedTime, RegionID: g.RegionID, TrafficLimit: g.TrafficLimit,
			BillingStatus: g.BillingStatus, IllegalStatus: g.IllegalStatus, InstanceID: g.InstanceID,
			InstanceType: g.InstanceType, BasePath: g.BasePath, HTTPSPolicy: g.HTTPSPolicy,
		}
	}
	answer.APIGroupAttributes.APIGroupAttribute = attributes
	return answer, nil
}

func (r Request) fits(g *seed.Group) bool {
	for name, value := range map[string]string{"GroupId": g.GroupID, "RegionId": g.RegionID, "InstanceId": g.InstanceID, "BasePath": g.BasePath} {
		if want := r.Params[name]; want != "" && want != value {
			return false
		}
	}
	return strings.Contains(g.GroupName, r.Params["GroupName"])
}
