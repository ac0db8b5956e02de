//go:build !windows

package neterr

import "syscall"

const (
	refused            = syscall.ECONNREFUSED
	hostUnreachable    = syscall.EHOSTUNREACH
	netUnreachable     = syscall.ENETUNREACH
	familyUnsupported  = syscall.EAFNOSUPPORT
	addressUnavailable = syscall.EADDRNOTAVAIL
)
