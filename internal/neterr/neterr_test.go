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
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp4", address)
	if err == nil {
		_ = conn.Close()
		t.Fatal("another process took the port")
	}
	if !neterr.Refused(err) || neterr.NoRoute(err) || neterr.HostUnreachable(err) {
		t.Errorf("a closed port: %v is not refused alone", err)
	}
	if l, err = net.Listen("tcp4", "192.0.2.1:0"); err == nil {
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
