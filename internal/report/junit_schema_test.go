package report

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// junitElement is what junit-10.xsd of Jenkins' xUnit plugin allows in an element.
type junitElement struct {
	required, optional []string // attributes
	children           []string
	text               bool
}

// junit10 returns the elements that the report may contain.
func junit10() map[string]junitElement {
	detail := junitElement{optional: []string{"type", "message"}, text: true}
	return map[string]junitElement{
		"testsuites": {optional: []string{"name", "time", "tests", "failures", "errors"}, children: []string{"testsuite"}},
		"testsuite": {required: []string{"name", "tests", "failures", "errors"},
			optional: []string{"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
			children: []string{"testsuite", "properties", "testcase", "system-out", "system-err"}},
		"testcase": {required: []string{"name"}, optional: []string{"time", "classname", "group", "file", "line"}, // file and line are of later schemas, and GitLab's
			children: []string{"skipped", "error", "failure", "system-out", "system-err"}},
		"skipped": detail, "error": detail, "failure": detail,
		"system-out": {text: true},
	}
}

// junitFaults are the places where a document is not what junit10 allows.
func junitFaults(t *testing.T, doc string) (faults []string) {
	t.Helper()
	elements, path := junit10(), []string{}
	for dec := xml.NewDecoder(strings.NewReader(doc)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return faults
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if len(path) == 0 && name != "testsuites" || len(path) > 0 && !slices.Contains(elements[path[len(path)-1]].children, name) {
				faults = append(faults, name+" in "+strings.Join(path, "/"))
			}
			missing := slices.Clone(elements[name].required)
			for _, a := range token.Attr {
				if !slices.Contains(slices.Concat(elements[name].required, elements[name].optional), a.Name.Local) {
					faults = append(faults, name+"/@"+a.Name.Local)
				}
				missing = slices.DeleteFunc(missing, func(s string) bool { return s == a.Name.Local })
			}
			for _, m := range missing {
				faults = append(faults, name+" without "+m)
			}
			path = append(path, name)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 0 && !elements[path[len(path)-1]].text && strings.TrimSpace(string(token)) != "" {
				faults = append(faults, "text in "+path[len(path)-1])
			}
		}
	}
}

func TestJUnitFollowsTheSchemaOfJenkins(t *testing.T) {
	whole := written(t, "junit", run("apply", allowed(), refused(), undetermined(), partial(), forced(failure())), Options{})
	for name, doc := range map[string]string{"empty": written(t, "junit", run("lint"), Options{}), "whole": whole} {
		if faults := junitFaults(t, doc); len(faults) != 0 {
			t.Errorf("%s: %q", name, faults)
		}
	}
	if junitFaults(t, strings.Replace(whole, "<testcase name=", "<testcase nom=", 1)) == nil {
		t.Error("a test case without its name is valid, so the schema holds nothing")
	}
}
