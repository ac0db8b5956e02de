// Package journal is the record of what was sent to the gateway: the intent
// before a call and the outcome after it, each on disk before anyone goes on.
//
// A journal is a file of JSON lines, bindgate.journal/v1. Every line ends with
// its own hash, and names the hash of the line before it, so that no line can
// be changed, taken out, put in or moved without the chain showing it. What a
// chain cannot show is that its end was cut off; for that the report of a run
// carries the hash of the last line, and Verify takes it.
package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bindgate/bindgate/internal/plan"
)

const schemaName = "bindgate.journal/v1"

// Kind says what an entry records.
type Kind string

// The kinds of entries.
const (
	Run       Kind = "run"       // a run begins: the digests of all that decides
	Intent    Kind = "intent"    // a call is about to be made
	Outcome   Kind = "outcome"   // what came of it
	End       Kind = "end"       // the run ended
	Recovered Kind = "recovered" // a line that a crash left unfinished was set aside
)

// Entry is one line. Append fills in Schema, Seq, Time, Prev and Hash. Digests
// and hashes read sha256:<hex>.
type Entry struct {
	Schema         string     `json:"schema"`
	Seq            int64      `json:"seq"` // from 1
	Time           time.Time  `json:"time"`
	Kind           Kind       `json:"kind"`
	Permit         string     `json:"permit,omitempty"` // which permit the call belongs to
	DomainName     string     `json:"domainName,omitempty"`
	GroupID        string     `json:"groupId,omitempty"`
	RegionID       string     `json:"regionId,omitempty"`
	Call           *plan.Call `json:"call,omitempty"`     // as frozen; certificate and key by digest
	Status         string     `json:"status,omitempty"`   // of an outcome; "unknown" leaves its intent pending
	Attempts       int        `json:"attempts,omitempty"` // of an outcome: how often the call was tried under its intent
	RequestID      string     `json:"requestId,omitempty"`
	Code           string     `json:"code,omitempty"`
	Message        string     `json:"message,omitempty"`
	ManifestDigest string     `json:"manifestDigest,omitempty"`
	PolicyDigest   string     `json:"policyDigest,omitempty"`
	ConfigDigest   string     `json:"configDigest,omitempty"`
	Actor          string     `json:"actor,omitempty"`    // who claims to run this; unproven
	Account        string     `json:"account,omitempty"`  // of a run: the account that makes the calls
	Identity       string     `json:"identity,omitempty"` // of a run: its ARN, or the shortened access key id without an STS
	Prev           string     `json:"prev"`               // hash of the line before; of the schema's name for the first
	Hash           string     `json:"hash,omitempty"`     // of the line without this member
}

// unknown is the status of an outcome that settles nothing.
const unknown = "unknown"

// The most bytes that are kept of a message, of any other text, and that one
// line may have.
const (
	maxMessage = 2048
	maxText    = 512
	maxLine    = 64 << 10
)

// digest is the form of every hash in a journal.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// genesis is what the first line names as the line before it.
func genesis() string { return digest([]byte(schemaName)) }

const hashMember = `,"hash":"`

// seal gives the line of an entry, without line end, and its hash: that of the
// very bytes before the hash member, closed by the brace. Reading hashes the
// bytes of the file too, so even a change that JSON does not see is seen.
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

// unseal reads a line that must follow the one with the number seq-1 and the
// hash prev.
func unseal(line []byte, seq int64, prev string) (Entry, error) {
	tail := len(hashMember) + len(genesis()) + len(`"}`)
	if len(line) <= tail {
		return Entry{}, errors.New("it is too short for an entry")
	}
	body := append(append([]byte{}, line[:len(line)-tail]...), '}')
	hash := digest(body)
	if string(line[len(line)-tail:]) != hashMember+hash+`"}` {
		return Entry{}, errors.New("its text does not have the hash that it ends with")
	}
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return Entry{}, fmt.Errorf("it is no entry: %w", err)
	}
	switch {
	case e.Schema != schemaName:
		return Entry{}, fmt.Errorf("its schema is %q, want %q", e.Schema, schemaName)
	case e.Seq != seq:
		return Entry{}, fmt.Errorf("its number is %d, want %d", e.Seq, seq)
	case e.Prev != prev:
		return Entry{}, errors.New("it does not name the hash of the line before it")
	}
	return e, nil
}

// clean bounds the texts of an entry and leaves in them only what shows: the
// journal is read in terminals too, and the gateway's words come from outside.
func (e Entry) clean() Entry {
	for _, s := range []*string{&e.Permit, &e.DomainName, &e.GroupID, &e.RegionID, &e.Status, &e.RequestID, &e.Code,
		&e.ManifestDigest, &e.PolicyDigest, &e.ConfigDigest, &e.Actor, &e.Account, &e.Identity} {
		*s = printable(*s, maxText)
	}
	e.Message = printable(e.Message, maxMessage)
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

// holdsSecret reports whether the call carries the bytes that it may only name.
func holdsSecret(c *plan.Call) bool {
	if c == nil || c.Material == nil {
		return false
	}
	_, body := c.Params[c.Material.BodyParam]
	_, key := c.Params[c.Material.KeyParam]
	return body || key
}
