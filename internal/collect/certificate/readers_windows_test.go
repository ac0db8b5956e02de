package certificate

import (
	"errors"
	"testing"

	"golang.org/x/sys/windows"
)

func TestReadersInAccessLists(t *testing.T) {
	const owner, other = "S-1-5-21-1-2-3-1000", "S-1-5-21-1-2-3-1001"
	for list, want := range map[string]string{
		"D:P(A;;FA;;;" + owner + ")(A;;FA;;;SY)(A;;FA;;;BA)": "",
		"D:(A;;FA;;;" + owner + ")(A;;FR;;;WD)":              `Everyone (access list)`,
		"D:(A;;GR;;;" + other + ")(A;;GA;;;" + other + ")":   other + " (access list)",
		"D:(A;;0x2;;;WD)":      "", // writing alone
		"D:(D;;FA;;;WD)":       "", // a refusal
		"D:(A;OICIIO;FR;;;WD)": "", // for files below a folder
	} {
		sd, err := windows.SecurityDescriptorFromString("O:" + owner + list)
		if err != nil {
			t.Errorf("%s: %v", list, err)
			continue
		}
		if got, err := readersIn(sd); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", list, got, err, want)
		}
	}
	none, err := windows.SecurityDescriptorFromString("O:" + owner)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readersIn(none); err == nil {
		t.Errorf("the list was not read: got %q, want an error", got)
	}
	open, err := windows.NewSecurityDescriptor()
	if err != nil {
		t.Fatal(err)
	}
	sid, err := windows.StringToSid(owner)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(open.SetOwner(sid, false), open.SetDACL(nil, true, false)); err != nil {
		t.Fatal(err)
	}
	if got, err := readersIn(open); err != nil || got != "everybody (no access list)" {
		t.Errorf("no list: got %q, %v", got, err)
	}
}
