package sign

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/apierror"
)

// maxParams bounds the parameters of a request; SetDomainCertificate, the
// longest, has 11 and V1 adds 8 of its own.
const maxParams = 256

// parse reads parameters from the query and, if there is one, from a form. A
// name given twice is refused: which of the two was meant cannot be told.
func parse(encoded ...string) (map[string]string, error) {
	all := map[string]string{}
	for _, part := range encoded {
		values, err := url.ParseQuery(part)
		if err != nil {
			return nil, apierror.New("InvalidFormatParameter", "The parameters are not URL-encoded.")
		}
		for name, v := range values {
			if _, twice := all[name]; twice || len(v) > 1 {
				return nil, apierror.New("RepeatedParameter", "A parameter is given twice.")
			}
			all[name] = v[0]
		}
		if len(all) > maxParams {
			return nil, apierror.New("ExceedLimitParameter", "The request has more than %d parameters.", maxParams)
		}
	}
	return all, nil
}

// canonicalQuery is name=value, sorted by name and joined by &. Empty values
// are kept: `BindStageName=` and no BindStageName sign differently.
func canonicalQuery(params map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(encode(name))
		b.WriteByte('=')
		b.WriteString(encode(params[name]))
	}
	return b.String()
}

// encode is percent-encoding with the unreserved set of RFC 3986 §2.3.
func encode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for i := range len(s) {
		c := s[i]
		if unreserved(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}
