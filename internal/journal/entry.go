// Package journal records the calls to the gateway: the intent before each call
// and the outcome after it, each synced to disk before apply continues.
//
// A journal is a file of JSON lines, bindgate.journal/v1. Every line ends with
// its own hash and contains the hash of the previous line, so that changing,
// removing, inserting or moving a line breaks the chain. A chain does not show
// that its end was cut off; therefore the report of a run contains the hash of
// the last line, and Verify compares it.
package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bindgate/bindgate/internal/plan"
)

const schemaName = "bindgate.journal/v1"

// Kind is the kind of an entry.
type Kind string

// The kinds of entries.
const (
	Run       Kind = "run"       // a run begins: digests of all inputs of the decision
	Intent    Kind = "intent"    // a call is about to be made
	Outcome   Kind = "outcome"   // the outcome of a call
	End       Kind = "end"       // the run ended
	Recovered Kind = "recovered" // an unfinished line of a crash was moved to another file
)

// Entry is one line. Append sets Schema, Seq, Time, Prev and Hash. Digests and
// hashes are sha256:<hex>.
type Entry struct {
	Schema         string     `json:"schema"`
	Seq            int64      `json:"seq"` // from 1
	Time           time.Time  `json:"time"`
	Kind           Kind       `json:"kind"`
	Permit         string     `json:"permit,omitempty"` // the permit of the call
	DomainName     string     `json:"domainName,omitempty"`
	GroupID        string     `json:"groupId,omitempty"`
	GatewayID      string     `json:"gatewayId,omitempty"`
	RegionID       string     `json:"regionId,omitempty"`
	Call           *plan.Call `json:"call,omitempty"`     // as in the permit; certificate and key by digest
	Status         string     `json:"status,omitempty"`   // of an outcome; "unknown" leaves its intent pending
	Attempts       int        `json:"attempts,omitempty"` // of an outcome: how often the call was tried
	RequestID      string     `json:"requestId,omitempty"`
	Code           string     `json:"code,omitempty"`
	Message        string     `json:"message,omitempty"`
	ManifestDigest string     `json:"manifestDigest,omitempty"`
	PolicyDigest   string     `json:"policyDigest,omitempty"`
	ConfigDigest   string     `json:"configDigest,omitempty"`
	PlanDigest     string     `json:"planDigest,omitempty"` // of a run: the saved plan that it applies
	Approvals      []string   `json:"approvals,omitempty"`  // of a run: who approved the plan
	Actor          string     `json:"actor,omitempty"`      // who claims to run this; not verified
	Account        string     `json:"account,omitempty"`    // of a run: the account that makes the calls
	Identity       string     `json:"identity,omitempty"`   // of a run: its ARN, or the shortened access key id without an STS
	Prev           string     `json:"prev"`                 // hash of the previous line; for the first line, of the schema's name
	Hash           string     `json:"hash,omitempty"`       // of the line without this member
}

// unknown is the status of an outcome that leaves the intent pending.
const unknown = "unknown"

// Size limits in bytes: message, other text fields, whole line.
const (
	maxMessage = 2048
	maxText    = 512
	maxLine    = 64 << 10
)

// digest formats a hash.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// genesis is the previous hash of the first line.
func genesis() string { return digest([]byte(schemaName)) }

const hashMember = `,"hash":"`

// seal returns the line of an entry, without line end, and its hash: that of
// the bytes before the hash member, closed with a brace. Reading hashes the
// bytes of the file, so even a change that JSON ignores is detected.
func seal(e Entry) (line []byte, hash string, err error) {
	e.Hash = ""
	body, err := json.Marshal(e)
	if err != nil {
		return nil, "", err
	}
	hash = digest(body)
	line = append(body[:len(body)-1], hashMember+hash+`"}`...)
	if len(line) >= maxLine {
		return nil, "", fmt.Errorf("the entry has %d bytes, want fewer than %d", len(line), maxLine)
	}
	return line, hash, nil
}

// unseal reads a line that must have the number seq and the previous hash prev.
func unseal(line []byte, seq int64, prev string) (Entry, error) {
	tail := len(hashMember) + len(genesis()) + len(`"}`)
	if len(line) <= tail {
		return Entry{}, errors.New("it is too short for an entry")
	}
	body := append(append([]byte{}, line[:len(line)-tail]...), '}')
	hash := digest(body)
	if string(line[len(line)-tail:]) != hashMember+hash+`"}` {
		return Entry{}, errors.New("its text does not match its hash")
	}
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return Entry{}, fmt.Errorf("it is not an entry: %w", err)
	}
	switch {
	case e.Schema != schemaName:
		return Entry{}, fmt.Errorf("its schema is %q, want %q", e.Schema, schemaName)
	case e.Seq != seq:
		return Entry{}, fmt.Errorf("its number is %d, want %d", e.Seq, seq)
	case e.Prev != prev:
		return Entry{}, errors.New("its previous hash is not that of the line before it")
	}
	return e, nil
}

// clean shortens the texts of an entry and removes unprintable characters:
// terminals show the journal, and the gateway's messages are untrusted.
func (e Entry) clean() Entry {
	for _, s := range []*string{&e.Permit, &e.DomainName, &e.GroupID, &e.GatewayID, &e.RegionID, &e.Status, &e.RequestID, &e.Code,
		&e.ManifestDigest, &e.PolicyDigest, &e.ConfigDigest, &e.PlanDigest, &e.Actor, &e.Account, &e.Identity} {
		*s = printable(*s, maxText)
	}
	e.Message = printable(e.Message, maxMessage)
	e.Approvals = slices.Clone(e.Approvals)
	for i, text := range e.Approvals {
		e.Approvals[i] = printable(text, maxText)
	}
	return e
}

func printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !strconv.IsPrint(r):
			return utf8.RuneError
		}
		return r
	}, s)
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most-len("…")], "") + "…"
}

// holdsSecret reports whether the call contains the bytes of certificate or key
// instead of their digests.
func holdsSecret(c *plan.Call) bool {
	if c == nil || c.Material == nil {
		return false
	}
	_, body := c.Params[c.Material.BodyParam]
	_, key := c.Params[c.Material.KeyParam]
	return body || key
}
