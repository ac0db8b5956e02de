package lsp

// The parts of the Language Server Protocol 3.17 that the server uses. Positions count
// from 0: lines, and UTF-16 code units in a line.

type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

type span struct {
	Start position `json:"start"`
	End   position `json:"end"`
}

// overlaps reports whether two spans have a place in common, ends included.
func (s span) overlaps(o span) bool { return !s.End.before(o.Start) && !o.End.before(s.Start) }

func (p position) before(o position) bool {
	return p.Line < o.Line || p.Line == o.Line && p.Character < o.Character
}

type documentID struct {
	URI     string `json:"uri"`
	Version *int   `json:"version,omitempty"`
}

type openParams struct {
	Document struct {
		URI     string `json:"uri"`
		Version int    `json:"version"`
		Text    string `json:"text"`
	} `json:"textDocument"`
}

type changeParams struct {
	Document documentID `json:"textDocument"`
	Changes  []change   `json:"contentChanges"`
}

// change replaces a range of a document, or without one the whole text.
type change struct {
	Range *span  `json:"range"`
	Text  string `json:"text"`
}

type documentParams struct {
	Document documentID `json:"textDocument"`
}

type hoverParams struct {
	Document documentID `json:"textDocument"`
	Position position   `json:"position"`
}

type hover struct {
	Contents markup `json:"contents"`
	Range    *span  `json:"range,omitempty"`
}

type markup struct {
	Kind  string `json:"kind"` // markdown or plaintext
	Value string `json:"value"`
}

type actionParams struct {
	Document documentID `json:"textDocument"`
	Range    span       `json:"range"`
	Context  struct {
		Only []string `json:"only"`
	} `json:"context"`
}

type action struct {
	Title       string       `json:"title"`
	Kind        string       `json:"kind"`
	Diagnostics []diagnostic `json:"diagnostics"`
	Preferred   bool         `json:"isPreferred,omitempty"`
	Edit        edits        `json:"edit"`
}

// edits has Changes, or DocumentChanges if the client takes these.
type edits struct {
	Changes         map[string][]edit `json:"changes,omitempty"`
	DocumentChanges []documentEdit    `json:"documentChanges,omitempty"`
}

type documentEdit struct {
	Document struct {
		URI     string `json:"uri"`
		Version int    `json:"version"`
	} `json:"textDocument"`
	Edits []edit `json:"edits"`
}

type edit struct {
	Range span   `json:"range"`
	Text  string `json:"newText"`
}

type diagnosticsParams struct {
	URI         string       `json:"uri"`
	Version     *int         `json:"version,omitempty"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

// Severities of a diagnostic.
const (
	severityError       = 1
	severityWarning     = 2
	severityInformation = 3
)

type diagnostic struct {
	Range       span         `json:"range"`
	Severity    int          `json:"severity"`
	Code        string       `json:"code,omitempty"` // the id of a check
	Description *description `json:"codeDescription,omitempty"`
	Source      string       `json:"source"`
	Message     string       `json:"message"`
	Related     []related    `json:"relatedInformation,omitempty"`
}

type description struct {
	Href string `json:"href"`
}

type related struct {
	Location struct {
		URI   string `json:"uri"`
		Range span   `json:"range"`
	} `json:"location"`
	Message string `json:"message"`
}

type folder struct {
	URI string `json:"uri"`
}

type foldersParams struct {
	Event struct {
		Added   []folder `json:"added"`
		Removed []folder `json:"removed"`
	} `json:"event"`
}

type initializeParams struct {
	RootURI      string       `json:"rootUri"`
	Folders      []folder     `json:"workspaceFolders"`
	Capabilities capabilities `json:"capabilities"`
}

// capabilities are those of the client that the server asks for.
type capabilities struct {
	Workspace struct {
		Edit struct {
			DocumentChanges bool `json:"documentChanges"`
		} `json:"workspaceEdit"`
		Watched struct {
			Dynamic bool `json:"dynamicRegistration"`
		} `json:"didChangeWatchedFiles"`
	} `json:"workspace"`
	TextDocument struct {
		Hover struct {
			Formats []string `json:"contentFormat"`
		} `json:"hover"`
		Action struct {
			Literal *struct{} `json:"codeActionLiteralSupport"`
		} `json:"codeAction"`
		Diagnostics struct {
			Related     bool `json:"relatedInformation"`
			Description bool `json:"codeDescriptionSupport"`
		} `json:"publishDiagnostics"`
	} `json:"textDocument"`
}

// serverCapabilities is what the server offers.
func serverCapabilities(version string) map[string]any {
	return map[string]any{
		"serverInfo": map[string]any{"name": "bindgate", "version": version},
		"capabilities": map[string]any{
			"positionEncoding":   "utf-16",
			"textDocumentSync":   map[string]any{"openClose": true, "change": 2, "save": map[string]any{"includeText": false}},
			"hoverProvider":      true,
			"codeActionProvider": map[string]any{"codeActionKinds": []string{quickFix}},
			"workspace":          map[string]any{"workspaceFolders": map[string]any{"supported": true, "changeNotifications": true}},
		},
	}
}

const quickFix = "quickfix"

// watched asks the client to report changes of the files that bindings name.
func watched() map[string]any {
	const files = "**/*.{pem,crt,cer,der,key,p12,pfx,yaml,yml,json,rego}"
	return map[string]any{"registrations": []any{map[string]any{"id": "files", "method": "workspace/didChangeWatchedFiles",
		"registerOptions": map[string]any{"watchers": []any{map[string]any{"globPattern": files}}}}}}
}

// Errors of the protocol in addition to those of JSON-RPC.
const (
	codeNotInitialized  = -32002
	codeCancelled       = -32800
	codeContentModified = -32801
)
