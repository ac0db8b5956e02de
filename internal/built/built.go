// Package built says what the program was built from.
package built

import (
	"runtime"
	"runtime/debug"
	"time"

	"github.com/bindgate/bindgate/internal/policy"
)

// Program is what the program was built from.
type Program struct {
	Version  string    `json:"version"`
	Commit   string    `json:"commit,omitempty"`   // absent: the Go tool stamped none
	Modified bool      `json:"modified,omitempty"` // the working tree differed from the commit
	Go       string    `json:"go"`
	OPA      string    `json:"opa"`
	Platform string    `json:"platform"`
	At       time.Time `json:"-"` // of the commit; zero: the Go tool stamped none
}

// Version returns the module's version, as the Go tool stamped it.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// Read reads what the Go tool stamped.
func Read() Program {
	b := Program{Version: Version(), OPA: policy.EngineVersion(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		case "vcs.time":
			b.At, _ = time.Parse(time.RFC3339, s.Value) // zero if it is none
		}
	}
	return b
}
