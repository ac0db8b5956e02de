package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/strictjson"
)

// FileSchema is the version of a saved plan.
const FileSchema = "bindgate.plan/v1"

// MaxFileSize bounds a saved plan, in bytes.
const MaxFileSize = 64 << 20

// File is a saved plan: the inputs of the judgement and the planned calls. It does not
// permit any call; apply judges again and compares.
type File struct {
	Schema         string        `json:"schema"`
	Manifests      []string      `json:"manifests"` // paths as given on the command line; apply reads them again
	ManifestDigest string        `json:"manifestDigest"`
	PolicyDigest   string        `json:"policyDigest"`
	ConfigDigest   string        `json:"configDigest,omitempty"`
	Files          []InputFile   `json:"files,omitempty"` // other files that decide what is judged
	Contract       string        `json:"contract"`
	Endpoint       string        `json:"endpoint,omitempty"`
	Account        string        `json:"account,omitempty"`  // account of the credentials; absent: the installation has no STS
	Identity       string        `json:"identity,omitempty"` // ARN of the credentials that the plan was made with
	CI             *evidence.CI  `json:"ci,omitempty"`       // verified claims of the job that made the plan; absent: the job had no token
	ToolVersion    string        `json:"toolVersion"`        // of bindgate
	PlannedAt      time.Time     `json:"plannedAt"`
	ValidUntil     time.Time     `json:"validUntil"`
	Bindings       []FileBinding `json:"bindings"`
}

// InputFile is a file that decides what is judged: policies and their data, keys, signers,
// roots, schemas, key lists.
type InputFile struct {
	Role   string `json:"role"`             // the key of the owner's file that names it, or policy
	Name   string `json:"name,omitempty"`   // for messages
	Digest string `json:"digest,omitempty"` // sha256:<hex>; empty: what Name says is built in, or the system's
}

// FileBinding is the plan of one binding.
type FileBinding struct {
	DomainName string   `json:"domainName"`
	GroupID    string   `json:"groupId,omitempty"`   // of the classic gateway
	GatewayID  string   `json:"gatewayId,omitempty"` // of the cloud-native gateway
	RegionID   string   `json:"regionId"`
	Calls      []Call   `json:"calls"`
	Displaces  []string `json:"displaces,omitempty"` // ids of the groups that the force would unbind

	Before *evidence.Domain `json:"before,omitempty"` // the domain before the calls; absent: not bound on this group
	Record *evidence.Record `json:"record,omitempty"` // the domain of the cloud-native gateway before the calls; absent: there is none
}

// MaxValidity is the longest time between PlannedAt and ValidUntil.
const MaxValidity = 7 * 24 * time.Hour

// Late returns the reason if the plan has expired at the time now, or was made after it;
// otherwise it returns an empty string.
func (f File) Late(now time.Time) string {
	switch {
	case !now.Before(f.ValidUntil):
		return fmt.Sprintf("the plan was valid until %s", f.ValidUntil.Format(time.RFC3339))
	case f.PlannedAt.After(now.Add(5 * time.Minute)): // the clocks of two machines differ
		return fmt.Sprintf("the plan was made at %s, which is in the future", f.PlannedAt.Format(time.RFC3339))
	}
	return ""
}

// Authors returns the proven names of the people who made the plan: the identity of the
// credentials and the persons in the CI claims.
func (f File) Authors() []string {
	var out []string
	if f.Identity != "" {
		out = append(out, f.Identity)
		if _, user, ok := strings.Cut(f.Identity, ":user/"); ok {
			out = append(out, user)
		}
	}
	return append(out, f.CI.Persons()...)
}

// NewFileBinding converts a plan to its saved form.
func NewFileBinding(of binding.Binding, p Plan) FileBinding {
	b := FileBinding{DomainName: of.DomainName, GroupID: of.GroupID, GatewayID: of.GatewayID, RegionID: of.RegionID,
		Calls: []Call{}, Before: p.Before, Record: p.Record}
	for _, c := range p.Calls {
		b.Calls = append(b.Calls, c.Clone())
	}
	for _, h := range p.Displaces {
		b.Displaces = append(b.Displaces, h.GroupID)
	}
	slices.Sort(b.Displaces)
	return b
}

// ReadFile reads a saved plan strictly.
func ReadFile(data []byte) (File, error) {
	if err := isPlan(data); err != nil {
		return File{}, fmt.Errorf("reading the plan: %w", err)
	}
	if err := oneSpelling(data); err != nil {
		return File{}, fmt.Errorf("reading the plan: %w; make it again with `bindgate plan -o`", err)
	}
	var f File
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return File{}, fmt.Errorf("reading the plan: %w; make it again with `bindgate plan -o`", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return File{}, errors.New("reading the plan: got more than one document, want one; make it again with `bindgate plan -o`")
	}
	if age := f.ValidUntil.Sub(f.PlannedAt); f.PlannedAt.IsZero() || age <= 0 || age > MaxValidity {
		return File{}, fmt.Errorf("reading the plan: it is valid from %s to %s, want two times at most %s apart; make it again with `bindgate plan -o`",
			f.PlannedAt.Format(time.RFC3339), f.ValidUntil.Format(time.RFC3339), MaxValidity)
	}
	if len(f.Manifests) == 0 || len(f.Bindings) == 0 {
		return File{}, errors.New("reading the plan: it names no manifest or no binding; make it again with `bindgate plan -o`")
	}
	return f, nil
}

// isPlan refuses what is no saved plan, before its fields are read.
func isPlan(data []byte) error {
	var head struct {
		Schema any `json:"schema"`
	}
	var syntax *json.SyntaxError
	switch err := json.NewDecoder(bytes.NewReader(data)).Decode(&head); {
	case errors.As(err, &syntax), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is not JSON, or ends too early, so this is no saved plan; make it again with `bindgate plan -o`")
	case err != nil, head.Schema == nil:
		return fmt.Errorf("this is no saved plan: it has no schema, want %q; make it with `bindgate plan -o`", FileSchema)
	case head.Schema != FileSchema:
		return fmt.Errorf("got schema %.64q, want %q; make it again with `bindgate plan -o`", fmt.Sprint(head.Schema), FileSchema)
	}
	return nil
}

// oneSpelling refuses keys in two spellings. The API defines those of params.
func oneSpelling(data []byte) error {
	var own []string
	for _, t := range []reflect.Type{reflect.TypeFor[File](), reflect.TypeFor[FileBinding](), reflect.TypeFor[Call](),
		reflect.TypeFor[Material](), reflect.TypeFor[InputFile](), reflect.TypeFor[evidence.Domain](), reflect.TypeFor[evidence.Record](),
		reflect.TypeFor[evidence.Suites](), reflect.TypeFor[evidence.Suite](), reflect.TypeFor[evidence.CI]()} {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			own = append(own, name)
		}
	}
	return strictjson.OneSpelling(data, own, "params")
}

// IsFile reports whether data looks like a saved plan and not like a manifest. The
// plan may have any version and may be truncated.
func IsFile(data []byte) bool {
	var head struct {
		Schema string `json:"schema"`
	}
	const ours = "bindgate.plan/"
	return begins(data, ours) || json.Unmarshal(data, &head) == nil && strings.HasPrefix(head.Schema, ours)
}

// begins reports whether data begins like an object whose first member is "schema"
// with this name; the rest may be missing.
func begins(data []byte, schema string) bool {
	dec := json.NewDecoder(bytes.NewReader(data))
	for _, want := range []json.Token{json.Delim('{'), "schema"} {
		if got, err := dec.Token(); err != nil || got != want {
			return false
		}
	}
	got, err := dec.Token()
	name, _ := got.(string)
	return err == nil && strings.HasPrefix(name, schema)
}
