package sources

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/manifest"
)

const sampleROS = `ROSTemplateFormatVersion: '2015-09-01'
Description: |
  several
  lines
Parameters:
  Zone: {Type: String, Default: default.com}
  Force: {Type: Boolean, Default: false}
  Cert: {Type: String}
  Key: {Type: String, NoEcho: true}
  Secret: {Type: String, NoEcho: true}
  Stored: {Type: 'ALIYUN::OOS::Parameter::Value'}
Conditions:
  Production: {Fn::Equals: [a, a]}
Resources:
  Group:
    Type: ALIYUN::ApiGateway::Group
    Properties: {GroupName: demo, Script: "a\nb"}
  Api:
    Type: ALIYUN::ApiGateway::CustomDomain
    Condition: Production
    DependsOn: [Group]
    Count: 1
    Properties:
      DomainName: api.demo.com
      GroupId: 927d50c0f2e54b359919923d908bb015
  Web:
    Type: ALIYUN::APIG::Domain
    Properties:
      DomainName: web.demo.com
      Protocol: HTTP
`

const sampleROSJSON = `{"ROSTemplateFormatVersion": "2015-09-01", "Resources": {
  "Api": {"Type": "ALIYUN::ApiGateway::CustomDomain", "Condition": "Production",
    "Properties": {"DomainName": "api.demo.com", "GroupId": "927d50c0f2e54b359919923d908bb015"}},
  "Web": {"Type": "ALIYUN::APIG::Domain", "Properties": {"DomainName": "web.demo.com", "Protocol": "HTTP"}}}}`

func given() Given { return Given{Region: "cn-hangzhou", Gateway: "gw-1"} }

func TestROS(t *testing.T) {
	given := given()
	given.Labels = map[string]string{"owner": "pay"}
	labels := map[string]any{"owner": "pay"}
	want := []manifest.Entry{
		{Address: "Api", Domain: "api.demo.com", Platform: binding.Classic, Called: true, Line: 18, Column: 3,
			Values:     map[string]any{"domainName": "api.demo.com", "groupId": "927d50c0f2e54b359919923d908bb015", "regionId": "cn-hangzhou", "bindStageName": "", "labels": labels},
			Properties: map[string]manifest.Property{"domainName": {Name: "DomainName", Line: 24, Column: 19}, "groupId": {Name: "GroupId", Line: 25, Column: 16}}},
		{Address: "Web", Domain: "web.demo.com", Platform: binding.APIG, Called: true, Line: 26, Column: 3,
			Values:     map[string]any{"domainName": "web.demo.com", "protocol": "HTTP", "gatewayId": "gw-1", "regionId": "cn-hangzhou", "labels": labels},
			Properties: map[string]manifest.Property{"domainName": {Name: "DomainName", Line: 29, Column: 19}, "protocol": {Name: "Protocol", Line: 30, Column: 17}}},
	}
	got, err := ROS("t.yaml", []byte(sampleROS), given)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Entries); diff != "" {
		t.Fatal(diff)
	}
	fromJSON, err := ROS("t.json", []byte(sampleROSJSON), given)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, fromJSON.Entries, cmpopts.IgnoreFields(manifest.Entry{}, "Line", "Column", "Properties")); diff != "" {
		t.Errorf("JSON is read otherwise: %s", diff)
	}
	set, err := manifest.FromEntries("t.yaml", []byte(sampleROS), got.Shown, got.Entries, manifest.Options{WorkDir: t.TempDir()})
	if err != nil || set.Len() != 2 || len(set.NotRun) != 0 {
		t.Fatalf("got %+v, %v; want two bindings", set, err)
	}
	for b := range set.All() {
		if !b.Called || b.IsForce {
			t.Errorf("%s: got called %t, force %t", b.DomainName, b.Called, b.IsForce)
		}
		if at := b.At("/domainName"); at.File != "t.yaml" || at.Line == 0 || at.Address != b.Source.Address+".DomainName" {
			t.Errorf("%s: got the place %+v", b.DomainName, at)
		}
	}
	lines := strings.Split(string(got.Shown), "\n")
	for i, line := range strings.Split(sampleROS, "\n") {
		if want := i == 23 || i == 24 || i == 28 || i == 29; (lines[i] == line && strings.TrimSpace(line) != "") != want {
			t.Errorf("line %d: got %q shown of %q", i+1, lines[i], line)
		}
	}
}

// rosWith returns the sample with another text in its place, which must be there.
func rosWith(t *testing.T, old, text string) string {
	t.Helper()
	if strings.Count(sampleROS, old) != 1 {
		t.Fatalf("%q is not once in the sample", old)
	}
	return strings.Replace(sampleROS, old, text, 1)
}

const (
	atDomain = "DomainName: api.demo.com"
	atGroup  = "GroupId: 927d50c0f2e54b359919923d908bb015"
	atType   = "Type: ALIYUN::ApiGateway::CustomDomain"
	atCount  = "Count: 1"
	atHTTP   = "Protocol: HTTP"
	pemKey   = "-----BEGIN PRIVATE KEY-----\\nMIIs3cret\\n-----END PRIVATE KEY-----"
)

// What a template does not say for certain is not run: neither passed nor guessed.
func TestROSNotRun(t *testing.T) {
	for name, tc := range map[string]struct {
		old, text  string
		parameters map[string]string
		want       string // of the reasons; empty: all is judged
	}{
		"sound":                         {old: atCount, text: atCount},
		"attribute of a resource":       {old: atGroup, text: "GroupId: !GetAtt Group.GroupId", want: `GroupId: it is of the resource Group (ALIYUN::ApiGateway::Group), which is known only after deployment (t.yaml:25:16 Api)`},
		"attribute in the long form":    {old: atGroup, text: "GroupId: {Fn::GetAtt: [Group, GroupId]}", want: "of the resource Group"},
		"reference to a resource":       {old: atGroup, text: "GroupId: {Ref: Group}", want: "of the resource Group"},
		"parameter with a default":      {old: atDomain, text: "DomainName: !Ref Zone", want: `it is the parameter "Zone", and its default need not be what is deployed; add --ros-parameter Zone=VALUE`},
		"given parameter":               {old: atDomain, text: "DomainName: !Ref Zone", parameters: map[string]string{"Zone": "api.demo.com"}},
		"parameter of another type":     {old: atDomain, text: "DomainName: !Ref Stored", parameters: map[string]string{"Stored": "api.demo.com"}, want: "is not of the type String"},
		"hidden parameter":              {old: atDomain, text: "DomainName: !Ref Secret", parameters: map[string]string{"Secret": "s3cret.demo.com"}, want: "has NoEcho"},
		"pseudo parameter":              {old: atGroup, text: "GroupId: {Ref: 'ALIYUN::StackId'}", want: "pseudo parameter"},
		"substitution":                  {old: atDomain, text: "DomainName: !Sub api.${Zone}", parameters: map[string]string{"Zone": "demo.com"}},
		"substitution in the long form": {old: atDomain, text: `DomainName: {"Fn::Sub": "api.${Zone}"}`, parameters: map[string]string{"Zone": "demo.com"}},
		"substitution of a default":     {old: atDomain, text: "DomainName: !Sub api.${Zone}", want: "add --ros-parameter Zone=VALUE"},
		"substitution of an attribute":  {old: atDomain, text: "DomainName: !Sub ${Group.SubDomain}", want: "of the resource Group"},
		"substitution with a map":       {old: atDomain, text: "DomainName: !Sub ['${A}', {A: api.demo.com}]", want: "Fn::Sub of more than a text"},
		"substitution of a literal":     {old: atDomain, text: "DomainName: !Sub '${!Zone}.demo.com'", want: "only with ${NAME}"},
		"substitution that is odd":      {old: atDomain, text: "DomainName: !Sub '${${Zone}}'", want: "only with ${NAME}"},
		"a function":                    {old: atDomain, text: "DomainName: {Fn::If: [Production, api.demo.com, x.demo.com]}", want: `the function "If"`},
		"a short function":              {old: atDomain, text: "DomainName: !Join ['.', [api, demo.com]]", want: `the function "Join"`},
		"an unknown tag":                {old: atDomain, text: "DomainName: !Magic api.demo.com", want: `the function "Magic"`},
		"a tag of YAML":                 {old: atDomain, text: "DomainName: !!str api.demo.com", want: "an alias or has a tag"},
		"a binary tag":                  {old: atDomain, text: "DomainName: !!binary YXBpLmRlbW8uY29t", want: "an alias or has a tag"},
		"a verbatim tag":                {old: atDomain, text: "DomainName: !<tag:yaml.org,2002:str> api.demo.com", want: "an alias or has a tag"},
		"the tag of no type":            {old: atDomain, text: "DomainName: ! api.demo.com", want: "an alias or has a tag"},
		"an alias":                      {old: atCount + "\n    Properties:\n      DomainName: api.demo.com", text: "Metadata: &d api.demo.com\n    Properties:\n      DomainName: *d", want: "an alias or has a tag"},
		"an anchor is harmless":         {old: atDomain, text: "DomainName: &d api.demo.com"},
		"a merge key of properties":     {old: atDomain, text: "DomainName: api.demo.com\n      <<: {GroupId: x}", want: "a merge key"},
		"a merge key of a resource":     {old: atCount, text: "<<: {Properties: {}}", want: "it is a merge key"},
		"properties by a function":      {old: atDomain, text: "Fn::Transform: {Name: x}\n      DomainName: api.demo.com", want: "may add properties"},
		"an unknown property":           {old: atDomain, text: atDomain + "\n      WssEnable: true", want: `"WssEnable": bindgate does not know the property`},
		"an unknown key":                {old: atCount, text: "UpdatePolicy: {}", want: `"UpdatePolicy": bindgate does not know the key`},
		"several":                       {old: atCount, text: "Count: 2", want: "makes several resources"},
		"none":                          {old: atCount, text: "Count: 0", want: "makes several resources"},
		"as many as a parameter says":   {old: atCount, text: "Count: !Ref Zone", want: "makes several resources"},
		"one as a text":                 {old: atCount, text: "Count: '1'", want: "makes several resources"},
		"a type by a function":          {old: atType, text: "Type: !Ref Zone", want: "it is not known which resource it is"},
		"a type by a merge key":         {old: atType, text: "<<: {Type: 'ALIYUN::ApiGateway::CustomDomain'}", want: "a merge key, which may hold its type"},
		"a nested stack":                {old: "Type: ALIYUN::ApiGateway::Group", text: "Type: ALIYUN::ROS::Stack", want: "deploys another template"},
		"a nested stack in small":       {old: "Type: ALIYUN::ApiGateway::Group", text: "Type: 'aliyun::ros::stack '", want: "deploys another template"},
		"a product of the catalog":      {old: "Type: ALIYUN::ApiGateway::Group", text: "Type: ALIYUN::ServiceCatalog::ProvisionedProduct", want: "deploys another template"},
		"a module":                      {old: "Type: ALIYUN::ApiGateway::Group", text: "Type: MODULE::My::Domains::Module", want: "deploys another template"},
		"resources by a function":       {old: "  Group:\n", text: "  Fn::Transform: {}\n  Group:\n", want: "Fn::Transform"},
		"resources by a merge key":      {old: "  Group:\n", text: "  <<: {}\n  Group:\n", want: "what it adds is not known"},
		"a transform":                   {old: "Conditions:", text: "Transform: Aliyun::Serverless-2018-04-03\nConditions:", want: "ROS makes another template"},
		"Terraform in a template":       {old: "Conditions:", text: "Transform: Aliyun::Terraform-v1.5\nConditions:", want: "judge its plan with --terraform"},
		"a workspace":                   {old: "Conditions:", text: "Workspace: {main.tf: x}\nConditions:", want: "judge its plan with --terraform"},
		"a parameter and a resource":    {old: "  Group:\n", text: "  Zone: {Type: !Ref Cert}\n  Group:\n", parameters: map[string]string{"Zone": "api.demo.com"}, want: "it is not known which resource it is"},
		"an unknown section":            {old: "Conditions:", text: "Locals: {}\nConditions:", want: `"Locals": bindgate does not know the section`},
		"a certificate as text":         {old: atGroup, text: atGroup + "\n      CertificateBody: '-----BEGIN CERTIFICATE-----'\n      CertificateName: a_name\n      CertificatePrivateKey: !Ref Key", want: "CertificateBody: it is no parameter"},
		"a certificate in part":         {old: atGroup, text: atGroup + "\n      CertificateBody: !Ref Cert", want: "CertificateName: it is missing"},
		"a certificate of parameters":   {old: atGroup, text: atGroup + "\n      CertificateBody: !Ref Cert\n      CertificateName: a_name\n      CertificatePrivateKey: !Ref Key", want: "name its file with --ros-parameter Key=@FILE"},
		"a certificate of files": {old: atGroup, text: atGroup + "\n      CertificateBody: !Ref Cert\n      CertificateName: a_name\n      CertificatePrivateKey: !Ref Key",
			parameters: map[string]string{"Cert": "@api.pem", "Key": "@api.key"}},
		"a key of a function":        {old: atGroup, text: atGroup + "\n      CertificateBody: !Ref Cert\n      CertificateName: a_name\n      CertificatePrivateKey: !Sub 'a${Key}'", want: "CertificatePrivateKey: it is no parameter"},
		"a certificate of the store": {old: atHTTP, text: atHTTP + "S\n      CertIdentifier: 1-cn-hangzhou", want: "CertIdentifier: it names a certificate of the store"},
		"a boolean":                  {old: atHTTP, text: atHTTP + "\n      ForceHttps: 'true'"},
		"a boolean parameter":        {old: atHTTP, text: atHTTP + "\n      ForceHttps: !Ref Force", parameters: map[string]string{"Force": "true"}},
		"a boolean default":          {old: atHTTP, text: atHTTP + "\n      ForceHttps: !Ref Force", want: "add --ros-parameter Force=VALUE"},
		"suites":                     {old: atHTTP, text: atHTTP + "\n      TlsCipherSuitesConfig: {ConfigType: Custom, TlsCipherSuite: [{Name: AES128-SHA}]}"},
		"suites with a reference":    {old: atHTTP, text: atHTTP + "\n      TlsCipherSuitesConfig: {ConfigType: Custom, TlsCipherSuite: [{Name: !Ref Zone}]}", want: "TlsCipherSuitesConfig.TlsCipherSuite.Name: it is the parameter"},
		"suites of an unknown kind":  {old: atHTTP, text: atHTTP + "\n      TlsCipherSuitesConfig: {ConfigType: Custom, TlsCipherSuite: [{Name: a, Versions: b}]}", want: `does not know the key "Versions"`},
		"an alias of suites":         {old: atHTTP, text: atHTTP + "\n      TlsCipherSuitesConfig: !Ref Zone", want: "Fn::Ref of more than a text"},
	} {
		given := given()
		given.Parameters = tc.parameters
		got, err := ROS("t.yaml", []byte(rosWith(t, tc.old, tc.text)), given)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var reasons []string
		for _, e := range got.Entries {
			reasons = append(reasons, e.NotRun...)
			if e.Refused {
				t.Errorf("%s: %s is refused", name, e.Address)
			}
			for _, reason := range e.NotRun {
				if !strings.Contains(reason, e.Address+")") || !strings.Contains(reason, "(t.yaml:") {
					t.Errorf("%s: got the reason %q without its place", name, reason)
				}
			}
		}
		all := strings.Join(reasons, "\n")
		if (tc.want == "") != (all == "") || !strings.Contains(all, tc.want) {
			t.Errorf("%s: got the reasons %q, want %q", name, all, tc.want)
		}
		if strings.Contains(fmt.Sprint(got.Entries), "s3cret") {
			t.Errorf("%s: a hidden value is in %+v", name, got.Entries)
		}
		if _, err := manifest.FromEntries("t.yaml", nil, nil, got.Entries, manifest.Options{WorkDir: t.TempDir()}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A private key in a template is a finding, and no text repeats it.
func TestROSPrivateKeys(t *testing.T) {
	certificate := atGroup + "\n      CertificateBody: !Ref Cert\n      CertificateName: a_name\n      CertificatePrivateKey: "
	for name, tc := range map[string]struct{ old, text, want, place string }{
		"in the binding":        {atGroup, certificate + `"` + pemKey + `"`, "Api", "t.yaml:28:30"},
		"without its frame":     {atGroup, certificate + "MIIs3cret", "Api", "t.yaml:28:30"},
		"with a tag":            {atGroup, certificate + "!!str MIIs3cret", "Api", "t.yaml:28:30"},
		"as a substitution":     {atGroup, certificate + "!Sub MIIs3cret", "Api", "t.yaml:28:30"},
		"in another property":   {atDomain, `DomainName: "` + pemKey + `"`, "Api", "t.yaml:24:19"},
		"in metadata":           {atCount, `Metadata: {a: ["` + pemKey + `"]}`, "Api", "t.yaml:22:20"},
		"as a default":          {"Key: {Type: String, NoEcho: true}", `Key: {Type: String, NoEcho: true, Default: "` + pemKey + `"}`, "Parameters.Key.Default", "t.yaml:9:46"},
		"in another resource":   {"GroupName: demo", `GroupName: "` + pemKey + `"`, "Resources.Group.Properties.GroupName", "t.yaml:17:29"},
		"in base64":             {"GroupName: demo", "GroupName: LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0tCnMzY3JldA==", "Resources.Group.Properties.GroupName", "t.yaml:17:29"},
		"in a function":         {atDomain, `DomainName: !Sub "` + pemKey + `"`, "Api", "t.yaml:24:19"},
		"in a comment":          {atCount, "Count: 1 # " + pemKey, "template", "t.yaml:22:1"},
		"by a shown parameter":  {atGroup, certificate + "!Ref Zone", "Api", "t.yaml:28:30"},
		"as the name of a type": {"Type: ALIYUN::ApiGateway::Group", `Type: "` + pemKey + `"`, "Resources.Group.Type", "t.yaml:16:11"},
	} {
		text := rosWith(t, tc.old, tc.text)
		got, err := ROS("t.yaml", []byte(text), given())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		refused := 0
		for _, e := range got.Entries {
			if e.Refused && e.Address == tc.want && strings.Contains(strings.Join(e.NotRun, "\n"), tc.place) {
				refused++
			}
		}
		if refused != 1 {
			t.Errorf("%s: got %+v, want one refusal of %s at %s", name, got.Entries, tc.want, tc.place)
		}
		if strings.Contains(fmt.Sprint(got.Entries)+string(got.Shown), "s3cret") && tc.old != atDomain {
			t.Errorf("%s: the key is in %+v\n%s", name, got.Entries, got.Shown)
		}
		set, err := manifest.FromEntries("t.yaml", nil, got.Shown, got.Entries, manifest.Options{WorkDir: t.TempDir()})
		if err != nil || strings.Contains(fmt.Sprint(set.NotRun), "s3cret") {
			t.Errorf("%s: got %+v, %v", name, set, err)
		}
	}
}

// What people give in the place of a template, or misspell, is an error with its place.
func TestROSRefuses(t *testing.T) {
	edited := func(old, text string) string { return rosWith(t, old, text) }
	for name, tc := range map[string]struct {
		text, want string
		given      Given
	}{
		"empty":                  {text: "", want: "file is empty"},
		"a list":                 {text: "[a]", want: "got no mapping"},
		"UTF-16":                 {text: "\xff\xfe{\x00", want: "UTF-16"},
		"not UTF-8":              {text: "a: \xff", want: "want UTF-8"},
		"CloudFormation":         {text: "AWSTemplateFormatVersion: '2010-09-09'\nResources: {}", want: "t.yaml:1:1: this is a template of CloudFormation"},
		"a plan":                 {text: `{"format_version": "1.2", "planned_values": {}}`, want: "--terraform"},
		"a state":                {text: `{"version": 4, "terraform_version": "1.9"}`, want: "JSON of Terraform"},
		"Terraform":              {text: `{"resource": {"alicloud_api_gateway_domain": {}}}`, want: "configuration of Terraform"},
		"OOS":                    {text: "FormatVersion: OOS-2019-06-01\nTasks: []", want: "template of OOS"},
		"Kubernetes":             {text: "apiVersion: v1\nkind: Pod", want: "object of Kubernetes"},
		"a manifest":             {text: "apiVersion: bindgate/v1\nbindings: []", want: "this is a manifest, want a template of ROS; name it without a flag"},
		"a map":                  {text: "apiVersion: bindgate/v1\ndomains: []", want: "cutover --map"},
		"no version":             {text: "Resources: {}", want: "ROSTemplateFormatVersion is missing"},
		"a misspelt version":     {text: "ROSTemplateFormatVersoin: '2015-09-01'\nResources: {}", want: "write ROSTemplateFormatVersion"},
		"another version":        {text: "ROSTemplateFormatVersion: '2016-09-01'\nResources: {}", want: "another ROSTemplateFormatVersion"},
		"no resources":           {text: "ROSTemplateFormatVersion: '2015-09-01'", want: "the key Resources is missing"},
		"resources as a list":    {text: "ROSTemplateFormatVersion: '2015-09-01'\nResources: []", want: "got no mapping, want the resources"},
		"a misspelt section":     {text: edited("Resources:", "Resource:"), want: `did you mean "Resources"?`},
		"lower case":             {text: edited("Resources:", "resources:"), want: `did you mean "Resources"?`},
		"a misspelt property":    {text: edited(atDomain, "DomianName: api.demo.com"), want: `t.yaml:24:7: Api: unknown property "DomianName"; did you mean "DomainName"?`},
		"a missing property":     {text: edited(atGroup, ""), want: "Api: the property GroupId is missing"},
		"a misspelt type":        {text: edited(atType, "Type: ALIYUN::ApiGateway::CustomDomian"), want: `did you mean "ALIYUN::ApiGateway::CustomDomain"?`},
		"a type in lower case":   {text: edited(atType, "Type: aliyun::apigateway::customdomain"), want: `did you mean "ALIYUN::ApiGateway::CustomDomain"?`},
		"a misspelt key":         {text: edited(atCount, "Conditoin: Production"), want: `did you mean "Condition"?`},
		"no type":                {text: edited(atType, ""), want: "the key Type is missing"},
		"no properties":          {text: "ROSTemplateFormatVersion: '2015-09-01'\nResources: {A: {Type: 'ALIYUN::APIG::Domain'}}", want: "the key Properties is missing"},
		"a resource as a text":   {text: "ROSTemplateFormatVersion: '2015-09-01'\nResources: {A: b}", want: "want a resource"},
		"a number":               {text: edited(atDomain, "DomainName: 7"), want: "t.yaml:24:19: Api: DomainName: got a number, want a string; put it in quotes"},
		"nothing":                {text: edited(atDomain, "DomainName:"), want: "DomainName: got nothing"},
		"a list as a value":      {text: edited(atDomain, "DomainName: [a]"), want: "got a list, want a string"},
		"a mapping as a value":   {text: edited(atDomain, "DomainName: {a: b}"), want: "got a mapping, want a string"},
		"a word of YAML 1.1":     {text: edited(atDomain, "DomainName: on"), want: "some readers of YAML take for another type"},
		"a number of YAML 1.1":   {text: edited(atDomain, "DomainName: 1:30"), want: "some readers of YAML"},
		"a date":                 {text: edited(atDomain, "DomainName: 2026-11-28"), want: "some readers of YAML"},
		"no boolean":             {text: edited(atHTTP, atHTTP+"\n      ForceHttps: yes"), want: "ForceHttps: got a string, want true or false"},
		"an undeclared name":     {text: edited(atDomain, "DomainName: !Ref Zonee"), want: `did you mean "Zone"?`},
		"a key twice":            {text: edited(atDomain, atDomain+"\n      DomainName: b.demo.com"), want: `duplicate key "DomainName"`},
		"an escaped key twice":   {text: edited(atDomain, atDomain+"\n      \"Domain\\u004eame\": b.demo.com"), want: `duplicate key "DomainName"`},
		"a resource twice":       {text: edited("  Web:\n", "  Api:\n"), want: `duplicate key "Api"`},
		"two documents":          {text: sampleROS + "---\n" + sampleROS, want: "second document"},
		"a directive":            {text: "%TAG ! tag:x,2000:\n---\n" + sampleROS, want: "directive"},
		"too deep":               {text: strings.Repeat("[", 300) + strings.Repeat("]", 300), want: "nested too deeply: more than 100 levels"},
		"too large":              {text: strings.Repeat("#", 5<<20), want: "too large"},
		"an unknown parameter":   {text: sampleROS, given: Given{Parameters: map[string]string{"Zonee": "a"}}, want: `did you mean "Zone"?`},
		"a file for a text":      {text: edited(atDomain, "DomainName: !Ref Zone"), given: Given{Parameters: map[string]string{"Zone": "@a"}}, want: "names a file"},
		"a text for a file":      {text: edited(atGroup, atGroup+"\n      CertificateBody: !Ref Cert\n      CertificateName: a_name\n      CertificatePrivateKey: !Ref Key"), given: Given{Parameters: map[string]string{"Cert": "a"}}, want: "is no file"},
		"a certificate for none": {text: sampleROS, given: Given{Certificate: "a.pem"}, want: "--certificate belongs to one resource"},
	} {
		_, err := ROS("t.yaml", []byte(tc.text), tc.given)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
	if got, err := ROS("t.yaml", []byte("ROSTemplateFormatVersion: 2015-09-01\nResources: {}"), given()); err != nil || len(got.Entries) != 0 {
		t.Errorf("a template without resources: got %+v, %v", got, err)
	}
}

// What a template names is shown without characters that control a terminal.
func TestROSNamesAreShownSafely(t *testing.T) {
	const id = "A\\e[2J\\u202eB"
	for name, body := range map[string]string{
		"not run": "{Type: 'ALIYUN::APIG::Domain', Properties: {DomainName: !GetAtt X.Y, Protocol: HTTP}}",
		"refused": "{Type: 'ALIYUN::APIG::Domain', Properties: {DomianName: x}}",
		"of a":    "{Type: 'ALIYUN::APIG::Domain', Properties: {DomainName: {Ref: \"" + id + "\"}, Protocol: HTTP}}",
	} {
		got, err := ROS("t.yaml", []byte("ROSTemplateFormatVersion: '2015-09-01'\nResources:\n  \""+id+"\": "+body+"\n"), given())
		text := fmt.Sprint(got.Entries, err)
		if strings.ContainsAny(text, "\x1b\u202e") || !strings.Contains(text, "[2J") {
			t.Errorf("%s: got %q", name, text)
		}
	}
}

// A template with nested aliases costs no more than its size.
func TestROSAliasesAreNotExpanded(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("  A0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&bomb, "  A%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	text := strings.Replace(sampleROS, "Resources:", "Mappings:\n"+bomb.String()+"Resources:", 1)
	var got Template
	var err error
	allocations := testing.AllocsPerRun(1, func() { got, err = ROS("t.yaml", []byte(text), given()) })
	if err != nil || len(got.Entries) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if allocations > 50_000 {
		t.Errorf("got %.0f allocations", allocations)
	}
}

// A template that refers often to what it does not declare is refused without a search of
// all names for each.
func TestROSUndeclaredNamesAreCheap(t *testing.T) {
	text := strings.Builder{}
	text.WriteString("ROSTemplateFormatVersion: '2015-09-01'\nResources:\n")
	for i := range 5_000 {
		fmt.Fprintf(&text, "  R%d: {Type: 'ALIYUN::APIG::Domain', Properties: {DomainName: {Ref: xxxx%d}, Protocol: HTTP}}\n", i, i)
	}
	var err error
	allocations := testing.AllocsPerRun(1, func() { _, err = ROS("t.yaml", []byte(text.String()), given()) })
	if err == nil || strings.Count(err.Error(), "\n") != 19 {
		t.Fatalf("got %v, want 20 errors", err)
	}
	if allocations > 1_500_000 {
		t.Errorf("got %.0f allocations", allocations)
	}
}

// FuzzROS checks that no template makes the reader panic, that an entry is judged only if
// domain, region and target are known as texts of the template or given, and that no line is
// shown that holds more than one key.
func FuzzROS(f *testing.F) {
	f.Add([]byte(sampleROS))
	f.Add([]byte(sampleROSJSON))
	for _, text := range []string{"DomainName: !Ref Zone", "DomainName: *a", "<<: {DomainName: x}", `DomainName: {"Fn::Sub": "${A}"}`} {
		f.Add([]byte(strings.Replace(sampleROS, atDomain, text, 1)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := ROS("t.yaml", text, given())
		if err != nil {
			return
		}
		for _, e := range got.Entries {
			if len(e.NotRun) > 0 {
				continue
			}
			if e.Refused || !e.Called || e.Line == 0 {
				t.Fatalf("%+v is judged", e)
			}
			for _, key := range []string{"domainName", "regionId"} {
				if s, ok := e.Values[key].(string); !ok || key == "domainName" && e.Properties[key].Line == 0 {
					t.Fatalf("%s is judged with the %s %q", e.Address, key, s)
				}
			}
			_, group := e.Values["groupId"].(string)
			_, gateway := e.Values["gatewayId"].(string)
			if group == gateway {
				t.Fatalf("%s is judged with %v", e.Address, e.Values)
			}
		}
		if len(got.Shown) > len(text) {
			t.Fatal("more is shown than there is")
		}
		_, _ = manifest.FromEntries("t.yaml", text, got.Shown, got.Entries, manifest.Options{})
	})
}

// Resources that run code may make any call; they are named.
func TestROSRuns(t *testing.T) {
	for kind, want := range map[string]int{"ALIYUN::ROS::CustomResource": 1, "Custom::Bind": 1, "aliyun::oos::execution": 1, "ALIYUN::OSS::Bucket": 0} {
		text := strings.Replace(sampleROS, "Resources:\n", "Resources:\n  Hook: {Type: '"+kind+"', Properties: {}}\n", 1)
		got, err := ROS("t.yaml", []byte(text), Given{Region: "cn-hangzhou", Gateway: "gw-1"})
		if err != nil || len(got.Running) != want || want > 0 && got.Running[0] != "Hook" {
			t.Errorf("%s: got %q, %v", kind, got.Running, err)
		}
	}
}
