package evidence

import "crypto/x509/pkix"

// Attributes of a name that are written; crypto/x509's text of thousands takes time
// that grows with the square of their number.
const (
	maxAttributes = 40
	maxValues     = 10 // of one kind
)

// DistinguishedName returns a name as RFC 4514 text, and of a name beyond any CA's
// the beginning.
func DistinguishedName(n pkix.Name) string {
	if len(n.Names) <= maxAttributes {
		return n.String()
	}
	n.Names = n.Names[len(n.Names)-maxAttributes:] // the text begins with the last one
	for _, list := range []*[]string{&n.Country, &n.Organization, &n.OrganizationalUnit, &n.Locality, &n.Province, &n.StreetAddress, &n.PostalCode} {
		*list = (*list)[:min(len(*list), maxValues)]
	}
	return n.String() + ",…"
}
