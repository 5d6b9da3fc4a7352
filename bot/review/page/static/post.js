// One post by itself: its pictures are chosen by their buttons, and compared beneath when there is an earlier one.
import { ask, complain } from "./page.js";

const item = document.querySelector(".item");
const words = document.getElementById("words");

words.addEventListener("submit", async (event) => {
  event.preventDefault();
  const reopen = event.submitter.value === "reopen";
  try {
    await ask("/api/note", { post_id: item.dataset.post, text: document.getElementById("more").value.trim(), reopen });
    location.reload();
  } catch (error) {
    complain(error.message);
  }
});

if (item.dataset.repeats) {
  const answer = await fetch(`/compare?id=${encodeURIComponent(item.dataset.post)}`);
  if (answer.ok) {
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    const box = document.createElement("section");
    box.className = "beneath";
    box.append(...parsed.body.children);
    item.querySelector(".stage").append(box);
  }
}
