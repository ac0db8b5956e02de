package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestBoard checks the board of the demo's cut-over: each of eight domains in its state, in
// the order of the states, with what is next; readable on a wide and a narrow screen, light
// and dark.
func TestBoard(t *testing.T) {
	ctx, seen := open(t, "BINDGATE_BOARD")
	type column struct {
		Name, Title string
		Count       int
		Domains     []string
	}
	columns := value[[]column](t, ctx, `[...document.querySelectorAll(".board .column")].map((c) => ({ name: c.ariaLabel, title: c.querySelector("h3").textContent,
		count: Number(c.querySelector("h3 span").textContent), domains: [...c.querySelectorAll("summary")].map((s) => s.textContent) }))`)
	at := map[string]int{} // the number of the state of each domain
	last := 0
	for _, c := range columns {
		var number int
		if _, err := fmt.Sscanf(c.Title, "%d", &number); err != nil || number <= last || c.Title != fmt.Sprintf("%d %s %d", number, c.Name, c.Count) {
			t.Errorf("the column %q after state %d has the title %q", c.Name, last, c.Title)
		}
		last = number
		if c.Count != len(c.Domains) || c.Count == 0 {
			t.Errorf("%s: %d domains, and it says %d", c.Name, len(c.Domains), c.Count)
		}
		for _, d := range c.Domains {
			at[d] = number
		}
	}
	if len(at) != 8 || len(columns) != 8 {
		t.Fatalf("%d domains in %d columns, want 8 in 8: %+v", len(at), len(columns), columns)
	}
	for domain, state := range map[string]int{"partner.demo.com": 1, "ready.demo.com": 4, "done.demo.com": 8} {
		if at[domain] != state {
			t.Errorf("%s is in state %d, want %d", domain, at[domain], state)
		}
	}
	if colours := value[[]string](t, ctx, `[...new Set([...document.querySelectorAll(".board .column")].map((c) => getComputedStyle(c).borderTopColor))]`); len(colours) != 3 {
		t.Errorf("the columns have the colours %q, want one for each of good, doubtful and neither", colours)
	}
	if text := value[string](t, ctx, `document.querySelector("[aria-labelledby=board] p").textContent`); len(text) < 20 {
		t.Errorf("the days that are left: %q", text)
	}

	// By keyboard: the first domain unfolds, and shows what keeps it where it is.
	run(t, ctx, chromedp.Evaluate(`document.querySelector(".board summary").focus(), 0`, nil), chromedp.KeyEvent("\r"),
		chromedp.Poll(`document.querySelector(".board details").open`, nil))
	if n := value[int](t, ctx, `[...document.querySelectorAll(".board details[open] li")].filter((l) => l.getBoundingClientRect().height > 1 && l.textContent.trim()).length`); n == 0 {
		t.Error("an unfolded domain says nothing")
	}
	run(t, ctx, chromedp.Evaluate(`document.querySelectorAll(".board details").forEach((d) => { d.open = true; }), 0`, nil))
	if n := value[int](t, ctx, `[...document.querySelectorAll(".board pre")].filter((p) => p.textContent.includes("bindgate ") || p.textContent.includes("aliyun ")).length`); n == 0 {
		t.Error("no domain shows a command that is next")
	}

	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1200, 420} {
			run(t, ctx, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
				chromedp.EmulateViewport(width, 1400))
			for _, f := range value[[]string](t, ctx, faint) {
				t.Errorf("%s, %d wide: %s", scheme, width, f)
			}
			if over := value[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
				t.Errorf("%s: the page is %d wider than its window of %d", scheme, over, width)
			}
			if cut := value[[]string](t, ctx, spilling); len(cut) > 0 {
				t.Errorf("%d wide: text leaves its column, or columns overlap: %q", width, cut)
			}
		}
	}
	run(t, ctx, chromedp.Evaluate(`document.querySelector(".board summary").style.whiteSpace = "nowrap", document.querySelector(".board summary").textContent = "x".repeat(300), 0`, nil))
	if len(value[[]string](t, ctx, spilling)) == 0 {
		t.Error("a text that leaves its column is not found, so nothing was measured")
	}
	quiet(t, seen)
}

// spilling lists texts of the board that are wider than their column, and columns that
// overlap.
const spilling = `(() => {
	const columns = [...document.querySelectorAll(".board .column")], boxes = columns.map((c) => c.getBoundingClientRect()), found = [];
	columns.forEach((c, i) => {
		for (const e of c.querySelectorAll("h3, summary, li, pre")) if (e.getBoundingClientRect().right > boxes[i].right + 1 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0) found.push(e.textContent.slice(0, 60));
		boxes.slice(0, i).forEach((b) => { const a = boxes[i]; if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) found.push("overlap of " + c.ariaLabel); });
	});
	return found;
})()`
