package evidence

// Displaced is what DNS says of every name that a force would take from another
// group, other than the name that the binding asks for.
type Displaced struct {
	Names []DisplacedName `json:"names,omitempty"`
}

// DisplacedName is one of them.
type DisplacedName struct {
	Name    string `json:"name"`
	GroupID string `json:"groupId"` // the group that would lose it
	DNS     DNS    `json:"dns"`     // its CNAME chain; of a wildcard, that of a random label
	Problem string `json:"problem,omitempty"`
}
