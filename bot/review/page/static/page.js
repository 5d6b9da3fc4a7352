// What every view shares: asking the server, telling the person, copying, closing.
const body = document.body;
const said = document.getElementById("said");
const wrong = document.getElementById("wrong");
let fading = 0;

export async function ask(path, value, options = {}) {
  // A write with the session's CSRF token. Throws what the server said where it refused.
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": body.dataset.csrf },
      body: JSON.stringify(value),
      ...options,
    });
  } catch {
    throw new Error(body.dataset.lost);
  }
  if (answer.status === 401) location.assign("/login");
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error || body.dataset.lost);
  return told;
}

export function say(words) {
  said.textContent = words;
  clearTimeout(fading);
  fading = setTimeout(() => { said.textContent = ""; }, 2600);
}

export function complain(words) {
  wrong.textContent = words;
  if (words) setTimeout(() => { if (wrong.textContent === words) wrong.textContent = ""; }, 9000);
}

export function writing(event) {
  // Whether a key belongs to a text field, to the browser, to an input method, or to a button that has the focus.
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return true;
  const target = event.composedPath()[0];
  if (!(target instanceof Element)) return false;
  if (target.closest("input, textarea, select, [contenteditable], dialog")) return true;
  return (event.key === " " || event.key === "Enter") && target.closest("button, a, summary") !== null;
}

export function fragment(html) {
  // The one element of a piece of HTML that our own server escaped; its pictures begin to load.
  return document.importNode(new DOMParser().parseFromString(html, "text/html").body.firstElementChild, true);
}

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.parentElement.querySelector("p").textContent);
    say(body.dataset.copied);
  }
  const shown = event.target.closest("[data-show]");
  if (shown) show(shown.closest(".item"), Number(shown.dataset.show));
});

export function show(item, number) {
  for (const figure of item.querySelectorAll(".picture")) figure.hidden = Number(figure.dataset.number) !== number;
  for (const button of item.querySelectorAll("[data-show]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.show) === number));
  }
  item.querySelector(".compared").hidden = true;
  fit(item);
}

export function fit(item) {
  // The overlay lies on the picture exactly: as large as it is drawn just now.
  for (const image of item.querySelectorAll(".frame img")) {
    const overlay = image.nextElementSibling;
    if (overlay && image.offsetWidth) {
      overlay.setAttribute("width", image.offsetWidth);
      overlay.setAttribute("height", image.offsetHeight);
    }
  }
}

for (const here of document.querySelectorAll(".top nav [aria-current], .chips [aria-current]")) {
  here.scrollIntoView({ inline: "center", block: "nearest" });
}
new ResizeObserver(() => document.querySelectorAll(".item").forEach(fit)).observe(document.getElementById("main"));
document.addEventListener("load", (event) => {
  const item = event.target instanceof Element && event.target.closest(".item");
  if (item) fit(item);
}, true);
