package resolve

import (
	"encoding/binary"
	"net"
	"strconv"

	"golang.org/x/sys/unix"
)

// canCut reports whether the kernel cuts one buffer into datagrams (udp(7), UDP_SEGMENT, since
// Linux 4.18). An older kernel would ignore the control message and send one long datagram.
func canCut(conn *net.UDPConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	var unknown error
	err = raw.Control(func(fd uintptr) {
		_, unknown = unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
	})
	return err == nil && unknown == nil
}

// cutEvery returns the control message that cuts a buffer into datagrams of a size (cmsg(3)).
func cutEvery(size int) []byte {
	control, length := make([]byte, 0, unix.CmsgSpace(2)), unix.CmsgLen(2)
	if strconv.IntSize == 64 {
		control = binary.NativeEndian.AppendUint64(control, uint64(length))
	} else {
		control = binary.NativeEndian.AppendUint32(control, uint32(length))
	}
	control = binary.NativeEndian.AppendUint32(control, unix.IPPROTO_UDP)
	control = binary.NativeEndian.AppendUint32(control, unix.UDP_SEGMENT)
	control = binary.NativeEndian.AppendUint16(control, uint16(size))
	return control[:cap(control)]
}
