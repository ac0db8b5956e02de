"use strict";
(function () {
  const bindings = Array.from(document.querySelectorAll(".binding"));
  // Every binding lists every check: of those only what failed or is unknown is worth finding.
  const searched = ":scope > :not(.checks), :scope > .checks tr.fail, :scope > .checks tr.unknown";
  let texts = null; // read when first asked for: a large report opens sooner
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const count = document.getElementById("count");
  const decisions = Array.from(document.querySelectorAll("input[name=decision]"));

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    texts = texts || bindings.map((b) => Array.from(b.querySelectorAll(searched), (e) => e.textContent).join(" ").toLowerCase());
    const wanted = new Set(decisions.filter((d) => d.checked).map((d) => d.value));
    let shown = 0;
    bindings.forEach((b, i) => {
      const show = wanted.has(b.dataset.decision) &&
        (!found.checked || b.dataset.findings !== "0") &&
        words.every((w) => texts[i].includes(w));
      b.hidden = !show;
      shown += show ? 1 : 0;
    });
    count.textContent = shown + " of " + bindings.length + " shown";
  }

  function setOpen(open) {
    bindings.forEach((b) => { if (!b.hidden) { b.open = open; } });
  }

  document.querySelector(".filter").addEventListener("input", filter);
  document.querySelector(".filter").addEventListener("submit", (e) => e.preventDefault());
  document.getElementById("expand").addEventListener("click", () => setOpen(true));
  document.getElementById("collapse").addEventListener("click", () => setOpen(false));
  document.addEventListener("keydown", (e) => {
    if (e.key === "/" && !e.ctrlKey && !e.altKey && !e.metaKey && document.activeElement !== search) {
      e.preventDefault();
      search.focus();
    }
  });
  // Paper cannot be unfolded.
  let before = [];
  window.addEventListener("beforeprint", () => {
    const all = Array.from(document.querySelectorAll("details"));
    before = all.map((d) => [d, d.open]);
    all.forEach((d) => { d.open = true; });
  });
  window.addEventListener("afterprint", () => before.forEach(([d, open]) => { d.open = open; }));
})();
