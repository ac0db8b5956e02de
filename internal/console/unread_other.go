//go:build !unix

package console

import "os"

// unread reports whether a file is a pipe with content that was not read; here that cannot
// be known without reading.
func unread(*os.File) bool { return false }
