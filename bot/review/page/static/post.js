// One post by itself: its pictures are chosen by their buttons, and compared beneath when there is an earlier one.
const item = document.querySelector(".item");

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
