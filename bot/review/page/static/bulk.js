// The keys of the other views, where this one has what they do: u takes back, / goes to the filter.
import { writing } from "./page.js";

document.addEventListener("keydown", (event) => {
  if (writing(event)) return;
  if (event.key === "u") document.querySelector('[data-key="u"]')?.click();
  if (event.key !== "/") return;
  event.preventDefault();
  document.getElementById("filter").select();
});
