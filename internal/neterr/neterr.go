// Package neterr recognises network errors. Windows reports them with numbers of its
// own, which Go's portable constants do not match.
package neterr

import (
	"errors"
	"slices"
	"syscall"
)

// Refused reports that nothing listens on the port.
func Refused(err error) bool { return errors.Is(err, refused) }

// HostUnreachable reports that the network knows no way to the host.
func HostUnreachable(err error) bool { return errors.Is(err, hostUnreachable) }

// NoRoute reports that this machine has no address or route of the family of the
// address. That says nothing about the host.
func NoRoute(err error) bool {
	return slices.ContainsFunc([]syscall.Errno{netUnreachable, familyUnsupported, addressUnavailable},
		func(e syscall.Errno) bool { return errors.Is(err, e) })
}
