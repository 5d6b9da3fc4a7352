// The queue: one post drawn, the next ones fetched and decoded ahead, keys sent in the order they were pressed.
//
// A key acts on the post that is drawn when it is pressed. `ready` holds the posts at hand, the drawn one first; each
// carries its claim's token. `acts` are keys not answered yet; one request is under way at a time.
import { ask, complain, fit, fragment, say, show, writing } from "./page.js";

const AHEAD = 8; // posts at hand beside the one drawn: the fastest keys for a second
const AT_ONCE = 4; // posts asked for at a time, so that the next is there before those after it
const RENEW = 45_000;
const desk = document.getElementById("desk");
const words = desk.dataset;
const empty = desk.firstElementChild;
const waiting = document.getElementById("waiting");
const pace = document.getElementById("pace");
const help = document.getElementById("help");
const noteBox = document.getElementById("note");

let ready = [];
let drawn = null;
let acts = [];
let sending = false;
let done = false; // whether the server had nothing more when last asked
let left = Number(waiting.textContent);
let asked = 0;
let pressed = null; // when the last deciding key was pressed, until its next post is drawn
const decided = [];

function tell(template, post) {
  return words[template].replace("{post}", post);
}

// Drawing ------------------------------------------------------------------------------------------------------------

function made(told) {
  const node = fragment(told.html);
  const pictures = [...node.querySelectorAll("img")];
  const item = { post: told.post_id, token: told.token, first: told.first, node, drawable: false };
  Promise.allSettled(pictures.map((picture) => picture.decode())).then(() => {
    item.drawable = true;
    if (ready[0] === item && drawn !== item) draw();
  });
  return item;
}

function draw() {
  const next = ready[0] || null;
  if (next === drawn) return;
  if (next === null) {
    if (drawn) drawn.node.remove();
    drawn = null;
    empty.hidden = false;
    empty.firstElementChild.textContent = done && !sending ? words.empty : empty.firstElementChild.textContent;
  } else if (next.drawable) {
    if (drawn) drawn.node.replaceWith(next.node);
    else desk.append(next.node);
    empty.hidden = true;
    drawn = next;
    fit(next.node);
    next.node.focus({ preventScroll: true });
    if (matchMedia("(max-width: 900px)").matches) scrollTo(0, 0);
    label();
    if (pressed !== null) {
      const since = pressed;
      pressed = null;
      requestAnimationFrame(() => requestAnimationFrame(() => performance.measure("key to drawn", { start: since })));
    }
  }
  document.body.classList.toggle("waiting-next", next !== null && next !== drawn);
}

function label() {
  const found = drawn && drawn.node.dataset.foundLabel;
  const button = document.querySelector('[data-key="x"] span');
  button.dataset.plain ||= button.textContent;
  button.textContent = found ? `${button.dataset.plain.split(/[,（(]/)[0].trim()}: ${found}` : button.dataset.plain;
}

function counted(by) {
  left = Math.max(0, left + by);
  waiting.textContent = left;
}

function keepPace() {
  const now = Date.now();
  decided.push(now);
  while (decided.length && now - decided[0] > 600_000) decided.shift();
  const minutes = Math.max(1, (now - decided[0]) / 60_000);
  pace.textContent = decided.length > 4 ? `${Math.round((decided.length / minutes) * 60)} / h` : "";
}

// Sending ------------------------------------------------------------------------------------------------------------

async function pump() {
  if (sending) return;
  sending = true;
  try {
    while (acts.length || (!done && ready.length <= AHEAD)) {
      const batch = acts.splice(0, 40);
      const have = [...ready, ...batch.map((act) => act.item)].filter(Boolean);
      const now = Date.now();
      const count = now - asked > 3000;
      if (count) asked = now;
      let told;
      try {
        told = await ask("/api/step", {
          acts: batch.map(({ item, ...act }) => act),
          filter: words.filter,
          have: [...new Set(have.map((item) => item.post))],
          want: Math.min(AT_ONCE, Math.max(0, AHEAD + 1 - ready.length)),
          count,
        });
      } catch (error) {
        // What was not answered may or may not have been decided: what was not comes back, once the server answers.
        complain(error.message);
        ready = [];
        setTimeout(pump, 2000);
        break;
      }
      answered(batch, told);
    }
  } finally {
    sending = false;
    draw();
  }
}

function answered(batch, told) {
  told.results.forEach((result, number) => {
    const act = batch[number];
    if (result.wrong) {
      complain(result.wrong);
      if (act.action !== "undo") counted(+1);
    } else if (act.action === "undo") {
      say(tell("undo", result.restored.join(", ")));
      counted(result.restored.length);
      done = false;
    } else {
      say(tell(act.action, act.post_id));
    }
  });
  const known = new Set(ready.map((item) => item.post));
  for (const item of told.items.filter((each) => !known.has(each.post_id)).map(made)) {
    if (item.first) ready.unshift(item);
    else ready.push(item);
  }
  done = told.items.length === 0 && acts.length === 0;
  if (told.waiting !== null) {
    left = told.waiting;
    waiting.textContent = left;
  }
  draw();
}

function send(action, item, more = {}) {
  acts.push({ action, post_id: item ? item.post : "", token: item ? item.token : 0, item, ...more });
  done = false;
  pump();
}

// Keys ---------------------------------------------------------------------------------------------------------------

function leave(action, more) {
  // A key that takes the drawn post off the desk. Where none is drawn, the key is not taken, and that is said.
  if (!drawn || ready[0] !== drawn) {
    complain(words.wait);
    return;
  }
  const item = ready.shift();
  pressed = performance.now();
  if (action !== "skip") {
    counted(-1);
    keepPace();
  }
  draw();
  send(action, item, more);
}

const does = {
  approve: () => leave("approve"),
  skip: () => leave("skip"),
  flag: () => leave("flag"),
  undo: () => send("undo", null),
  reject(code) {
    const reason = code || (drawn && drawn.node.dataset.found);
    if (drawn && !reason) complain(words.noreason);
    else leave("reject", { code: reason });
  },
  note() {
    if (!drawn) return;
    noteBox.dataset.post = drawn.post;
    noteBox.querySelector("h2 code").textContent = drawn.post;
    noteBox.querySelector("textarea").value = "";
    noteBox.returnValue = "";
    noteBox.showModal();
    noteBox.querySelector("textarea").focus();
  },
  async compare() {
    if (!drawn) return;
    if (!drawn.node.dataset.repeats) say(words.alone);
    else await lay(drawn, `/compare?id=${encodeURIComponent(drawn.post)}`, "compare");
  },
  view() {
    document.body.classList.toggle("full");
    if (drawn) fit(drawn.node);
  },
  filter() {
    document.body.classList.remove("full");
    const field = document.getElementById("filter");
    field.focus();
    field.select();
  },
  help: () => help.showModal(),
  async settle_cluster() {
    // The first press draws the cluster, the second settles what was drawn.
    if (!drawn) return;
    const item = drawn;
    const box = item.node.querySelector(".compared");
    if (box.hidden || box.dataset.what !== "cluster") {
      await lay(item, `/cluster?part=1&id=${encodeURIComponent(item.post)}`, "cluster");
      return;
    }
    const found = item.node.dataset.found;
    const code = found.startsWith("duplicate.") ? found : "duplicate.near";
    const cards = [...box.querySelectorAll('[data-settles="1"]')];
    const asked = { post_id: item.post, token: item.token, code };
    asked.drawn = cards.map((card) => [card.dataset.post, Number(card.dataset.revision)]);
    box.hidden = true;
    try {
      const { settled } = await ask("/api/settle", asked);
      ready = ready.filter((each) => !settled.includes(each.post));
      counted(-settled.length);
      say(words.settled.replace("{count}", settled.length));
    } catch (error) {
      complain(error.message);
    }
    done = false;
    draw();
    pump();
  },
};

async function lay(item, address, what) {
  // Lay a part of a page over an item's pictures, or take it off again.
  const box = item.node.querySelector(".compared");
  if (!box.hidden && box.dataset.what === what) {
    box.hidden = true;
    return;
  }
  if (box.dataset.what !== what) {
    const answer = await fetch(address);
    if (!answer.ok) {
      say(words.alone);
      return;
    }
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    box.replaceChildren(...parsed.body.children);
    box.dataset.what = what;
  }
  box.hidden = !box.firstElementChild;
  if (box.hidden) say(words.alone);
}

const keys = new Map([...document.querySelectorAll(".keybar [data-key]")].map((button) => [button.dataset.key, button]));

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.id === "filter") event.target.blur();
  if (event.key === "Escape") {
    document.body.classList.remove("full");
    if (drawn) drawn.node.querySelector(".compared").hidden = true;
  }
  if (writing(event)) return;
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    turn(event.key === "ArrowLeft" ? -1 : 1);
    return;
  }
  const button = keys.get(event.key === " " ? "space" : event.key);
  if (!button) return;
  event.preventDefault();
  does[button.dataset.action](button.dataset.code);
});

document.querySelector(".keybar").addEventListener("click", (event) => {
  const button = event.target.closest("[data-key]");
  if (button) does[button.dataset.action](button.dataset.code);
});

function turn(by) {
  const all = drawn ? [...drawn.node.querySelectorAll("[data-show]")] : [];
  if (all.length < 2) return;
  const at = all.findIndex((button) => button.getAttribute("aria-pressed") === "true");
  show(drawn.node, Number(all[(at + by + all.length) % all.length].dataset.show));
}

noteBox.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) noteBox.querySelector("[value=keep]").click();
});

noteBox.addEventListener("close", async () => {
  const text = noteBox.querySelector("textarea").value.trim();
  if (drawn) drawn.node.focus({ preventScroll: true });
  if (noteBox.returnValue !== "keep" || !text) return;
  try {
    await ask("/api/note", { post_id: noteBox.dataset.post, text });
    say(tell("noted", noteBox.dataset.post));
  } catch (error) {
    complain(error.message);
  }
});

// Claims -------------------------------------------------------------------------------------------------------------

setInterval(async () => {
  const held = ready.map((item) => item.token);
  if (!held.length || document.visibilityState === "hidden") return;
  try {
    const told = await ask("/api/claims", { renew: held });
    const still = new Set(told.held);
    const lost = ready.filter((item) => held.includes(item.token) && !still.has(item.token));
    if (!lost.length) return;
    if (lost.includes(drawn)) complain(words.taken);
    ready = ready.filter((item) => !lost.includes(item));
    done = false;
    draw();
    pump();
  } catch (error) {
    complain(error.message);
  }
}, RENEW);

addEventListener("pagehide", () => {
  const release = ready.map((item) => item.token);
  if (release.length) ask("/api/claims", { release }, { keepalive: true }).catch(() => {});
});

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

pump();
