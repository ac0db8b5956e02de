package neterr_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/bindgate/bindgate/internal/neterr"
)

// The errors are those of the system that runs the test.
func TestErrorsOfTheSystem(t *testing.T) {
	// A port that the system gave and that was closed again may be another program's by now.
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp4", "127.0.0.1:1")
	if err == nil {
		_ = conn.Close()
		t.Fatal("something listens on port 1")
	}
	if !neterr.Refused(err) || neterr.NoRoute(err) || neterr.HostUnreachable(err) {
		t.Errorf("a closed port: %v is not refused alone", err)
	}
	l, err := net.Listen("tcp4", "192.0.2.1:0")
	if err == nil {
		_ = l.Close()
		t.Skip("this machine has an address of RFC 5737")
	}
	if !neterr.NoRoute(err) || neterr.Refused(err) {
		t.Errorf("an address of another machine: %v is not a missing route alone", err)
	}
	if other := errors.New("other"); neterr.Refused(other) || neterr.NoRoute(other) || neterr.HostUnreachable(other) || neterr.Refused(nil) {
		t.Error("another error is recognised")
	}
}
