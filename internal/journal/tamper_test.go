package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform/classic"
)

// chained draws the lines of an intact journal.
func chained(t *rapid.T) [][]byte {
	prev, lines := genesis(), [][]byte{}
	for seq := range rapid.Int64Range(1, 6).Draw(t, "entries") {
		e := Entry{Schema: schemaName, Seq: seq + 1, Time: time.Unix(rapid.Int64Range(0, 1<<32).Draw(t, "time"), 0).UTC(),
			Kind:   rapid.SampledFrom([]Kind{Run, Intent, Outcome, End}).Draw(t, "kind"),
			Permit: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "permit"), Message: rapid.String().Draw(t, "message"), Prev: prev}
		if rapid.Bool().Draw(t, "call") {
			e.Call = &plan.Call{Action: classic.SetDomain, Params: rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "params")}
		}
		line, hash, err := seal(e.clean())
		if err != nil {
			t.Fatal(err)
		}
		lines, prev = append(lines, append(line, '\n')), hash
	}
	return lines
}

// tampered draws a change to a journal: one byte, or whole lines.
func tampered(t *rapid.T, lines [][]byte) []byte {
	at := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
	changed := slices.Clone(lines)
	switch rapid.SampledFrom([]string{"change", "insert", "delete", "drop line", "double line", "swap lines"}).Draw(t, "what") {
	case "change":
		changed[at] = slices.Clone(changed[at])
		changed[at][rapid.IntRange(0, len(changed[at])-1).Draw(t, "byte")] ^= rapid.ByteRange(1, 255).Draw(t, "xor")
	case "insert":
		i := rapid.IntRange(0, len(changed[at])).Draw(t, "byte")
		changed[at] = slices.Insert(slices.Clone(changed[at]), i, rapid.Byte().Draw(t, "value"))
	case "delete":
		i := rapid.IntRange(0, len(changed[at])-1).Draw(t, "byte")
		changed[at] = slices.Delete(slices.Clone(changed[at]), i, i+1)
	case "drop line":
		changed = slices.Delete(changed, at, at+1)
	case "double line":
		changed = slices.Insert(changed, at, changed[at])
	case "swap lines":
		to := rapid.IntRange(0, len(lines)-1).Draw(t, "to")
		changed[at], changed[to] = changed[to], changed[at]
	}
	return bytes.Join(changed, nil)
}

func TestEveryChangeIsDetected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := chained(t)
		sound := bytes.Join(lines, nil)
		whole, err := follow(bytes.NewReader(sound), func(Entry) {})
		if err != nil || whole.torn > 0 || whole.end != int64(len(sound)) {
			t.Fatalf("a sound journal: %+v, %v", whole, err)
		}
		bad := tampered(t, lines)
		if bytes.Equal(bad, sound) {
			return
		}
		c, err := follow(bytes.NewReader(bad), func(Entry) {})
		if err == nil && c.torn == 0 && c.head == whole.head {
			t.Fatalf("the change does not show:\n%q\n%q", sound, bad)
		}
		// Only the head shows an end that was cut off at a line.
		if err == nil && c.torn == 0 && !bytes.HasPrefix(sound, bad) {
			t.Fatalf("the chain holds although the journal was changed:\n%q\n%q", sound, bad)
		}
	})
}

func FuzzFollow(f *testing.F) {
	line, _, err := seal(Entry{Schema: schemaName, Seq: 1, Kind: Run, Prev: genesis()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(line, '\n'))
	f.Add(line)
	f.Add([]byte("{}\n"))
	f.Add([]byte("\n\n"))
	body, err := json.Marshal(Entry{Schema: schemaName, Seq: 1, Time: time.Unix(0, 0).UTC(), Kind: Intent, Prev: genesis(),
		Call: &plan.Call{Action: classic.SetDomain, Params: map[string]string{"BindStageName": ""}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, text []byte) {
		followed(t, text)
		if body, ok := bytes.CutSuffix(text, []byte("}")); ok { // as an entry, whose hash no fuzzer can guess
			followed(t, fmt.Appendf(nil, "%s%s%s\"}\n", body, hashMember, digest(text)))
		}
	})
}

// followed compares the result of follow with the text.
func followed(t *testing.T, text []byte) {
	t.Helper()
	var n int64
	c, err := follow(bytes.NewReader(text), func(e Entry) {
		n++
		if again, err := json.Marshal(e); err != nil || len(again) == 0 {
			t.Fatalf("an entry that was read cannot be written: %v", err)
		}
	})
	if err != nil && !errors.Is(err, ErrBroken) {
		t.Fatalf("got %v, want %v or none", err, ErrBroken)
	}
	if c.seq != n || c.end > int64(len(text)) || err == nil && c.end+c.torn != int64(len(text)) {
		t.Fatalf("%d entries of %d bytes: %+v", n, len(text), c)
	}
}
