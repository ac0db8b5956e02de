"use strict";
(function () {
  // The list draws the cards that are looked at: a page of thousands opens at once.
  const step = 50;
  const data = JSON.parse(document.getElementById("data").textContent);
  const rows = data.rows.map((row, number) => Object.assign(row, { number, open: row.rank < 2, verdict: row.verdict || row.decision }))
    .sort((a, b) => a.rank - b.rank || a.number - b.number);
  rows.forEach((row) => { (row.notes || []).forEach((n) => { n.place = n.place || row.place; }); });
  const $ = (id) => document.getElementById(id);
  const [list, search, found, count, more] = ["list", "search", "found", "count", "more"].map($);
  const tiles = Array.from(document.querySelectorAll(".tile"));
  let words = [];
  let matches = rows;
  let drawn = 0;

  // searched is all the text that a row's card shows before its evidence is asked for.
  function searched(row) {
    if (row.text === undefined) {
      const notes = (row.notes || []).flatMap((n) => [n.severity, n.rule, n.place, n.message, n.fix]);
      row.text = [row.domain, row.group, row.groupName, row.stage, row.verdict, row.place, row.region, row.type, row.counts, row.ends, ...notes]
        .filter(Boolean).join("\n").toLowerCase();
    }
    return row.text;
  }

  // element makes an element; texts become text, with what was searched for marked.
  function element(name, attributes, ...children) {
    const e = document.createElement(name);
    Object.entries(attributes || {}).forEach(([k, v]) => e.setAttribute(k, v));
    children.forEach((c) => (typeof c === "string" ? mark(e, c) : e.append(c)));
    return e;
  }

  function mark(parent, text) {
    const lower = text.toLowerCase();
    for (let at = 0; at < text.length;) {
      const next = words.map((w) => [lower.indexOf(w, at), w.length]).filter(([i]) => i >= 0).sort((a, b) => a[0] - b[0] || b[1] - a[1])[0];
      if (!next || lower.length !== text.length) { parent.append(text.slice(at)); return; }
      const hit = document.createElement("mark");
      hit.textContent = text.slice(next[0], next[0] + next[1]);
      parent.append(text.slice(at, next[0]), hit);
      at = next[0] + next[1];
    }
  }

  function note(n) {
    const rule = element("code", {}, n.rule);
    const why = $("why-" + n.rule) ? element("a", { href: "#why-" + n.rule }, rule) : rule;
    const item = element("li", { class: n.severity },
      element("p", {}, element("b", {}, n.severity), " ", why, " ", element("span", { class: "at" }, n.place)), element("p", {}, n.message));
    if (n.fix) { item.append(element("p", { class: "fix" }, element("b", {}, "Fix"), " ", n.fix)); }
    return item;
  }

  function card(row) {
    const group = row.groupName ? row.groupName + " (" + row.group + ")" : row.group;
    const binding = element("details", { class: "binding " + row.class, id: row.id, "data-decision": row.decision },
      element("summary", {}, element("span", { class: "mark", "aria-hidden": "true" }, row.mark), " ", element("h3", {}, row.domain), " ",
        element("span", { class: "to" }, (row.kind ? "→ " + row.kind + " " + group : "") + (row.stage ? " (" + row.stage + ")" : "")), " ", element("span", { class: "verdict" }, row.verdict)));
    const meta = [row.region, row.type, row.counts, row.ends && "certificate ends " + row.ends].filter(Boolean);
    const link = element("a", { href: "#" + row.id, class: "self", "aria-label": "Link to " + row.domain }, "#");
    binding.append(element("p", { class: "meta" }, element("code", {}, row.place), " · " + meta.join(" · ") + " ", link));
    if (row.notes) { binding.append(element("h4", {}, "Findings"), element("ul", { class: "notes" }, ...row.notes.map(note))); }
    const evidence = element("details", { class: "more evidence" }, element("summary", {}, "Evidence"));
    evidence.addEventListener("toggle", () => { if (evidence.open) { fill(evidence, row); } });
    binding.append(evidence);
    binding.open = row.open || words.length > 0 && Boolean(row.notes);
    return binding;
  }

  // The evidence is drawn by the program, which escaped every text in it.
  const parts = [];
  function part(number) {
    parts[number] = parts[number] || (async () => {
      const bytes = Uint8Array.from(atob(data.parts[number]), (c) => c.charCodeAt(0));
      const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
      return JSON.parse(await new Response(plain).text());
    })();
    return parts[number];
  }

  async function fill(evidence, row) {
    if (evidence.dataset.filled) { return; }
    evidence.dataset.filled = "yes";
    const inside = document.createElement("div");
    try {
      inside.innerHTML = (await part(Math.floor(row.number / data.cardsInPart)))[row.number % data.cardsInPart];
    } catch (problem) {
      inside.textContent = "This browser cannot unpack the evidence (" + problem.message + "); open the page in a newer one.";
    }
    evidence.append(inside);
  }

  function draw(upTo) {
    list.append(...matches.slice(drawn, upTo).map(card));
    drawn = Math.max(drawn, Math.min(upTo, matches.length));
    more.hidden = drawn === matches.length;
    more.textContent = "Show more (" + (matches.length - drawn) + " left)";
  }

  function filter() {
    words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(tiles.filter((t) => t.getAttribute("aria-pressed") === "true").map((t) => t.dataset.decision));
    matches = rows.filter((row) => wanted.has(row.decision) && (!found.checked || row.notes) && words.every((w) => searched(row).includes(w)));
    list.replaceChildren();
    drawn = 0;
    draw(step);
    count.textContent = matches.length + " of " + rows.length + " shown";
  }

  function setOpen(open) {
    rows.forEach((row) => { row.open = open; });
    list.querySelectorAll(".binding").forEach((b) => { b.open = open; });
  }

  // A link to a binding finds it wherever it stands in the list, and a link to a check opens its text.
  function follow() {
    const id = decodeURIComponent(location.hash.slice(1));
    const there = rows.find((row) => row.id === id);
    if (there && !matches.includes(there)) {
      search.value = "";
      found.checked = false;
      tiles.forEach((t) => t.setAttribute("aria-pressed", "true"));
      filter();
    }
    if (there) { draw(matches.indexOf(there) + 1); }
    const target = $(id);
    if (target && target.tagName === "DETAILS") {
      target.open = true;
      target.scrollIntoView();
    }
  }

  // A cell that a spreadsheet would compute begins with an apostrophe (OWASP, "CSV Injection").
  const cell = (text) => '"' + String(text || "").replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""') + '"';
  function csv() {
    const head = ["decision", "verdict", "domain", "bound to", "id", "name", "region", "stage", "network type", "certificate ends", "findings", "place"];
    const lines = matches.map((r) => [r.decision, r.verdict, r.domain, r.kind, r.group, r.groupName, r.region, r.stage, r.type, r.ends,
      (r.notes || []).map((n) => n.severity + " " + n.rule + ": " + n.message).join("\n"), r.place]);
    return [head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
  }

  document.querySelector(".filter").hidden = false;
  document.querySelector(".filter").addEventListener("input", filter);
  document.querySelector(".filter").addEventListener("submit", (e) => e.preventDefault());
  tiles.forEach((tile) => tile.addEventListener("click", () => {
    tile.setAttribute("aria-pressed", String(tile.getAttribute("aria-pressed") !== "true"));
    filter();
  }));
  more.addEventListener("click", () => draw(drawn + step));
  new IntersectionObserver((seen) => { if (seen.some((s) => s.isIntersecting) && !more.hidden) { draw(drawn + step); } }).observe(more);
  $("expand").addEventListener("click", () => setOpen(true));
  $("collapse").addEventListener("click", () => setOpen(false));
  $("csv").addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    element("a", { href: address, download: "bindings.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "/" && !e.ctrlKey && !e.altKey && !e.metaKey && document.activeElement !== search) {
      e.preventDefault();
      search.focus();
    }
  });
  addEventListener("hashchange", follow);

  // Paper cannot be unfolded: it gets every finding, and the evidence that was asked for.
  let before = [];
  let everything = false;
  addEventListener("beforeprint", () => {
    draw(matches.length);
    const all = Array.from(document.querySelectorAll(".binding, .why, details.run")).concat(everything ? Array.from(list.querySelectorAll(".evidence, .evidence details")) : []);
    before = all.map((d) => [d, d.open]);
    all.forEach((d) => { d.open = true; });
  });
  addEventListener("afterprint", () => { before.forEach(([d, open]) => { d.open = open; }); everything = false; });
  $("paper").addEventListener("click", async () => {
    draw(matches.length);
    const cards = Array.from(list.querySelectorAll(".evidence"));
    await Promise.all(cards.map((e, i) => fill(e, matches[i])));
    everything = true;
    print();
  });

  filter();
  follow();
})();
