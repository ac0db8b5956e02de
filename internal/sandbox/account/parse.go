package account

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/miekg/dns"
	"go.yaml.in/yaml/v4"

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
		return Seed{}, fmt.Errorf("reading seed: %w", err)
	}
	if err := s.readZoneFiles(dir); err != nil {
		return Seed{}, fmt.Errorf("reading seed: %w", err)
	}
	for i := range s.Groups {
		if err := s.Groups[i].readCertificates(dir); err != nil {
			return Seed{}, fmt.Errorf("reading seed: group %q: %w", s.Groups[i].GroupID, err)
		}
	}
	s, err := s.Complete()
	if err != nil {
		return Seed{}, fmt.Errorf("reading seed: %w", err)
	}
	return s, nil
}

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
		for _, path := range []*string{&d.Certificate.Body, &d.Certificate.PrivateKey} {
			text, err := readFile(dir, *path)
			if err != nil {
				return fmt.Errorf("domain %q: reading its certificate: %w", d.DomainName, err)
			}
			*path = text
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

// AllRecords are the seed's records, and an address record for every name of a
// group (SubDomain, VpcDomain, VpcSlbIntranetDomain) that they leave out: an
// address of the documentation network 198.51.100.0/24 (RFC 5737 §3).
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
	return records, nil
}
