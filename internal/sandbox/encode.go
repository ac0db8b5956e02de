package sandbox

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/apierror"
)

// format is how answers are written.
type format struct {
	contentType string
	encode      func(root string, v any) ([]byte, error)
}

// formatOf chooses: the parameter Format, else what Accept names, else the
// default of the scheme, which is XML for V1 (as the platform's pages say of RPC
// calls) and JSON for V3 (not documented; its official clients ask for JSON).
func formatOf(parameter string, r *http.Request) (format, error) {
	accept := strings.ToLower(r.Header.Get("Accept"))
	switch {
	case strings.EqualFold(parameter, "json"):
		return jsonFormat(), nil
	case strings.EqualFold(parameter, "xml"):
		return xmlFormat(), nil
	case parameter != "":
		return jsonFormat(), apierror.Invalid("Format", "it must be JSON or XML")
	case strings.Contains(accept, "json"):
		return jsonFormat(), nil
	case strings.Contains(accept, "xml"), r.Header.Get("Authorization") == "":
		return xmlFormat(), nil
	}
	return jsonFormat(), nil
}

func jsonFormat() format {
	return format{"application/json;charset=utf-8", func(_ string, v any) ([]byte, error) {
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(v)
		return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
	}}
}

func xmlFormat() format {
	return format{"text/xml;charset=utf-8", func(root string, v any) ([]byte, error) {
		b := bytes.NewBufferString(xml.Header)
		err := xml.NewEncoder(b).EncodeElement(v, xml.StartElement{Name: xml.Name{Local: root}})
		return b.Bytes(), err
	}}
}

// errorAnswer is the body of every refusal.
type errorAnswer struct {
	RequestID string `json:"RequestId" xml:"RequestId"`
	HostID    string `json:"HostId" xml:"HostId"`
	Code      string
	Message   string
	Recommend string
}
