package binding

import (
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/spelling"
)

// Regions returns the region ids that Alibaba Cloud publishes, those for finance and
// government included. A private cloud has its own.
func Regions() []string {
	return strings.Fields(`
		cn-qingdao cn-beijing cn-zhangjiakou cn-huhehaote cn-wulanchabu cn-hangzhou cn-shanghai cn-nanjing cn-fuzhou
		cn-wuhan-lr cn-zhengzhou-jva cn-shenzhen cn-heyuan cn-guangzhou cn-chengdu cn-zhongwei cn-hongkong
		ap-northeast-1 ap-northeast-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-5 ap-southeast-6 ap-southeast-7 ap-south-1
		us-east-1 us-west-1 us-southeast-1 na-south-1 eu-central-1 eu-west-1 eu-west-2 me-east-1 me-central-1
		cn-hangzhou-finance cn-shanghai-finance-1 cn-shenzhen-finance-1 cn-beijing-finance-1 cn-north-2-gov-1 cn-heyuan-acdr-1`)
}

// KnownRegion reports whether an id is that of a published region, and if not, which one
// was probably meant: two edits away at most, or the same without its country.
func KnownRegion(id string) (known bool, meant string) {
	all := Regions()
	if slices.Contains(all, id) {
		return true, ""
	}
	for _, r := range all {
		if _, place, _ := strings.Cut(r, "-"); place == id {
			return false, r
		}
	}
	return false, spelling.Nearest(id, all, 2)
}
