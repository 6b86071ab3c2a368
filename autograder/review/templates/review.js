// Keys, the linked grids, and a note of who else is here. Every page works without it.
"use strict";

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const body = document.body;
const desk = body.dataset.desk;
let leaving = false;

// --- keys

const isField = (element) => element.matches("input:not([type=checkbox], [type=range]), textarea, select");

function press(key) {
  const target = find(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return false;
  if (target.matches("input, textarea")) {
    target.focus();
    if (target.select && target.type !== "range") target.select();
  } else {
    target.click();
  }
  return true;
}

function save(selector) {
  const form = find("[data-grade]"), button = find(selector);
  if (form && button) form.requestSubmit(button);
}

document.addEventListener("keydown", (event) => {
  const help = find("#help");
  if (event.isComposing || (help && help.open)) return;
  const { key, target } = event;
  if ((event.ctrlKey || event.metaKey) && key === "Enter") {
    event.preventDefault();
    save("[data-save-next]");
  } else if (event.altKey && /^[1-9]$/.test(key)) {
    const snippet = all("[data-snippet]")[Number(key) - 1];
    if (snippet) { event.preventDefault(); insert(snippet.dataset.snippet); }
  } else if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  } else if (key === "Escape" && target !== body) {
    target.blur();
  } else if (isField(target)) {
    return;
  } else if (key === "?") {
    event.preventDefault();
    if (help) help.showModal();
  } else if (/^[0-9]$/.test(key) && find("[data-points]")) {
    event.preventDefault();
    const points = find("[data-points]");
    points.focus();
    points.value = key;
    points.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (key.startsWith("Arrow") && target.closest(".cards")) {
    if (step(target, key)) event.preventDefault();
  } else if (key.length === 1 && press(key)) {
    event.preventDefault();
  }
});

const helpButton = find("[data-help]");
if (helpButton && find("#help")) {
  helpButton.hidden = false;
  helpButton.addEventListener("click", () => find("#help").showModal());
}

// --- the wall

function step(card, key) {
  const cards = all(".one:not([hidden]) > a"), here = cards.indexOf(card);
  const top = card.getBoundingClientRect().top;
  const columns = cards.filter((one) => Math.abs(one.getBoundingClientRect().top - top) < 2).length || 1;
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key];
  const next = cards[here + by];
  if (next) next.focus();
  return Boolean(next);
}

const choose = find("[data-choose]");
if (choose) {
  find("[data-apply]").hidden = true;
  choose.addEventListener("change", (event) => { if (event.target.matches("select")) choose.requestSubmit(); });
  choose.addEventListener("submit", () => {
    for (const field of choose.elements) if (!field.value || (field.name === "show" && field.value === "all") || (field.name === "sort" && field.value === "name")) field.disabled = true;
  });
  addEventListener("pageshow", () => { for (const field of choose.elements) field.disabled = false; });
  const cards = all(".one"), count = find("[data-count]"), total = count.textContent.split(" of ").pop();
  const search = find("[type=search]", choose);
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    let shown = 0;
    for (const card of cards) {
      card.hidden = !find(".name", card).textContent.toLowerCase().includes(wanted);
      shown += !card.hidden;
    }
    count.textContent = `${shown} of ${total}`;
  });
}

// --- grading

const form = find("[data-grade]");
let typed = false;
if (form) {
  form.addEventListener("input", (event) => { if (!event.target.matches("[type=range]")) typed = true; });
  addEventListener("submit", () => { leaving = true; });
  for (const link of all("[data-leave]")) link.addEventListener("click", () => { leaving = true; });
  addEventListener("beforeunload", (event) => { if (typed && !leaving) event.preventDefault(); });
  if (find("[data-focus]")) { typed = true; find("[data-focus]").focus(); }
  const wrong = find("[aria-invalid=true]");
  if (wrong) wrong.focus();
}

function insert(text) {
  const comment = find("[data-comment]");
  if (!comment) return;
  const before = comment.value.trim();
  comment.value = before ? `${before}\n\n${text}` : text;
  comment.dispatchEvent(new Event("input", { bubbles: true }));
  comment.focus();
}

for (const button of all("[data-snippet]")) button.addEventListener("click", () => insert(button.dataset.snippet));

// --- the linked grids

const loupe = find("[data-loupe]");
if (loupe) {
  const [PANEL, PITCH, COLUMNS] = [28, 30, Number(find("[data-grids]").dataset.columns)];
  const range = find("[data-filter-range]"), facts = find("[data-facts]"), number = find("[data-filter-number]");
  const rows = new Map(all("[data-filters] tr").map((row) => [row.dataset.filter, [...row.cells].map((cell) => cell.textContent)]));
  const heads = all(".table thead th").map((cell) => cell.dataset.fact ?? cell.textContent);
  const curves = all("[data-curves]");
  const grids = all("[data-grid]").map((grid) => {
    const mark = document.createElement("span");
    mark.className = "mark";
    grid.append(mark);
    return { grid, mark, image: find("img", grid), count: Number(grid.dataset.count), zoom: find(`[data-zoom="${grid.dataset.grid}"]`) };
  });
  let pinned = 0;

  // the exercise's panel about the chosen image, fetched when the choice has rested for a moment
  const panel = find("[data-panel]");
  let resting;
  const follow = (index) => {
    clearTimeout(resting);
    if (!panel || panel.dataset.panel === String(index)) return;
    resting = setTimeout(async () => {
      try {
        const answer = await fetch(`${desk}/panel/${index}?${panel.dataset.version}`);
        if (!answer.ok || range.value !== String(index)) return;
        panel.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
        panel.dataset.panel = index;
      } catch { /* the server has been stopped; the panel stays as it is */ }
    }, 60);
  };

  const show = (index) => {
    for (const { mark, image, count, zoom } of grids) {
      const [row, column] = [Math.floor(index / COLUMNS), index % COLUMNS];
      mark.hidden = index >= count;
      const wide = image.getAttribute("width") / 100, high = image.getAttribute("height") / 100;
      mark.style.left = `${(column * PITCH) / wide}%`;
      mark.style.top = `${(row * PITCH) / high}%`;
      mark.style.width = `${PANEL / wide}%`;
      mark.style.height = `${PANEL / high}%`;
      const context = zoom.getContext("2d");
      context.clearRect(0, 0, PANEL, PANEL);
      if (index < count && image.complete && image.naturalWidth)
        context.drawImage(image, column * PITCH, row * PITCH, PANEL, PANEL, 0, 0, PANEL, PANEL);
    }
    for (const drawing of curves) {
      for (const old of all(".now", drawing)) old.classList.remove("now");
      const line = find(`[data-filter="${index}"]`, drawing);
      if (line) line.classList.add("now");
    }
    number.textContent = range.value = index;
    follow(index);
    const cells = rows.get(String(index)) || [];
    facts.replaceChildren(...cells.map((text, place) => [heads[place], text]).slice(1).filter(([, text]) => text).map(([head, text]) => {
      const [pair, term, value] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
      term.textContent = head;
      value.textContent = text;
      pair.append(term, value);
      return pair;
    }));
  };
  const at = (event, { image, count }) => {
    const box = image.getBoundingClientRect(), size = box.width / image.getAttribute("width");
    const column = Math.floor((event.clientX - box.left) / size / PITCH), row = Math.floor((event.clientY - box.top) / size / PITCH);
    const index = row * COLUMNS + column;
    return column >= 0 && column < COLUMNS && index >= 0 && index < count ? index : null;
  };
  for (const one of grids) {
    one.image.addEventListener("pointermove", (event) => { const index = at(event, one); if (index !== null) show(index); });
    one.image.addEventListener("pointerleave", () => show(pinned));
    one.image.addEventListener("click", (event) => { const index = at(event, one); if (index !== null) { pinned = index; show(index); } });
    one.image.addEventListener("load", () => show(pinned));
  }
  range.addEventListener("input", () => { pinned = Number(range.value); show(pinned); });
  const larger = find("[data-larger]");
  larger.addEventListener("click", () => larger.setAttribute("aria-pressed", find(".look").classList.toggle("larger")));
  loupe.hidden = false;
  show(0);
}

// --- who else is here

if (desk && body.dataset.version) {
  const words = new URLSearchParams({ csrf: body.dataset.csrf });
  const others = find("[data-others]"), stale = find("[data-stale]");
  const ask = async () => {
    if (document.hidden || leaving) return;
    try {
      const answer = await fetch(`${desk}/here`, { method: "POST", body: words });
      if (!answer.ok) return;
      const now = await answer.json();
      others.hidden = !now.others.length;
      others.textContent = `${now.others.join(", ")} ${now.others.length === 1 ? "has" : "have"} this submission open, too.`;
      stale.hidden = now.version === body.dataset.version || leaving;
      if (!stale.hidden) stale.textContent = `${now.by || "Another person"} has saved this submission in the meantime. Reload the page to see it; if you save, you will be shown both.`;
    } catch { /* the server has been stopped; saving will tell */ }
  };
  setTimeout(ask, 300); // the page may have been made before it was asked for
  setInterval(ask, 4000);
  document.addEventListener("visibilitychange", ask);
}
