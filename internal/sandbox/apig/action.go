package apig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/refusal"
)

// Version is the only version of the API there is.
const Version = "2024-03-27"

// Request is one authenticated call of an action.
type Request struct {
	Params map[string]string // of path and query
	Body   []byte

	region string         // of whose endpoint the call is; empty: of every one
	object map[string]any // the parsed body
}

// Action is one action of the API.
type Action struct {
	Name    string
	Method  string
	Path    string // with {name} where a parameter is
	Writes  bool
	Rate    float64 // documented calls a second; 0: not documented
	query   []string
	hasBody bool
	do      func(*Store, *Request) (any, error)
}

// Actions returns the actions of the API.
func Actions() []Action {
	paging := []string{"pageNumber", "pageSize"}
	with := func(names ...string) []string { return append(names, paging...) }
	return []Action{
		{Name: "CreateDomain", Method: "POST", Path: "/v1/domains", Writes: true, Rate: 30, hasBody: true, do: createDomain},
		{Name: "UpdateDomain", Method: "PUT", Path: "/v1/domains/{domainId}", Writes: true, hasBody: true, do: updateDomain},
		{Name: "DeleteDomain", Method: "DELETE", Path: "/v1/domains/{domainId}", Writes: true, Rate: 30, do: deleteDomain},
		{Name: "GetDomain", Method: "GET", Path: "/v1/domains/{domainId}", Rate: 60, query: []string{"withStatistics"}, do: getDomain},
		{Name: "ListDomains", Method: "GET", Path: "/v1/domains", Rate: 60, do: listDomains,
			query: with("gatewayId", "gatewayType", "nameLike", "domainScope", "resourceGroupId")},
		{Name: "ListSslCerts", Method: "GET", Path: "/v1/ssl/certs", Rate: 60, query: with("certNameLike", "domainName"), do: listCerts},
		{Name: "GetGateway", Method: "GET", Path: "/v1/gateways/{gatewayId}", do: getGateway},
		{Name: "ListGateways", Method: "GET", Path: "/v1/gateways", do: listGateways,
			query: with("gatewayId", "name", "keyword", "gatewayType", "resourceGroupId")},
		{Name: "ListGatewayFeatures", Method: "GET", Path: "/v1/gateways/{gatewayId}/gateway-features", do: listFeatures},
		{Name: "DescribeRegions", Method: "POST", Path: "/v1/regions", do: describeRegions},
		{Name: "ListHttpApis", Method: "GET", Path: "/v1/http-apis", do: listAPIs,
			query: with("gatewayId", "gatewayType", "types", "name", "keyword", "resourceGroupId", "withEnvironmentInfo", "withAPIsPublishedToEnvironment")},
		{Name: "GetHttpApi", Method: "GET", Path: "/v1/http-apis/{httpApiId}", do: getAPI},
		{Name: "ListHttpApiRoutes", Method: "GET", Path: "/v1/http-apis/{httpApiId}/routes", do: listRoutes,
			query: with("domainId", "gatewayId", "deployStatuses", "environmentId", "name", "nameLike")},
		{Name: "DeployHttpApi", Method: "POST", Path: "/v1/http-apis/{httpApiId}/deploy", Writes: true, hasBody: true, do: deployAPI},
		{Name: "UndeployHttpApi", Method: "POST", Path: "/v1/http-apis/{httpApiId}/undeploy", Writes: true, hasBody: true, do: undeployAPI},
		{Name: "ChangeResourceGroup", Method: "POST", Path: "/move-resource-group", Writes: true, do: changeGroup,
			query: []string{"ResourceId", "ResourceGroupId", "ResourceType", "Service"}},
	}
}

// Match returns the parameters of a path, which is unescaped; false if the method
// or the path is another action's.
func (a Action) Match(method, path string) (params map[string]string, fits bool) {
	want, got := strings.Split(a.Path, "/"), strings.Split(path, "/")
	if method != a.Method || len(want) != len(got) {
		return nil, false
	}
	params = map[string]string{}
	for i, part := range want {
		if name, isParam := strings.CutPrefix(part, "{"); isParam && got[i] != "" {
			params[strings.TrimSuffix(name, "}")] = got[i]
		} else if part != got[i] {
			return nil, false
		}
	}
	return params, true
}

// Do carries the action out. Unknown query names and body fields, other JSON types
// and JSON nulls are refused, which is the sandbox's strictness: what the platform
// does with them is not known. Errors are *refusal.Error.
func (a Action) Do(s *Store, region string, path, query map[string]string, body []byte) (any, error) {
	r := &Request{Params: map[string]string{}, Body: body, region: region}
	for name, value := range query {
		if !slices.Contains(a.query, name) {
			return nil, invalid("the query parameter %q is not one of %s", name, a.Name)
		}
		r.Params[name] = value
	}
	for name, value := range path {
		r.Params[name] = value
	}
	switch {
	case a.hasBody:
		var err error
		if r.object, err = parseObject(body); err != nil {
			return nil, invalid("the body of %s: %s", a.Name, err)
		}
	case len(body) > 0:
		return nil, invalid("%s has no body", a.Name)
	}
	return a.do(s, r)
}

// invalid refuses a call. The code is an invention, and so is its status: the table
// of codes could be read in part only.
func invalid(format string, args ...any) error {
	return refusal.New(http.StatusBadRequest, "InvalidParameter", "%s.", fmt.Sprintf(format, args...))
}

// parseObject reads one JSON object and nothing after it. A null and a repeated key
// are errors.
func parseObject(body []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := parseValue(d, maxDepth)
	if err != nil {
		return nil, err
	}
	object, isObject := v.(map[string]any)
	if !isObject {
		return nil, errors.New("want a JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something after the JSON object")
	}
	return object, nil
}

// maxDepth bounds nested values; the deepest body of the API has four.
const maxDepth = 16

func parseValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, errNoJSON
	}
	if depth == 0 {
		return nil, errors.New("its values are nested too deeply")
	}
	switch token {
	case nil:
		return nil, errors.New("a value is null")
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, errNoJSON
			}
			name, _ := key.(string)
			if _, twice := object[name]; twice {
				return nil, fmt.Errorf("%q is given twice", name)
			}
			if object[name], err = parseValue(d, depth-1); err != nil {
				return nil, err
			}
		}
		return object, end(d)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			item, err := parseValue(d, depth-1)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, end(d)
	}
	return token, nil
}

var errNoJSON = errors.New("it is no JSON")

// end reads the end of an object or a list.
func end(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errNoJSON
	}
	return nil
}

// fields reads the fields of an object by their types, and refuses others.
type fields struct {
	object map[string]any
	used   map[string]bool
	err    error
}

func readFields(object map[string]any) *fields {
	return &fields{object: object, used: map[string]bool{}}
}

// end returns the first error, or the first field that was not read.
func (f *fields) end() error {
	if f.err != nil {
		return f.err
	}
	for name := range f.object {
		if !f.used[name] {
			return invalid("the field %q is not known here", name)
		}
	}
	return nil
}

// field returns nil if the field is not given.
func field[T any](f *fields, name, want string) *T {
	v, given := f.object[name]
	if !given {
		return nil
	}
	f.used[name] = true
	typed, fits := v.(T)
	if !fits {
		if f.err == nil {
			f.err = invalid("the field %q is not %s", name, want)
		}
		return nil
	}
	return &typed
}

func (f *fields) text(name string) *string { return field[string](f, name, "a text") }
func (f *fields) yes(name string) *bool    { return field[bool](f, name, "true or false") }

func (f *fields) nested(name string) *fields {
	object := field[map[string]any](f, name, "an object")
	if object == nil {
		return nil
	}
	return readFields(*object)
}

func (f *fields) list(name string) *[]any { return field[[]any](f, name, "a list") }

func (f *fields) texts(name string) *[]string {
	items := f.list(name)
	if items == nil {
		return nil
	}
	out := []string{}
	for _, item := range *items {
		text, isText := item.(string)
		if !isText {
			f.err = firstOf(f.err, invalid("the field %q is not a list of texts", name))
			return nil
		}
		out = append(out, text)
	}
	return &out
}

// firstOf returns the first error that is one.
func firstOf(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// page is one page of a list.
type page struct {
	PageNumber int              `json:"pageNumber"`
	PageSize   int              `json:"pageSize"`
	TotalSize  int              `json:"totalSize"`
	Items      []map[string]any `json:"items"`
}

// paged renders the page that a call asks for. That a larger page than the maximum
// is refused is an invention.
func paged[T any](r *Request, most int, all []T, render func(T) map[string]any) (page, error) {
	number, err := r.number("pageNumber", 1, 1<<20)
	if err != nil {
		return page{}, err
	}
	size, err := r.number("pageSize", 10, most)
	if err != nil {
		return page{}, err
	}
	from := min((number-1)*size, len(all))
	p := page{PageNumber: number, PageSize: size, TotalSize: len(all), Items: []map[string]any{}}
	for _, one := range all[from:min(from+size, len(all))] {
		p.Items = append(p.Items, render(one))
	}
	return p, nil
}

func (r *Request) number(name string, def, most int) (int, error) {
	text, given := r.Params[name]
	if !given {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, invalid("%s is not a whole number from 1 to %d", name, most)
	}
	return n, nil
}

func (r *Request) yes(name string) (bool, error) {
	switch r.Params[name] {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, invalid("%s is neither true nor false", name)
}

// maxPage is the size of the largest page of a list.
func (s *Store) maxPage() int {
	if s.assume.MaxPage > 0 {
		return s.assume.MaxPage
	}
	return documentedPage
}

// documentedPage is the maximum of ListHttpApis and ListHttpApiRoutes.
const documentedPage = 100

func like(text, pattern string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(pattern))
}

// here reports whether something of a region is seen at the endpoint of the call.
func (r *Request) here(region string) bool {
	return r.region == "" || region == "" || r.region == region
}

// equals reports whether a filter, if it is given, is the value.
func (r *Request) equals(name, value string) bool {
	want, given := r.Params[name]
	return !given || want == value
}
