package seed

import (
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/internal/sandbox/dnsserver"
)

// maxFile bounds each file that a seed names.
const maxFile = 4 << 20

// Parse reads a seed from one YAML document, and the files that it names, which
// are relative to dir. An unknown or repeated key is an error. The seed is
// complete (see Complete).
func Parse(data []byte, dir string) (Seed, error) {
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
