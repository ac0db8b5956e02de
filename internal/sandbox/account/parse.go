package account

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/miekg/dns"
	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/sandbox/dnsserver"
)

// maxFile bounds each file that a seed names.
const maxFile = 4 << 20

// ParseSeed reads a seed from one YAML document, and the files that it names, which
// are relative to dir. An unknown or repeated key is an error. The seed is
// complete (see Complete).
func ParseSeed(data []byte, dir string) (Seed, error) {
	var s Seed
	if err := yaml.Load(data, &s, yaml.WithKnownFields()); err != nil {
		return Seed{}, fmt.Errorf("reading seed: %s; `bindgate demo --dir DIR` writes one to look at", unknownFields(err))
	}
	if err := s.readZoneFiles(dir); err != nil {
		return Seed{}, fmt.Errorf("reading seed: %w", err)
	}
	for i := range s.Groups {
		if err := s.Groups[i].readCertificates(dir); err != nil {
			return Seed{}, fmt.Errorf("reading seed: group %q: %w", s.Groups[i].GroupID, err)
		}
	}
	if err := s.readAPIG(dir); err != nil {
		return Seed{}, fmt.Errorf("reading seed: %w", err)
	}
	s, err := s.Complete()
	if err != nil {
		return Seed{}, fmt.Errorf("reading seed: %w", err)
	}
	return s, nil
}

// unknownFields returns the text of an error of the YAML reader without the names of
// types, which nobody who writes a seed knows.
func unknownFields(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: construct errors: ")
	return unknownField.ReplaceAllString(text, "$1 is unknown")
}

var unknownField = lazyregexp.New(`(field \S+) not found in type [A-Za-z0-9_.]+`)

func (s *Seed) readZoneFiles(dir string) error {
	for _, file := range s.ZoneFiles {
		text, err := readFile(dir, file)
		if err != nil {
			return fmt.Errorf("reading zone file: %w", err)
		}
		records, err := dnsserver.ParseZone(text, file)
		if err != nil {
			return err
		}
		s.Records = append(s.Records, records...)
	}
	return nil
}

func (g *Group) readCertificates(dir string) error {
	for _, d := range g.Domains {
		if d.Certificate == nil {
			continue
		}
		files := []*string{&d.Certificate.Body, &d.Certificate.PrivateKey}
		if d.Certificate.Mutual.CaCertificateBody != "" {
			files = append(files, &d.Certificate.Mutual.CaCertificateBody)
		}
		for _, path := range files {
			text, err := readFile(dir, *path)
			if err != nil {
				return fmt.Errorf("domain %q: reading its certificate: %w", d.DomainName, err)
			}
			*path = text
		}
	}
	return nil
}

// readAPIG reads the files of the certificate store and of mutual TLS.
func (s *Seed) readAPIG(dir string) error {
	read := func(path *string) error {
		if *path == "" {
			return nil
		}
		text, err := readFile(dir, *path)
		*path = text
		return err
	}
	for i := range s.Certificates {
		c := &s.Certificates[i]
		if err := errors.Join(read(&c.Body), read(&c.PrivateKey)); err != nil {
			return fmt.Errorf("certificate %q: %w", c.Name, err)
		}
	}
	for i := range s.APIG.Domains {
		if err := read(&s.APIG.Domains[i].ClientCACert); err != nil {
			return fmt.Errorf("domain %q: reading its client CA: %w", s.APIG.Domains[i].Name, err)
		}
	}
	return nil
}

func readFile(dir, path string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return "", fmt.Errorf("%q is not a regular file of at most %d bytes", path, maxFile)
	}
	data, err := os.ReadFile(path)
	return string(data), err
}

// AllRecords are the seed's records, and address records for every name that the
// platform gives out and they leave out: of a group (SubDomain, VpcDomain,
// VpcSlbIntranetDomain) an address of the documentation network 198.51.100.0/24
// (RFC 5737 §3), of a cloud-native gateway the addresses of its balancers.
func (s Seed) AllRecords() ([]dns.RR, error) {
	records, err := dnsserver.ParseZone(s.Zone, "zone")
	if err != nil {
		return nil, err
	}
	records = append(records, s.Records...)
	known := map[string]bool{}
	for _, rr := range records {
		known[dns.CanonicalName(rr.Header().Name)] = true
	}
	for i, g := range s.Groups {
		for _, name := range []string{g.SubDomain, g.VpcDomain, g.VpcSlbIntranetDomain} {
			owner := dns.CanonicalName(name)
			if name == "" || known[owner] {
				continue
			}
			rr, err := dns.NewRR(fmt.Sprintf("%s 60 IN A 198.51.100.%d", owner, 1+i%254))
			if err != nil || rr == nil || rr.Header().Name != owner { // nil: all of it reads as a comment
				return nil, fmt.Errorf("group %q: making an address record of %q: want a domain name", g.GroupID, name)
			}
			known[owner] = true
			records = append(records, rr)
		}
	}
	for _, a := range s.APIG.Addresses() {
		owner, kind := dns.CanonicalName(a.Name), "A"
		if strings.Contains(a.IP, ":") {
			kind = "AAAA"
		}
		if known[owner] {
			continue
		}
		rr, err := dns.NewRR(fmt.Sprintf("%s 60 IN %s %s", owner, kind, a.IP))
		if err != nil || rr == nil || rr.Header().Name != owner {
			return nil, fmt.Errorf("making an address record of %q: want a domain name", a.Name)
		}
		records = append(records, rr)
	}
	return records, nil
}
