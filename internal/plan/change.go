package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks/evidence"
)

// InputChanges returns the differences between the inputs of a run and the inputs of the
// plan. It needs no evidence. An empty result means that they are equal.
func (f File) InputChanges(now File) []string {
	var out []string
	for _, d := range []struct{ what, got, want string }{
		{"the manifest's digest", now.ManifestDigest, f.ManifestDigest},
		{"the policy's digest", now.PolicyDigest, f.PolicyDigest},
		{"the configuration's digest", now.ConfigDigest, f.ConfigDigest},
		{"the account", now.Account, f.Account},
		{"bindgate's version", now.ToolVersion, f.ToolVersion},
		{"the contract", now.Contract, f.Contract},
		{"the endpoint", now.Endpoint, f.Endpoint},
	} {
		if d.got != d.want {
			out = append(out, fmt.Sprintf("%s is now %s, the plan has %s", d.what, orNone(d.got), orNone(d.want)))
		}
	}
	return append(out, f.FileChanges(now.Files)...)
}

// FileChanges returns the differences between the files of the plan and those of a run. A
// file that was only moved is the same.
func (f File) FileChanges(now []InputFile) []string {
	rest := slices.Clone(now)
	take := func(same func(InputFile) bool) (InputFile, bool) {
		i := slices.IndexFunc(rest, same)
		if i < 0 {
			return InputFile{}, false
		}
		got := rest[i]
		rest = slices.Delete(rest, i, i+1)
		return got, true
	}
	var others []InputFile
	for _, was := range f.Files {
		same := func(n InputFile) bool { return n == was }
		moved := func(n InputFile) bool { return n.Role == was.Role && n.Digest == was.Digest && was.Digest != "" }
		if _, ok := take(same); ok {
			continue
		}
		if _, ok := take(moved); !ok {
			others = append(others, was)
		}
	}
	var out []string
	for _, was := range others {
		switch is, ok := take(func(n InputFile) bool { return n.Role == was.Role && n.Name == was.Name }); {
		case ok:
			out = append(out, fmt.Sprintf("the file %q (%s) is now %s, the plan has %s", was.Name, was.Role, orNone(is.Digest), orNone(was.Digest)))
		default:
			out = append(out, fmt.Sprintf("the file %q (%s) is no longer there", was.Name, was.Role))
		}
	}
	for _, is := range rest {
		out = append(out, fmt.Sprintf("the file %q (%s) was not there when the plan was made", is.Name, is.Role))
	}
	return out
}

// OfRoles returns the files of some roles.
func OfRoles(files []InputFile, roles ...string) []InputFile {
	return slices.DeleteFunc(slices.Clone(files), func(f InputFile) bool { return !slices.Contains(roles, f.Role) })
}

// Among returns the plan restricted to the bindings that are also in now.
func (f File) Among(now File) File {
	f.Bindings = slices.DeleteFunc(slices.Clone(f.Bindings), func(b FileBinding) bool {
		return !slices.ContainsFunc(now.Bindings, b.same)
	})
	return f
}

// Changes returns the differences between the current judgement and the plan, including
// the inputs. An empty result means that they are equal.
func (f File) Changes(now File) []string {
	out := f.InputChanges(now)
	if len(f.Bindings) != len(now.Bindings) {
		return append(out, fmt.Sprintf("there are now %d bindings, the plan has %d", len(now.Bindings), len(f.Bindings)))
	}
	for i, planned := range f.Bindings {
		out = append(out, planned.changes(now.Bindings[i])...)
	}
	return out
}

// same reports whether two plans are for the same binding.
func (b FileBinding) same(now FileBinding) bool {
	return b.DomainName == now.DomainName && b.GroupID == now.GroupID && b.GatewayID == now.GatewayID && b.RegionID == now.RegionID
}

func (b FileBinding) changes(now FileBinding) []string {
	if !b.same(now) {
		return []string{fmt.Sprintf("a binding is now %q on %q in %q, the plan has %q on %q in %q",
			now.DomainName, now.GroupID+now.GatewayID, now.RegionID, b.DomainName, b.GroupID+b.GatewayID, b.RegionID)}
	}
	var out []string
	if got, want := settings(now.Before), settings(b.Before); got != want {
		out = append(out, fmt.Sprintf("%q is now %s, the plan has %s", b.DomainName, got, want))
	}
	if got, want := recordSettings(now.Record), recordSettings(b.Record); got != want {
		out = append(out, fmt.Sprintf("%q is now %s, the plan has %s", b.DomainName, got, want))
	}
	if !slices.Equal(b.Displaces, now.Displaces) {
		out = append(out, fmt.Sprintf("%q would now be taken from groups %q, the plan has %q", b.DomainName, now.Displaces, b.Displaces))
	}
	return append(out, b.callChanges(now)...)
}

// settings describes the fields of a domain that calls can change.
func settings(d *evidence.Domain) string {
	if d == nil {
		return "not bound to the group"
	}
	return fmt.Sprintf("bound with status %q, type %q, stage %q, redirect %t, certificate %q (%q)",
		d.DomainBindingStatus, d.CustomDomainType, d.BindStageName, d.IsHTTPRedirectToHTTPS, d.CertificateName, d.CertificateID)
}

// recordSettings describes all fields of a record but those that change by themselves.
func recordSettings(r *evidence.Record) string {
	if r == nil {
		return "no domain of the gateway"
	}
	plain := *r
	plain.Status, plain.UsedBy, plain.UpdatedAt = "", 0, 0
	text, _ := json.Marshal(plain) // texts, numbers and truth values: it cannot fail
	return string(text)
}

func (b FileBinding) callChanges(now FileBinding) []string {
	if len(b.Calls) != len(now.Calls) {
		return []string{fmt.Sprintf("%q would now be sent %d calls, the plan has %d", b.DomainName, len(now.Calls), len(b.Calls))}
	}
	var out []string
	for i, planned := range b.Calls {
		got, want := now.Calls[i].sends(), planned.sends()
		for _, name := range slices.Sorted(maps.Keys(union(got, want))) {
			if got[name] != want[name] {
				out = append(out, fmt.Sprintf("call %d for %q now has %s %s, the plan has %s",
					i+1, b.DomainName, name, orNone(got[name]), orNone(want[name])))
			}
		}
	}
	return out
}

// sends returns the parameters of the call by name: values quoted, certificate and
// key as digests. Parameters that are not sent are absent.
func (c Call) sends() map[string]string {
	out := map[string]string{"action": c.Action, "region": c.RegionID}
	if m := c.Material; m != nil {
		out["certificate file"] = m.FileDigest
		if m.BodyParam != "" {
			out[m.BodyParam], out[m.KeyParam] = m.ChainDigest, m.PublicKeyDigest
		}
		if m.ClientCADigest != "" {
			out[m.ClientCAParam] = m.ClientCADigest
		}
		if c.Uploads() {
			out["certificate"] = fmt.Sprintf("serial number %s, %s", m.Serial, m.SHA256)
		}
	}
	if len(c.Keeps) > 0 {
		out["what it keeps"] = strconv.Quote(strings.Join(c.Keeps, ", "))
	}
	for name, value := range c.Params {
		out[name] = strconv.Quote(value)
	}
	if c.Filled != "" {
		out[c.Filled] = "the identifier of the uploaded certificate"
	}
	return out
}

func union(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
