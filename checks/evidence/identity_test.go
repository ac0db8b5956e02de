package evidence

import "testing"

func TestSameIdentity(t *testing.T) {
	user := Identity{AccountID: "1", ARN: "acs:ram::1:user/ci"}
	session := Identity{AccountID: "1", ARN: "acs:ram::1:assumed-role/deploy/run-1"}
	without := Identity{AccessKeyID: "LTAI…abcd", NoSTS: true}
	for _, tc := range []struct {
		a, b Identity
		want bool
	}{
		{user, user, true},
		{user, Identity{AccountID: "2", ARN: "acs:ram::2:user/ci"}, false},
		{user, Identity{AccountID: "1", ARN: "acs:ram::1:user/other"}, false},
		{session, Identity{AccountID: "1", ARN: "acs:ram::1:assumed-role/deploy/run-2"}, true},
		{session, Identity{AccountID: "1", ARN: "acs:ram::1:assumed-role/admin/run-1"}, false},
		{without, without, true},
		{without, Identity{AccessKeyID: "LTAI…dcba", NoSTS: true}, false},
		{without, user, false},
		{Identity{}, Identity{}, false},
	} {
		if got := tc.a.Same(tc.b); got != tc.want {
			t.Errorf("%+v and %+v: got %t", tc.a, tc.b, got)
		}
	}
}
