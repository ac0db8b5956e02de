package request

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/idna"
)

// Limits of RFC 1035 section 2.3.4, for names in presentation without a final dot.
const (
	maxLabel = 63
	maxName  = 253
)

// asciiName is the form of a domain name that DNS and certificates use: lower
// case A-labels, mapped by UTS #46 non-transitional and valid in IDNA2008 and
// STD 3. A leading "*." stays. The error is written to follow "the
// domain name %q ".
func asciiName(name string) (string, error) {
	if len(name) > 4*maxName { // far too long in any script; mapping costs the square of it
		return "", fmt.Errorf("is %d octets long, want at most %d", len(name), maxName)
	}
	base, wildcard := strings.CutPrefix(name, "*.")
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(),
		idna.CheckHyphens(true), idna.CheckJoiners(true))
	ascii, err := profile.ToASCII(base)
	if err != nil {
		return "", fmt.Errorf("is not valid in IDNA2008: %w", err)
	}
	for label := range strings.SplitSeq(ascii, ".") {
		switch {
		case label == "":
			return "", errors.New("holds an empty label")
		case len(label) > maxLabel:
			return "", fmt.Errorf("holds a label of %d octets, want at most %d", len(label), maxLabel)
		}
	}
	if wildcard {
		ascii = "*." + ascii
	}
	if len(ascii) > maxName {
		return "", fmt.Errorf("is %d octets long, want at most %d", len(ascii), maxName)
	}
	return ascii, nil
}

// plain is a name in the form that names are compared in.
func plain(name string) string {
	name = strings.TrimSuffix(name, ".")
	if ascii, err := asciiName(name); err == nil {
		return ascii
	}
	return strings.ToLower(name)
}

// covers reports whether a wildcard covers a name: one label in place of its *.
func covers(wildcard, name string) bool {
	parent, ok := strings.CutPrefix(wildcard, "*")
	label, below := strings.CutSuffix(name, parent)
	return ok && below && label != "" && !strings.Contains(label, ".")
}
