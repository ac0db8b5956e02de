package evidence

// Problem says why a file yielded nothing to judge. It is a finding about the
// user's file, not a failure to observe.
type Problem struct {
	Kind    string `json:"kind"`    // missing, empty, private-key, csr, der, encrypted, …
	Message string `json:"message"` // what is there instead; never bytes of a secret
	Fix     string `json:"fix,omitempty"`
}

// Certificate is a certificate file, reduced to public facts.
type Certificate struct {
	Source      string   `json:"source"` // the path as it was written
	Problem     *Problem `json:"problem,omitempty"`
	Container   string   `json:"container,omitempty"`   // pem or pkcs12
	FileDigest  string   `json:"fileDigest,omitempty"`  // sha256:<hex> of the file's bytes
	ChainDigest string   `json:"chainDigest,omitempty"` // sha256:<hex> of the canonical PEM chain, as it would be sent
	Chain       []Cert   `json:"chain,omitempty"`       // in the file's order
	Path        Path     `json:"path,omitzero"`
}

// Cert is one certificate of a file.
type Cert struct {
	DER    []byte `json:"der"`
	Block  int    `json:"block"`  // index of its PEM block in the file, from 0
	Offset int    `json:"offset"` // byte offset of that block
}

// Path is the certification path (RFC 5280 §6) that was found from the first
// certificate to a root with the file's own intermediates only, regardless of
// validity dates: certificate/is-in-validity judges those.
type Path struct {
	RootsFrom string   `json:"rootsFrom"`           // mozilla, system, or the path of --roots
	Subjects  []string `json:"subjects"`            // leaf to root; empty: no path
	DER       [][]byte `json:"der,omitempty"`       // the same certificates
	Problem   string   `json:"problem,omitempty"`   // why there is no path
	Missing   string   `json:"missing,omitempty"`   // subject of the issuer that is not in the file, if that is why
	Undecided string   `json:"undecided,omitempty"` // why it cannot be told whether there is one
}

// Key is a private key reduced to what may be known of it.
type Key struct {
	Source          string   `json:"source"` // the path, or "env NAME"
	Problem         *Problem `json:"problem,omitempty"`
	Format          string   `json:"format,omitempty"`    // pkcs1, sec1, pkcs8, encrypted-pkcs8, …
	Algorithm       string   `json:"algorithm,omitempty"` // RSA, ECDSA, Ed25519
	Bits            int      `json:"bits,omitempty"`
	PublicKey       []byte   `json:"publicKey,omitempty"`       // SubjectPublicKeyInfo, DER
	PublicKeyDigest string   `json:"publicKeyDigest,omitempty"` // sha256:<hex> of PublicKey
	Escaped         bool     `json:"escaped,omitempty"`         // its line breaks were written as the two characters \n
}
