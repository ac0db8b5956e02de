package policy

import (
	"testing"

	"github.com/bindgate/bindgate/checks/evidence"
)

func TestPointer(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "/domainName": "/domainName", "/labels/a~1b": "/labels/a~1b", "/certificate/privateKey/file": "/certificate/privateKey/file",
		"/forceFrom/0": "/forceFrom/0", "/bindStageName": "/bindStageName",
		"domainName": "", "/domainname": "", "/domainName/x": "", "/": "", "/labels/": "", "/Positions": "", "/-": "", "/bindStageName/x": "",
	} {
		if got := pointer(evidence.PolicyMessage{Pointer: in}); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
