package policy

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/bindgate/bindgate/checks/binding"
)

// A policy says the same about a document as about the input that it was written from,
// and the document has every field.
func TestDocument(t *testing.T) {
	e := engine(t, `# METADATA
# scope: package
# custom:
#   needs: [dns]
package bindgate.policy.x

deny contains sprintf("%v %v %v %v", [input.binding.labels.owner, input.binding.certificate.given,
	input.evidence.dns.facts.end.name, input.results["dns/cname-reaches-group"].status])
`)
	for name, in := range map[string]Input{"force": force(), "plain": plain()} {
		t.Run(name, func(t *testing.T) {
			in.Binding.Certificate = nil
			text, err := e.Document(in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.EvaluateDocument(context.Background(), text)
			if err != nil {
				t.Fatal(err)
			}
			if want := e.Evaluate(context.Background(), in); !reflect.DeepEqual(got, want) || len(got.Facts.Packages) == 0 {
				t.Errorf("got %+v, want %+v", got, want)
			}
			var d map[string]map[string]any
			_ = json.Unmarshal(text, &d)                                                        // the schema is no object
			if given := d["binding"]["certificate"].(map[string]any)["given"]; given != false { //nolint:forcetypeassert // it fails the test
				t.Errorf("certificate.given is %v, want false", given)
			}
		})
	}
}

func TestReadDocumentRefuses(t *testing.T) {
	e := engine(t, small)
	for name, c := range map[string]struct{ text, want string }{
		"evidence":  {`{"schema": "bindgate.evidence/v1", "run": {}, "bindings": []}`, "this is an evidence file"},
		"a report":  {`{"schema": "bindgate.report/v1"}`, `got schema "bindgate.report/v1"`},
		"no schema": {`{}`, `got schema ""`},
		"a field":   {`{"schema": "bindgate.policy-input/v1", "bindings": 1}`, "bindings"},
		"a list":    {`[]`, "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := e.EvaluateDocument(context.Background(), []byte(c.text))
			if err == nil {
				t.Fatal("no error")
			}
			wantWords(t, err.Error(), c.want)
		})
	}
}

// The document has nothing of a private key but what may be known of it.
func TestDocumentHasNoKey(t *testing.T) {
	in := plain()
	in.Binding.Certificate = &binding.Certificate{Name: "c", PrivateKey: &binding.SecretRef{Env: "BINDGATE_KEY"}}
	text, err := engine(t, small).Document(in)
	if err != nil {
		t.Fatal(err)
	}
	wantWords(t, string(text), "BINDGATE_KEY", `"publicKeyDigest": null`)
}
