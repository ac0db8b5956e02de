package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/manifest"
)

const oneMove = `apiVersion: bindgate/v1
domains:
  - domainName: api.demo.com
    from: {groupId: g, regionId: cn-hangzhou}
    to: {gatewayId: gw-1, regionId: cn-hangzhou, protocol: HTTPS, forceHttps: true, tlsMin: TLS 1.2, clientCertificate: {ca: ca.pem}}
    certificate: {name: api_2026, body: api.pem, privateKey: api.key}
    accept: [stage, ocsp]
`

func loadMap(t testing.TB, text string) (*manifest.Set, error) {
	t.Helper()
	return manifest.Load([]string{"-"}, manifest.Options{WorkDir: t.TempDir(), Stdin: strings.NewReader(text)})
}

func TestMap(t *testing.T) {
	set, err := loadMap(t, oneMove)
	if err != nil {
		t.Fatal(err)
	}
	if !set.Moves() {
		t.Error("it is not taken as a map")
	}
	for b := range set.All() {
		if !b.CutOver || b.GatewayID != "gw-1" || b.MovesFrom.GroupID != "g" || !b.MovesFrom.Accepts("ocsp") || b.MovesFrom.Accepts("suites") || b.ClientCertificate.CA != "ca.pem" || b.TLSMin != "TLS 1.2" {
			t.Errorf("got %+v", b)
		}
		for pointer, line := range map[string]int{"/domainName": 3, "/movesFrom/groupId": 4, "/gatewayId": 5, "/tlsMin": 5, "/clientCertificate/ca": 5, "/certificate/body": 6, "/movesFrom/accept/1": 7} {
			if got := b.At(pointer); got.Line != line {
				t.Errorf("%s: got line %d, want %d", pointer, got.Line, line)
			}
		}
	}
}

// Each of these is refused with its place, and no key or file outside is repeated or read.
func TestHostileMaps(t *testing.T) {
	edit := func(old, text string) string { return strings.Replace(oneMove, old, text, 1) }
	for name, c := range map[string]struct{ text, want string }{
		"misspelt key":        {edit("accept:", "acept:"), `7:5: unknown key "acept"; did you mean "accept"?`},
		"unknown loss":        {edit("stage, ocsp", "stage, mutual-tls"), `7:21: got "mutual-tls"`},
		"loss in other case":  {edit("stage", "Stage"), `got "Stage"`},
		"loss twice":          {edit("stage, ocsp", "stage, stage"), `got "stage" twice`},
		"key of a manifest":   {edit("accept:", "isForce: true\n    accept:"), `unknown key "isForce"`},
		"classic key":         {edit("tlsMin: TLS 1.2", "bindStageName: RELEASE"), `"bindStageName" is a key of the classic gateway`},
		"both lists":          {oneMove + "bindings: []\n", `unknown key "domains"`},
		"no from":             {edit("    from: {groupId: g, regionId: cn-hangzhou}\n", ""), `the key "from" is missing`},
		"no region":           {edit("groupId: g, regionId: cn-hangzhou", "groupId: g"), `the key "regionId" is missing`},
		"region is a host":    {edit("groupId: g, regionId: cn-hangzhou", "groupId: g, regionId: evil.example/"), "want lower-case letters"},
		"certificate outside": {edit("body: api.pem", "body: ../../etc/passwd"), "6:"},
		"key outside":         {edit("privateKey: api.key", "privateKey: /etc/shadow"), "6:"},
		"client CA outside":   {edit("ca: ca.pem", "ca: ../ca.pem"), "5:"},
		"variable":            {edit("privateKey: api.key", "privateKey: {env: AWS_SECRET_ACCESS_KEY}"), "manifests may not read others"},
		"client CA alone":     {edit("    certificate: {name: api_2026, body: api.pem, privateKey: api.key}\n", ""), "got no certificate"},
		"verify depth":        {edit("ca: ca.pem", "ca: ca.pem, verifyDepth: 2"), `"verifyDepth" is a setting of the classic gateway`},
		"no domain":           {"apiVersion: bindgate/v1\ndomains: []\n", "got no domains"},
		"other version":       {edit("bindgate/v1", "bindgate/v2"), "bindgate/v2"},
		"key twice":           {edit("accept:", "to: {gatewayId: other, regionId: r}\n    accept:"), "to"},
		"alias":               {edit("{groupId: g, regionId: cn-hangzhou}", "&a {groupId: g, regionId: cn-hangzhou}"), "4:"},
	} {
		set, err := loadMap(t, c.text)
		if err == nil {
			t.Errorf("%s: loaded %d", name, set.Len())
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// FuzzMap holds that no text makes Load panic, and that what loads as a map is valid by the
// published schema if nothing is reported of it, and names both sides of each move.
func FuzzMap(f *testing.F) {
	for _, seed := range []string{oneMove, strings.ReplaceAll(oneMove, "accept: [stage, ocsp]", "accept: []"),
		`{"apiVersion": "bindgate/v1", "domains": [{"domainName": "a", "from": {"groupId": "g", "regionId": "r"}, "to": {"gatewayId": "w", "regionId": "r"}}]}`,
		oneMove + "---\n" + fmt.Sprintf(one, "b")} {
		f.Add([]byte(seed))
	}
	schema := compileSchema(f, manifest.MapSchema())
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := loadMap(t, string(text))
		if err != nil || !set.Moves() {
			return
		}
		for b := range set.All() {
			if b.DomainName == "" || b.GatewayID == "" || b.RegionID == "" || b.MovesFrom.GroupID == "" || b.MovesFrom.RegionID == "" || b.At("/domainName") == b.Source {
				t.Errorf("loaded without what it must have: %+v", b)
			}
		}
		if err := validateBytes(t, schema, text); err != nil && len(reported(t, text)) == 0 {
			t.Error(err)
		}
	})
}
