// A contact sheet: many posts claimed and drawn at once. Those picked are exceptions; one key decides all the others.
import { ask, complain, fragment, say, writing } from "./page.js";

const MOST = 60;
const RENEW = 45_000;
const sheet = document.getElementById("sheet");
const words = sheet.dataset;
const only = document.getElementById("only");
const waiting = document.getElementById("waiting");
const help = document.getElementById("help");
let busy = false;

const cards = () => [...sheet.querySelectorAll(".cardlet")];
const picked = (card) => card.getAttribute("aria-selected") === "true";
const meant = () => cards().filter((card) => picked(card) === only.checked);

async function more(acts = []) {
  // The next sheet in the place of this one; whatever is on this one is let go first.
  const release = cards().map((card) => Number(card.dataset.token));
  if (release.length) await ask("/api/claims", { release });
  const told = await ask("/api/step", { acts, filter: words.filter, want: MOST, count: true, form: "card" });
  sheet.replaceChildren(...told.items.map((item) => fragment(item.html)));
  waiting.textContent = told.waiting;
  const first = sheet.querySelector(".cardlet");
  if (first) step(first);
  else sheet.textContent = words.empty;
  counted();
  return told;
}

function step(card) {
  // One card is reached by Tab; the arrows go on from there.
  for (const other of cards()) other.tabIndex = -1;
  card.tabIndex = 0;
  sheet.tabIndex = -1;
  card.focus();
}

function counted() {
  const count = meant().length;
  for (const many of document.querySelectorAll(".many")) many.textContent = count ? `× ${count}` : "";
}

function pick(card) {
  card.setAttribute("aria-selected", String(!picked(card)));
  counted();
}

async function decide(action, code) {
  const chosen = meant();
  if (!chosen.length) return complain(words.none);
  let reason = code;
  if (action === "reject" && !reason) {
    const found = new Set(chosen.map((card) => card.dataset.found));
    if (found.size !== 1 || found.has("")) return complain(words.mixed);
    [reason] = found;
  }
  const told = await ask("/api/bulk", { tokens: chosen.map((card) => Number(card.dataset.token)), action, code: reason || "" });
  const done = new Set(told.done);
  for (const card of chosen) if (done.has(card.dataset.post)) card.remove();
  const left = chosen.map((card) => card.dataset.post).filter((post) => !done.has(post));
  if (left.length) complain(words.left.replace("{posts}", left.join(", ")));
  waiting.textContent = Math.max(0, Number(waiting.textContent) - done.size);
  say(words[action].replace("{count}", done.size));
  const [next] = cards();
  if (next) {
    step(next);
    counted();
  } else await more();
}

const does = {
  approve: () => decide("approve", null),
  reject: (code) => decide("reject", code),
  async undo() {
    const told = await more([{ action: "undo" }]);
    const [result] = told.results;
    if (result.wrong) complain(result.wrong);
    else say(words.undo.replace("{count}", result.restored.length));
  },
  filter() {
    document.getElementById("filter").focus();
    document.getElementById("filter").select();
  },
  help: () => help.showModal(),
  more: () => more(),
  open() {
    const card = document.activeElement.closest(".cardlet");
    if (card) location.assign(`/post?id=${encodeURIComponent(card.dataset.post)}`);
  },
};

async function act(button) {
  // One thing after another: what is pressed while the server is asked is not taken for the sheet that comes.
  if (busy) return;
  busy = true;
  try {
    await does[button.dataset.action](button.dataset.code);
  } catch (error) {
    complain(error.message);
  } finally {
    busy = false;
  }
}

const keys = new Map([...document.querySelectorAll(".keybar [data-key]")].map((button) => [button.dataset.key, button]));

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.id === "filter") event.target.blur();
  if (writing(event)) return;
  const card = document.activeElement.closest(".cardlet");
  const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across(), ArrowDown: across() }[event.key];
  if (card && (move || event.key === " ")) {
    event.preventDefault();
    if (!move) return pick(card);
    const all = cards();
    step(all[Math.min(all.length - 1, Math.max(0, all.indexOf(card) + move))]);
    return;
  }
  const button = keys.get(event.key);
  if (!button) return;
  event.preventDefault();
  act(button);
});

function across() {
  return getComputedStyle(sheet).gridTemplateColumns.split(" ").length;
}

document.querySelector(".keybar").addEventListener("click", (event) => {
  const button = event.target.closest("[data-key]");
  if (button) act(button);
});

sheet.addEventListener("click", (event) => {
  const card = event.target.closest(".cardlet");
  if (!card) return;
  step(card);
  pick(card);
});

only.addEventListener("change", counted);

setInterval(async () => {
  const renew = cards().map((card) => Number(card.dataset.token));
  if (!renew.length || busy || document.visibilityState === "hidden") return;
  try {
    const still = new Set((await ask("/api/claims", { renew })).held);
    for (const card of cards()) if (renew.includes(Number(card.dataset.token)) && !still.has(Number(card.dataset.token))) card.remove();
    counted();
  } catch (error) {
    complain(error.message);
  }
}, RENEW);

addEventListener("pagehide", () => {
  const release = cards().map((card) => Number(card.dataset.token));
  if (release.length) ask("/api/claims", { release }, { keepalive: true }).catch(() => {});
});

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

more().catch((error) => complain(error.message));
