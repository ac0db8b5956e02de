package gate

import (
	"errors"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/plan"
)

// uploading is a permit for an upload and an update that takes its identifier.
func uploading() Permit {
	return newPermit("p", checks.Subject{}, plan.Plan{Calls: []plan.Call{
		{Action: "UploadUserCertificate", Params: map[string]string{"Name": "n"}, Material: &plan.Material{Serial: "1a", SHA256: "sha256:x"}},
		{Action: "UpdateDomain", Params: map[string]string{"domainId": "d-1", "protocol": "HTTPS"}, Filled: "certIdentifier"},
	}})
}

func take(t *testing.T, p Permit) plan.Call {
	t.Helper()
	c, err := p.Take()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFill(t *testing.T) {
	p := uploading()
	take(t, p)
	p.Done()
	if _, err := p.Take(); !errors.Is(err, ErrNotFilled) {
		t.Errorf("a call with a hole: got %v", err)
	}
	if err := p.Fill("7-cn-hangzhou", "1a", "sha256:x"); err != nil {
		t.Fatal(err)
	}
	c := take(t, p)
	if c.Params["certIdentifier"] != "7-cn-hangzhou" || c.Params["protocol"] != "HTTPS" || len(c.Params) != 3 {
		t.Errorf("got %+v", c)
	}
	if err := p.Fill("8-cn-hangzhou", "1a", "sha256:x"); !errors.Is(err, ErrOutcomePending) {
		t.Errorf("a call that was taken: got %v", err)
	}
	p.Unknown()
	if err := p.Fill("8-cn-hangzhou", "1a", "sha256:x"); !errors.Is(err, ErrOutcomePending) {
		t.Errorf("a call with an unknown outcome: got %v", err)
	}
	if again, err := p.Again(); err != nil || again.Params["certIdentifier"] != "7-cn-hangzhou" {
		t.Errorf("again: got %+v, %v", again, err)
	}
}

// TestFillRefuses: no other certificate, no other moment, no second time.
func TestFillRefuses(t *testing.T) {
	var zero Permit
	if err := zero.Fill("7", "1a", "sha256:x"); !errors.Is(err, ErrNoPermit) {
		t.Errorf("the zero permit: got %v", err)
	}
	p := uploading()
	if err := p.Fill("7", "1a", "sha256:x"); !errors.Is(err, ErrOutcomePending) {
		t.Errorf("before the upload: got %v", err)
	}
	take(t, p)
	if err := p.Fill("7", "1a", "sha256:x"); !errors.Is(err, ErrOutcomePending) {
		t.Errorf("during the upload: got %v", err)
	}
	p.Done()
	for name, got := range map[string][3]string{
		"another serial number": {"7", "1b", "sha256:x"}, "another certificate": {"7", "1a", "sha256:y"},
		"no identifier": {"", "1a", "sha256:x"}, "nothing was read": {"7", "", ""},
	} {
		if err := p.Fill(got[0], got[1], got[2]); !errors.Is(err, ErrNotTheUpload) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := p.Fill("7", "1a", "sha256:x"); err != nil {
		t.Fatal(err)
	}
	if err := p.Fill("8", "1a", "sha256:x"); !errors.Is(err, ErrRedeemed) {
		t.Errorf("a second time: got %v", err)
	}
	other := newPermit("p", checks.Subject{}, plan.Plan{Calls: []plan.Call{{Action: "SetDomain"}, {Action: "UpdateDomain", Filled: "certIdentifier", Params: map[string]string{}}}})
	take(t, other)
	other.Done()
	if err := other.Fill("7", "", ""); !errors.Is(err, ErrRedeemed) {
		t.Errorf("without an upload: got %v", err)
	}
	failed := uploading()
	take(t, failed)
	failed.Failed()
	if err := failed.Fill("7", "1a", "sha256:x"); err == nil {
		t.Error("after a failed upload: got no error")
	}
	if p.Plan().Calls[1].Params["certIdentifier"] != "7" || uploading().Plan().Calls[1].Params["certIdentifier"] != "" {
		t.Error("the plan of the permit does not show what was filled in")
	}
}
