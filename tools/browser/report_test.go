package browser

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// watched records events that a correct page never causes.
type watched struct {
	sync.Mutex
	requests []string // other than the page itself
	console  []string // messages, errors, violations of the content policy
}

func (w *watched) on(event any) {
	w.Lock()
	defer w.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		w.requests = append(w.requests, e.Request.URL)
	case *runtime.EventConsoleAPICalled:
		w.console = append(w.console, fmt.Sprint(e.Type))
	case *runtime.EventExceptionThrown:
		w.console = append(w.console, e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		w.console = append(w.console, e.Entry.Text)
	}
}

// open starts the browser on the page named by a variable.
func open(t testing.TB, variable string) (context.Context, *watched) {
	t.Helper()
	file := os.Getenv(variable)
	if file == "" {
		t.Fatalf("%s names no HTML report; run .ci/html", variable)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1200, 1400))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(stop)
	seen := &watched{}
	chromedp.ListenTarget(ctx, seen.on)
	run(t, ctx, network.Enable(), log.Enable(), chromedp.Navigate("file://"+file), chromedp.WaitReady("#count"))
	return ctx, seen
}

func run(t testing.TB, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// value evaluates an expression in the page.
func value[T any](t testing.TB, ctx context.Context, expression string) T {
	t.Helper()
	var v T
	run(t, ctx, chromedp.Evaluate(expression, &v))
	return v
}

const shown = `document.querySelectorAll(".binding").length`

// expand unfolds every rendered card with its evidence, and waits for it.
func expand(t *testing.T, ctx context.Context) {
	t.Helper()
	run(t, ctx, chromedp.Click("#expand"), chromedp.Evaluate(`document.querySelectorAll(".evidence").forEach((e) => { e.open = true; }), 0`, nil),
		chromedp.Poll(`[...document.querySelectorAll(".evidence")].every((e) => e.lastChild.tagName === "DIV" && e.lastChild.childNodes.length > 0)`, nil))
}

func TestFilter(t *testing.T) {
	ctx, seen := open(t, "BINDGATE_REPORT")
	all := value[int](t, ctx, shown)
	refused := value[int](t, ctx, `document.querySelectorAll(".binding[data-decision=refused]").length`)
	if refused == 0 || refused == all {
		t.Fatalf("%d of %d bindings are refused, which tests nothing", refused, all)
	}
	if first := value[int](t, ctx, `[...document.querySelectorAll(".binding")].findIndex((b) => b.dataset.decision !== "refused")`); first != refused {
		t.Errorf("the first binding that is not refused is number %d, want %d: the refused come first", first, refused)
	}
	run(t, ctx, chromedp.SendKeys("#search", "expired.demo.com", chromedp.ByID))
	if n := value[int](t, ctx, shown); n != 1 {
		t.Errorf("the search shows %d bindings, want 1", n)
	}
	if marked := value[string](t, ctx, `document.querySelector(".binding h3 mark").textContent`); marked != "expired.demo.com" {
		t.Errorf("the search marks %q", marked)
	}
	clear := chromedp.Evaluate(`document.getElementById("search").value = "", 0`, nil)
	if got := value[string](t, ctx, `document.getElementById("count").textContent`); got != fmt.Sprintf("1 of %d shown", all) {
		t.Errorf("a screen reader hears %q", got)
	}
	run(t, ctx, clear, chromedp.SendKeys("#search", "certificate/covers-domain", chromedp.ByID))
	if n := value[int](t, ctx, shown); n != 1 {
		t.Errorf("the search for a check shows %d bindings, want the 1 that fails it", n)
	}
	run(t, ctx, clear, chromedp.SendKeys("#search", " ", chromedp.ByID), chromedp.Click(`.tile[data-decision=allowed]`))
	if n := value[int](t, ctx, shown); n != refused {
		t.Errorf("%d bindings without the allowed ones, want %d", n, refused)
	}
	expand(t, ctx)
	if n := value[int](t, ctx, `document.querySelectorAll(".binding:not([open])").length`); n != 0 {
		t.Errorf("%d bindings stay folded", n)
	}
	run(t, ctx, chromedp.Click("#collapse"))
	if n := value[int](t, ctx, `document.querySelectorAll(".binding[open]").length`); n != 0 {
		t.Errorf("%d bindings stay unfolded", n)
	}
	quiet(t, seen)
}

// The CSV contains the visible rows, and no spreadsheet evaluates a cell of it.
func TestCSV(t *testing.T) {
	for variable, want := range map[string]string{"BINDGATE_REPORT": `"expired.demo.com"`, "BINDGATE_HOSTILE": `"'=cmd()"`} {
		ctx, seen := open(t, variable)
		run(t, ctx, chromedp.Evaluate(`URL.createObjectURL = (blob) => { window.given = blob; return "#"; }, 0`, nil), chromedp.Click("#csv"))
		text := value[string](t, ctx, `window.given.size + " " + window.given.type`)
		var csv string
		run(t, ctx, chromedp.Evaluate(`window.given.text()`, &csv, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		lines := strings.Split(strings.TrimSpace(csv), "\r\n")
		if rows := value[int](t, ctx, `JSON.parse(document.getElementById("data").textContent).rows.length`); len(lines) != rows+1 {
			t.Errorf("%s: %d lines for %d bindings (%s)", variable, len(lines), rows, text)
		}
		if !strings.Contains(csv, want) {
			t.Errorf("%s: no cell reads %s", variable, want)
		}
		quiet(t, seen)
	}
}

// Every binding and every check in a finding has an anchor.
func TestLinks(t *testing.T) {
	ctx, seen := open(t, "BINDGATE_LARGE")
	last := value[string](t, ctx, `JSON.parse(document.getElementById("data").textContent).rows.at(-1).id`)
	if drawn := value[int](t, ctx, `document.querySelectorAll("[id='`+last+`']").length`); drawn != 0 {
		t.Fatalf("%s is rendered before it is visible, so the test proves nothing", last)
	}
	run(t, ctx, chromedp.Evaluate(`location.hash = "`+last+`", 0`, nil), chromedp.Poll(`document.getElementById("`+last+`")?.open`, nil))
	run(t, ctx, chromedp.Evaluate(`document.querySelector("[id='`+last+`'] .evidence").open = true, 0`, nil),
		chromedp.Poll(`document.querySelector("[id='`+last+`'] .evidence").textContent.includes("Alias chain")`, nil))
	domain := value[string](t, ctx, `document.querySelector("[id='`+last+`'] h3").textContent`)
	if got := value[string](t, ctx, `document.querySelector("[id='`+last+`'] .chain li").textContent`); got != domain {
		t.Errorf("the card of %s shows the evidence of %s", domain, got)
	}
	run(t, ctx, chromedp.Evaluate(`document.querySelector(".notes a").click(), 0`, nil), chromedp.Poll(`document.querySelector(".why[open]")`, nil))
	quiet(t, seen)
}

// BenchmarkLarge measures a page of thousands of bindings: the time from
// loading until the page is interactive, and from a search until it is painted.
func BenchmarkLarge(b *testing.B) {
	for b.Loop() {
		ctx, seen := open(b, "BINDGATE_LARGE")
		bindings := value[int](b, ctx, `JSON.parse(document.getElementById("data").textContent).rows.length`)
		b.ReportMetric(float64(bindings), "bindings")
		b.ReportMetric(float64(value[int](b, ctx, `document.documentElement.outerHTML.length`)), "characters")
		b.ReportMetric(float64(value[int](b, ctx, `document.querySelectorAll("*").length`)), "elements")
		b.ReportMetric(value[float64](b, ctx, `performance.timing.loadEventEnd - performance.timing.navigationStart`), "load-ms")
		var search float64
		run(b, ctx, chromedp.Evaluate(`new Promise((done) => {
			const field = document.getElementById("search"), start = performance.now();
			field.value = "api3 team17";
			field.dispatchEvent(new Event("input", { bubbles: true }));
			document.getElementById("list").getBoundingClientRect(); // forces layout
			requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
		})`, &search, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		b.ReportMetric(search, "search-ms")
		if got := value[string](b, ctx, `document.getElementById("count").textContent`); !strings.HasSuffix(got, fmt.Sprintf(" of %d shown", bindings)) || strings.HasPrefix(got, "0 ") {
			b.Errorf("the search says %q", got)
		}
		quiet(b, seen)
	}
}

func TestKeyboard(t *testing.T) {
	ctx, seen := open(t, "BINDGATE_REPORT")
	run(t, ctx, chromedp.KeyEvent(kb.Tab))
	if got := value[string](t, ctx, `document.activeElement.className`); got != "skip" {
		t.Errorf("the first stop is %q, want the link to the bindings", got)
	}
	run(t, ctx, chromedp.KeyEvent("/"))
	if got := value[string](t, ctx, `document.activeElement.id`); got != "search" {
		t.Errorf("the key / goes to %q, want the search", got)
	}
	unnamed := value[int](t, ctx, `[...document.querySelectorAll("input, button, svg")].filter((e) =>
		!(e.labels && e.labels.length) && !e.textContent.trim() && !e.getAttribute("aria-labelledby")).length`)
	if unnamed != 0 {
		t.Errorf("%d controls have no name for a screen reader", unnamed)
	}
	quiet(t, seen)
}

func TestDrawings(t *testing.T) {
	ctx, seen := open(t, "BINDGATE_REPORT")
	if n := value[int](t, ctx, `[...document.querySelectorAll("svg.timeline rect")].filter((r) => r.getBoundingClientRect().width > 1).length`); n < 5 {
		t.Errorf("%d bars in the timeline", n)
	}
	expand(t, ctx)
	if n := value[int](t, ctx, `[...document.querySelectorAll(".chain li")].filter((l) => l.getBoundingClientRect().width > 1).length`); n < 10 {
		t.Errorf("%d names in the alias chains", n)
	}
	if value[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`) > 0 {
		t.Error("the page is wider than the window")
	}
	quiet(t, seen)
}

// The printed page shows every binding with its findings, and evidence on
// request.
func TestPrint(t *testing.T) {
	ctx, seen := open(t, "BINDGATE_LARGE")
	rows := value[int](t, ctx, `JSON.parse(document.getElementById("data").textContent).rows.length`)
	if drawn := value[int](t, ctx, shown); drawn >= rows {
		t.Fatalf("%d of %d bindings are drawn at once, which tests nothing", drawn, rows)
	}
	const folded = `document.querySelectorAll(".binding:not([open])").length`
	before := value[int](t, ctx, folded)
	run(t, ctx, chromedp.Evaluate(`addEventListener("beforeprint", () => { window.onPaper = [`+shown+`, `+folded+`] })`, nil),
		chromedp.ActionFunc(func(ctx context.Context) error {
			pdf, _, err := page.PrintToPDF().Do(ctx)
			if err == nil && !bytes.HasPrefix(pdf, []byte("%PDF-")) {
				err = errors.New("no PDF came")
			}
			return err
		}))
	if got := value[[]int](t, ctx, `window.onPaper`); len(got) != 2 || got[0] != rows || got[1] != 0 {
		t.Errorf("bindings and folded bindings on paper: %v, want %d and 0", got, rows)
	}
	if n := value[int](t, ctx, folded); n < before {
		t.Errorf("%d bindings are folded after printing, %d were before", n, before)
	}
	run(t, ctx, chromedp.Evaluate(`window.print = () => { dispatchEvent(new Event("beforeprint")); window.evidence = document.querySelectorAll(".evidence[open] .chain").length; dispatchEvent(new Event("afterprint")); }, 0`, nil),
		chromedp.Click("#paper"), chromedp.Poll(`window.evidence`, nil))
	if n := value[int](t, ctx, `window.evidence`); n != rows {
		t.Errorf("the evidence of %d bindings is on the paper that was asked for, want %d", n, rows)
	}
	quiet(t, seen)
}

func TestHostileTextStaysText(t *testing.T) {
	ctx, seen := open(t, "BINDGATE_HOSTILE")
	if got := value[string](t, ctx, `[...document.querySelectorAll(".binding h3")].at(-1).textContent`); got != "<script>alert(1)</script>" {
		t.Errorf("the binding is called %q", got)
	}
	expand(t, ctx)
	if n := value[int](t, ctx, `document.scripts.length`); n != 2 {
		t.Errorf("%d scripts, want the page's data and its own", n)
	}
	if n := value[int](t, ctx, `document.querySelectorAll("img, iframe, a[href]:not([href^='#'])").length`); n != 0 {
		t.Errorf("%d elements that text made", n)
	}
	quiet(t, seen)
	// A script that is not the page's own is refused even if it gets in.
	run(t, ctx, chromedp.Evaluate(`{ const s = document.createElement("script"); s.textContent = "window.ran = true"; document.body.append(s); }`, nil))
	if value[bool](t, ctx, `window.ran === true`) {
		t.Error("the content policy let a foreign script run")
	}
}

// TestPictures writes the pictures of the docs if BINDGATE_PICTURES names a
// folder: the page with few and with many bindings, light and dark, on a wide
// and a narrow screen, and on paper. No page may be wider than its window.
func TestPictures(t *testing.T) {
	folder := os.Getenv("BINDGATE_PICTURES")
	for _, p := range []struct {
		name, variable, scheme string
		width                  int64
		media                  string // empty: the screen
	}{
		{"report-light", "BINDGATE_REPORT", "light", 1200, ""}, {"report-dark", "BINDGATE_REPORT", "dark", 1200, ""}, {"report-narrow", "BINDGATE_REPORT", "light", 420, ""},
		{"report-print", "BINDGATE_REPORT", "light", 800, "print"},
		{"board", "BINDGATE_BOARD", "light", 1200, ""}, {"board-narrow", "BINDGATE_BOARD", "dark", 420, ""},
		{"report-100", "BINDGATE_HUNDRED", "light", 1200, ""}, {"report-2000", "BINDGATE_LARGE", "dark", 1200, ""}, {"report-2000-narrow", "BINDGATE_LARGE", "light", 420, ""},
	} {
		ctx, seen := open(t, p.variable)
		var picture []byte
		run(t, ctx, emulation.SetEmulatedMedia().WithMedia(p.media).WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: p.scheme}}),
			chromedp.EmulateViewport(p.width, 1400), chromedp.CaptureScreenshot(&picture))
		background := value[string](t, ctx, `getComputedStyle(document.body).backgroundColor`)
		if want := map[string]string{"light": "rgb(246, 247, 249)", "dark": "rgb(17, 22, 29)", "print": "rgb(255, 255, 255)"}[cmp.Or(p.media, p.scheme)]; background != want {
			t.Errorf("%s: the background is %s, want %s", p.name, background, want)
		}
		if over := value[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
			t.Errorf("%s: the page is %d wider than its window", p.name, over)
		}
		quiet(t, seen)
		if folder == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, p.name+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// quiet checks that the page made no requests and logged nothing.
func quiet(t testing.TB, w *watched) {
	t.Helper()
	w.Lock()
	defer w.Unlock()
	if len(w.requests) != 1 {
		t.Errorf("requests: %q, want the page alone", w.requests)
	}
	if len(w.console) != 0 {
		t.Errorf("the console says %q", w.console)
	}
}
