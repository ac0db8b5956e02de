package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// watched gathers what a quiet page never does.
type watched struct {
	sync.Mutex
	requests []string // beyond the page itself
	console  []string // messages, errors, refusals by the content policy
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

// open starts the browser on the page of a variable.
func open(t *testing.T, variable string) (context.Context, *watched) {
	t.Helper()
	file := os.Getenv(variable)
	if file == "" {
		t.Fatalf("%s names no HTML report; run .ci/html", variable)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1200, 1400))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	seen := &watched{}
	chromedp.ListenTarget(ctx, seen.on)
	run(t, ctx, network.Enable(), log.Enable(), chromedp.Navigate("file://"+file), chromedp.WaitReady("#count"))
	return ctx, seen
}

func run(t *testing.T, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// value evaluates an expression in the page.
func value[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	var v T
	run(t, ctx, chromedp.Evaluate(expression, &v))
	return v
}

const shown = `document.querySelectorAll(".binding:not([hidden])").length`

func TestFilter(t *testing.T) {
	ctx, seen := open(t, "BINDGATE_REPORT")
	all := value[int](t, ctx, shown)
	refused := value[int](t, ctx, `document.querySelectorAll(".binding[data-decision=refused]").length`)
	if refused == 0 || refused == all {
		t.Fatalf("%d of %d bindings are refused, which tests nothing", refused, all)
	}
	run(t, ctx, chromedp.SendKeys("#search", "expired.demo.com", chromedp.ByID))
	if n := value[int](t, ctx, shown); n != 1 {
		t.Errorf("the search shows %d bindings, want 1", n)
	}
	clear := chromedp.Evaluate(`document.getElementById("search").value = "", 0`, nil)
	if got := value[string](t, ctx, `document.getElementById("count").textContent`); got != fmt.Sprintf("1 of %d shown", all) {
		t.Errorf("a screen reader hears %q", got)
	}
	run(t, ctx, clear, chromedp.SendKeys("#search", "certificate/covers-domain", chromedp.ByID))
	if n := value[int](t, ctx, shown); n != 1 {
		t.Errorf("the search for a check shows %d bindings, want the 1 that fails it", n)
	}
	run(t, ctx, clear, chromedp.SendKeys("#search", " ", chromedp.ByID), chromedp.Click(`input[value=allowed]`))
	if n := value[int](t, ctx, shown); n != refused {
		t.Errorf("%d bindings without the allowed ones, want %d", n, refused)
	}
	run(t, ctx, chromedp.Click("#expand"))
	if n := value[int](t, ctx, `document.querySelectorAll(".binding:not([hidden]):not([open])").length`); n != 0 {
		t.Errorf("%d bindings stay folded", n)
	}
	quiet(t, seen)
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
	run(t, ctx, chromedp.Click("#expand"))
	if n := value[int](t, ctx, `[...document.querySelectorAll(".chain li")].filter((l) => l.getBoundingClientRect().width > 1).length`); n < 10 {
		t.Errorf("%d names in the alias chains", n)
	}
	if value[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`) > 0 {
		t.Error("the page is wider than the window")
	}
	quiet(t, seen)
}

func TestPrint(t *testing.T) {
	ctx, seen := open(t, "BINDGATE_REPORT")
	const folded = `document.querySelectorAll("details:not([open])").length`
	before := value[int](t, ctx, folded)
	run(t, ctx, chromedp.Evaluate(`addEventListener("beforeprint", () => { window.foldedOnPaper = `+folded+` })`, nil),
		chromedp.ActionFunc(func(ctx context.Context) error {
			pdf, _, err := page.PrintToPDF().Do(ctx)
			if err == nil && !bytes.HasPrefix(pdf, []byte("%PDF-")) {
				err = errors.New("no PDF came")
			}
			return err
		}))
	if n := value[int](t, ctx, `window.foldedOnPaper`); n != 0 {
		t.Errorf("%d parts stay folded on paper", n)
	}
	if n := value[int](t, ctx, folded); n != before {
		t.Errorf("%d parts are folded after printing, %d were before", n, before)
	}
	quiet(t, seen)
}

func TestHostileTextStaysText(t *testing.T) {
	ctx, seen := open(t, "BINDGATE_HOSTILE")
	if got := value[string](t, ctx, `document.querySelector(".binding h3").textContent`); got != "<script>alert(1)</script>" {
		t.Errorf("the binding is called %q", got)
	}
	if n := value[int](t, ctx, `document.scripts.length`); n != 1 {
		t.Errorf("%d scripts, want the page's own", n)
	}
	if n := value[int](t, ctx, `document.querySelectorAll("img, iframe, a[href]:not([href^='#'])").length`); n != 0 {
		t.Errorf("%d elements that text made", n)
	}
	quiet(t, seen)
	// What is not the page's own script is refused even where it got in.
	run(t, ctx, chromedp.Evaluate(`{ const s = document.createElement("script"); s.textContent = "window.ran = true"; document.body.append(s); }`, nil))
	if value[bool](t, ctx, `window.ran === true`) {
		t.Error("the content policy let a foreign script run")
	}
}

// TestPictures writes the pictures of the docs where BINDGATE_PICTURES names a folder.
func TestPictures(t *testing.T) {
	folder := os.Getenv("BINDGATE_PICTURES")
	for _, scheme := range []string{"light", "dark"} {
		ctx, seen := open(t, "BINDGATE_REPORT")
		var picture []byte
		run(t, ctx, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
			chromedp.CaptureScreenshot(&picture))
		background := value[string](t, ctx, `getComputedStyle(document.body).backgroundColor`)
		if want := map[string]string{"light": "rgb(246, 247, 249)", "dark": "rgb(17, 22, 29)"}[scheme]; background != want {
			t.Errorf("%s: the background is %s, want %s", scheme, background, want)
		}
		quiet(t, seen)
		if folder == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, "report-"+scheme+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// quiet wants that the page asked for nothing but itself and complained of nothing.
func quiet(t *testing.T, w *watched) {
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
