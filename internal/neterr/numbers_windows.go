package neterr

import "golang.org/x/sys/windows"

const (
	refused            = windows.WSAECONNREFUSED
	hostUnreachable    = windows.WSAEHOSTUNREACH
	netUnreachable     = windows.WSAENETUNREACH
	familyUnsupported  = windows.WSAEAFNOSUPPORT
	addressUnavailable = windows.WSAEADDRNOTAVAIL
)
