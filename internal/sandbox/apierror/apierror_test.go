package apierror

import "testing"

func TestStatus(t *testing.T) {
	for code, want := range map[string]int{
		"MissingGroupId": 400, "DomainNotResolved": 400, "Throttling.User": 400, "SignatureDoesNotMatch": 400,
		"InvalidAccessKeyId.NotFound": 404, "InvalidApi.NotFound": 404, "NotFoundApiGroup": 404, "NoPermission": 403,
		"ForbiddenRegion": 403, "ServiceUnavailable": 503, "InternalError": 500,
	} {
		if got := New(code, "").Status(); got != want {
			t.Errorf("%s: got %d, want %d", code, got, want)
		}
	}
	if got, want := Missing("GroupId").Error(), "MissingGroupId: The parameter GroupId is required."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
