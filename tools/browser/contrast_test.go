package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// faint lists texts whose contrast with the background is below 4.5 to 1 (WCAG
// 2.2, 1.4.3, also required by EN 301 549), each colour pair once.
const faint = `(() => {
	const rgb = (c) => (c.match(/[\d.]+/g) || []).map(Number);
	const light = (c) => { const [r, g, b] = rgb(c).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3] !== 0) return c; } return "rgb(255, 255, 255)"; };
	const found = new Map();
	const look = (e, colour) => { const a = light(colour), b = light(behind(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (!(ratio >= 4.5)) found.set(colour + " on " + behind(e), ratio.toFixed(2) + " " + e.outerHTML.slice(0, 80)); };
	for (const e of document.body.querySelectorAll("*")) {
		if (e.placeholder) look(e, getComputedStyle(e, "::placeholder").color);
		if (![...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim()) || ["SCRIPT", "title"].includes(e.tagName)) continue;
		const style = getComputedStyle(e);
		look(e, e instanceof SVGElement ? style.fill : style.color);
	}
	return [...found].map((f) => f.join(": "));
})()`

func TestContrast(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		ctx, seen := open(t, "BINDGATE_REPORT")
		run(t, ctx, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
			chromedp.SendKeys("#search", "demo", chromedp.ByID))
		expand(t, ctx)
		for _, f := range value[[]string](t, ctx, faint) {
			t.Errorf("%s: %s", scheme, f)
		}
		run(t, ctx, chromedp.Evaluate(`document.body.style.color = "gray", 0`, nil))
		if len(value[[]string](t, ctx, faint)) == 0 {
			t.Errorf("%s: gray text is not found faint, so nothing was measured", scheme)
		}
		quiet(t, seen)
	}
}
