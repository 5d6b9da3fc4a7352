// Judging: digits mark the criterion that is lit, Enter saves and draws the next post.
//
// A key acts on the post that is drawn when it is pressed; while an answer is under way none is taken. `past` holds the
// posts that were marked on this page: going back draws one again, and saving it replaces its marks.
import { ask, complain, fit, fragment, say, show, writing } from "./page.js";

const desk = document.getElementById("desk");
const words = desk.dataset;
const empty = desk.querySelector(".empty");
const past = [];
let drawn = desk.querySelector(".item");
let busy = false;

function criteria() {
  return [...drawn.querySelectorAll("[data-criterion]")];
}

function light(number) {
  const all = criteria();
  const at = Math.min(Math.max(number, 0), all.length - 1);
  all.forEach((each, index) => each.classList.toggle("now", index === at));
}

function lit() {
  return criteria().findIndex((each) => each.classList.contains("now"));
}

function give(criterion, mark) {
  for (const button of criterion.querySelectorAll("[data-mark]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.mark) === mark));
  }
  criterion.dataset.given = mark;
  light(criteria().indexOf(criterion) + 1);
}

function draw(next) {
  if (drawn) drawn.remove();
  drawn = next;
  empty.hidden = next !== null;
  if (!next) return;
  desk.append(next);
  light(0);
  fit(next);
  next.focus({ preventScroll: true });
}

function counted(told) {
  document.getElementById("scored").textContent = told.scored;
  document.getElementById("left").textContent = told.left;
  const far = document.getElementById("far");
  far.max = told.scored + told.left || 1;
  far.value = told.scored;
  empty.firstElementChild.textContent = told.left ? words.later : words.done;
}

async function send(marks, done) {
  if (busy || !drawn) {
    complain(words.wait);
    return;
  }
  busy = true;
  document.body.classList.add("waiting-next");
  const node = drawn;
  try {
    const told = await ask("/api/judge", { code: node.dataset.code, marks });
    const next = told.html === null ? null : fragment(told.html);
    if (next) await Promise.allSettled([...next.querySelectorAll("img")].map((picture) => picture.decode()));
    if (!past.includes(node)) past.push(node);
    counted(told);
    draw(next);
    say(words[done].replace("{post}", node.dataset.code));
  } catch (error) {
    complain(error.message);
  } finally {
    busy = false;
    document.body.classList.remove("waiting-next");
  }
}

const does = {
  save() {
    if (!drawn) return;
    const all = criteria();
    const open = all.findIndex((each) => each.dataset.given === undefined);
    if (open >= 0) {
      light(open);
      complain(words.missing);
      return;
    }
    send(Object.fromEntries(all.map((each) => [each.dataset.criterion, Number(each.dataset.given)])), "saved");
  },
  recuse() {
    if (drawn) send(null, "recused");
  },
  back() {
    if (busy) return;
    const at = past.includes(drawn) ? past.indexOf(drawn) : past.length;
    if (at === 0) {
      say(words.first);
      return;
    }
    draw(past[at - 1]);
  },
  view() {
    document.body.classList.toggle("full");
    if (drawn) fit(drawn);
  },
};

function turn(by) {
  const pictures = [...drawn.querySelectorAll(".picture")];
  const at = pictures.findIndex((each) => !each.hidden);
  if (pictures.length > 1) show(drawn, (at + by + pictures.length) % pictures.length);
}

document.addEventListener("keydown", (event) => {
  if (writing(event)) return;
  const keys = { Enter: does.save, r: does.recuse, u: does.back, v: does.view };
  if (/^[0-9t]$/.test(event.key)) {
    if (busy || !drawn) complain(words.wait);
    else give(criteria()[lit()], event.key === "t" ? 10 : Number(event.key));
  } else if (keys[event.key]) {
    keys[event.key]();
  } else if (drawn && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    light(lit() + (event.key === "ArrowDown" ? 1 : -1));
  } else if (drawn && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
    turn(event.key === "ArrowRight" ? 1 : -1);
  } else if (event.key === "Escape") {
    document.body.classList.remove("full");
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-mark], [data-action]");
  if (!button) return;
  if (button.dataset.action) does[button.dataset.action]();
  else if (!busy) give(button.closest("[data-criterion]"), Number(button.dataset.mark));
  if (drawn && event.detail > 0) drawn.focus({ preventScroll: true }); // clicked: the next Enter saves
});

if (drawn) {
  fit(drawn);
  drawn.focus({ preventScroll: true });
}
