// A cluster by itself: its copies are rejected at once, who belongs to it is corrected, and both are taken back.
import { ask, complain, say, writing } from "./page.js";

const { settled, undone, tied, alone } = document.getElementById("settling").dataset;
const cluster = document.querySelector(".cluster");
const code = document.getElementById("code");

export function drawnIn(box) {
  return [...box.querySelectorAll('[data-settles="1"]')].map((card) => [card.dataset.post, Number(card.dataset.revision)]);
}

async function again(words) {
  const answer = await fetch(`/cluster?part=1&id=${encodeURIComponent(cluster.dataset.post)}`);
  if (answer.ok) {
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    cluster.replaceChildren(...parsed.querySelector(".cluster").children);
  } else cluster.textContent = alone;
  say(words);
}

const does = {
  async settle() {
    const told = await ask("/api/settle", { post_id: cluster.dataset.post, code: code.value, drawn: drawnIn(cluster) });
    await again(settled.replace("{count}", told.settled.length));
  },
  async undo() {
    const [result] = (await ask("/api/step", { acts: [{ action: "undo" }] })).results;
    if (result.wrong) throw new Error(result.wrong);
    await again(undone.replace("{post}", result.restored.join(", ")));
  },
};

function act(name) {
  does[name]().catch((error) => complain(error.message));
}

document.addEventListener("keydown", (event) => {
  if (writing(event)) return;
  if (event.key === "D") act("settle");
  if (event.key === "u") act("undo");
});

for (const form of document.querySelectorAll(".ties form")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    for (const name of ["media", "other_media"]) if (name in given) given[name] = Number(given[name]);
    try {
      await ask("/api/tie", { action: form.dataset.action, ...given });
      await again(tied.replace("{post}", `${given.post_id}, ${given.other}`));
    } catch (error) {
      complain(error.message);
    }
  });
}

document.getElementById("settling").addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) act(button.dataset.do);
});
