// Package replay saves the evidence of a run and reads it back, so that a run
// can be judged again offline. Evidence never contains private-key material.
package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// SchemaName is the schema of saved evidence.
const SchemaName = "bindgate.evidence/v1"

// MaxSize is the limit of a file of saved evidence, in bytes.
const MaxSize = 256 << 20

// Saved is one run's evidence.
type Saved struct {
	Schema   string    `json:"schema"` // bindgate.evidence/v1
	Run      Header    `json:"run"`
	Bindings []Binding `json:"bindings"`
}

// Header describes the run that collected the evidence.
type Header struct {
	evidence.Run
	Offline     bool   `json:"offline"`               // no network was used
	Endpoint    string `json:"endpoint,omitempty"`    // as configured; absent: the default of the region
	RootsDigest string `json:"rootsDigest,omitempty"` // sha256:<hex> of the trusted root certificates

	Given *evidence.Given `json:"given,omitempty"` // verified claims and facts; absent: none were given
}

// Binding is the evidence of one requested binding.
type Binding struct {
	DomainName       string            `json:"domainName"`
	GroupID          string            `json:"groupId,omitempty"`
	GatewayID        string            `json:"gatewayId,omitempty"`
	RegionID         string            `json:"regionId"`
	CustomDomainType string            `json:"customDomainType"`
	Evidence         evidence.Evidence `json:"evidence"`
}

// Writer saves the evidence of a run, one binding at a time, with at most one
// in memory. The caller must close it.
type Writer struct {
	w     *bufio.Writer
	begun bool
}

// NewWriter starts a file of saved evidence.
func NewWriter(w io.Writer, run Header) (*Writer, error) {
	run.Given = run.Run.Given
	head, err := json.MarshalIndent(run, " ", " ")
	if err != nil {
		return nil, fmt.Errorf("saving the evidence: %w", err)
	}
	out := &Writer{w: bufio.NewWriter(w)}
	_, err = fmt.Fprintf(out.w, "{\n \"schema\": %q,\n \"run\": %s,\n \"bindings\": [", SchemaName, head)
	return out, saving(err)
}

// Add saves the evidence of one binding.
func (w *Writer) Add(b binding.Binding, ev evidence.Evidence) error {
	ev.Policy = evidence.Observation[evidence.Policy]{} // evaluated again by every replay
	if ev.DNS.Facts.Hops == nil {
		ev.DNS.Facts.Hops = []evidence.Hop{} // a list, never null
	}
	doc, err := json.MarshalIndent(Binding{DomainName: b.DomainName, GroupID: b.GroupID, GatewayID: b.GatewayID, RegionID: b.RegionID,
		CustomDomainType: b.CustomDomainType, Evidence: ev}, "  ", " ")
	if err != nil {
		return saving(err)
	}
	separator := "\n  "
	if w.begun {
		separator = ",\n  "
	}
	w.begun = true
	_, _ = w.w.WriteString(separator) // the writer keeps its first error
	_, err = w.w.Write(doc)
	return saving(err)
}

// Close ends the document; it does not close the underlying writer.
func (w *Writer) Close() error {
	end := "]\n}\n"
	if w.begun {
		end = "\n ]\n}\n"
	}
	_, _ = w.w.WriteString(end)
	return saving(w.w.Flush())
}

func saving(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("saving the evidence: %w", err)
}

// Read reads saved evidence strictly: an unknown field, another schema or data
// after the document is an error.
func Read(data []byte) (Saved, error) {
	var s Saved
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return Saved{}, fmt.Errorf("reading the saved evidence: %w; want the file that --evidence-out wrote", err)
	}
	if s.Schema != SchemaName {
		return Saved{}, fmt.Errorf("reading the saved evidence: schema %q, want %q; want the file that --evidence-out wrote", s.Schema, SchemaName)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Saved{}, errors.New("reading the saved evidence: more than one document, want the file that --evidence-out wrote")
	}
	s.Run.Run.Given = s.Run.Given
	return s, nil
}

// Match returns the evidence of each binding. A binding without evidence, or with more
// than the manifest has bindings like it, is an error: a replay never guesses.
func (s Saved) Match(bindings []binding.Binding) ([]evidence.Evidence, error) {
	saved := make(map[string][]evidence.Evidence, len(s.Bindings))
	for _, b := range s.Bindings {
		k := binding.Binding{DomainName: b.DomainName, GroupID: b.GroupID, GatewayID: b.GatewayID, RegionID: b.RegionID, CustomDomainType: b.CustomDomainType}.Key()
		saved[k] = append(saved[k], b.Evidence)
	}
	asked := make(map[string]int, len(bindings))
	for _, b := range bindings {
		asked[b.Key()]++
	}
	out := make([]evidence.Evidence, len(bindings))
	taken := make(map[string]int)
	for i, b := range bindings {
		found, n := saved[b.Key()], taken[b.Key()]
		if n >= len(found) {
			return nil, fmt.Errorf("replaying: the saved evidence has no entry for %q on %q; save it again with --evidence-out", b.DomainName, b.Target())
		}
		if len(found) > asked[b.Key()] {
			return nil, fmt.Errorf("replaying: the saved evidence has %d entries for %q on %q, want %d, one for each time that the manifest has the binding; save it again with --evidence-out", len(found), b.DomainName, b.Target(), asked[b.Key()])
		}
		out[i] = found[n]
		out[i].Run = s.Run.Run
		taken[b.Key()]++
	}
	return out, nil
}
