package metrics

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxSize bounds the file of the audit before, in bytes.
const MaxSize = 64 << 20

// Earlier is what a file of an audit before says that a later one keeps. The zero value:
// there is none.
type Earlier struct {
	account string
	success int64 // seconds since the epoch; 0: none
	expires map[place]int64
	order   []place // of expires, as in the file
}

// Read reads the file of an audit before, as Write wrote it. It takes what is of the same
// platform and region, and of the account if that is known. Times of success after now are
// ignored.
func Read(data []byte, scope Scope, now time.Time) (Earlier, error) {
	e := Earlier{expires: map[place]int64{}}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		text := strings.TrimSuffix(string(line), "\n")
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		name, labels, value, err := sample(text)
		if err != nil {
			return Earlier{}, fmt.Errorf("line %d: %w", n, err)
		}
		of := labels["account"]
		if labels["platform"] != scope.Platform || labels["region"] != scope.Region || scope.Account != "" && of != "" && of != scope.Account {
			continue
		}
		if name != lastSuccess && name != expiry {
			continue
		}
		at, err := strconv.ParseInt(value, 10, 64)
		if err != nil || at <= 0 {
			return Earlier{}, fmt.Errorf("line %d: got the value %.64q, want seconds since 1970", n, value)
		}
		e.account = of
		if name == lastSuccess {
			if at <= now.Unix() {
				e.success = at
			}
			continue
		}
		p := place{labels["domain"], labels["target"]}
		if _, twice := e.expires[p]; !twice {
			e.order = append(e.order, p)
		}
		e.expires[p] = at
	}
	return e, nil
}

// sample reads one line: name{label="value",…} value.
func sample(line string) (name string, labels map[string]string, value string, err error) {
	name, rest, ok := strings.Cut(line, "{")
	if !ok || !strings.HasPrefix(name, "bindgate_") {
		return "", nil, "", fmt.Errorf("got %.64q, want a series of bindgate with labels", line)
	}
	labels = map[string]string{}
	for {
		label, after, ok := strings.Cut(rest, `="`)
		text, end := unquoted(after)
		if _, twice := labels[label]; !ok || end < 0 || twice || label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz") != "" {
			return "", nil, "", fmt.Errorf("got the labels of %.64q, want name=\"value\", each once", line)
		}
		labels[label] = text
		rest = after[end:]
		if value, ok := strings.CutPrefix(rest, "} "); ok {
			return name, labels, value, nil
		}
		if rest, ok = strings.CutPrefix(rest, ","); !ok {
			return "", nil, "", fmt.Errorf("got %.64q after the label %q, want a comma or the value", rest, label)
		}
	}
}

// unquoted returns the value of a label and the place after its closing quotation mark;
// negative: it has none.
func unquoted(text string) (value string, end int) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), i + 1
		case c == '\\' && i+1 < len(text):
			i++
			switch text[i] {
			case 'n':
				b.WriteByte('\n')
			case '\\', '"':
				b.WriteByte(text[i])
			default:
				return "", -1
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", -1
}
