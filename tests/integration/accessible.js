// What is wrong with a page for somebody who cannot see it, use a mouse, or read faint letters: rules after WCAG 2.2 AA
// as axe-core has them (the names are axe's). The value is a list of "rule: element".
(() => {
  const found = [];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const name = (element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""}.${element.className}`;
  const wrong = (rule, element) => found.push(`${rule}: ${name(element)} ${element.outerHTML.slice(0, 120)}`);
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const text = (element) => element.innerText.trim();

  const labelled = (element) => {
    const ids = (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean);
    const other = ids.map((id) => document.getElementById(id)).filter(Boolean).map(text).join(" ");
    const labels = element.labels ? [...element.labels].map((label) => label.textContent.trim()).join(" ") : "";
    const image = [...element.querySelectorAll("img[alt]")].map((each) => each.alt).join(" ");
    return element.getAttribute("aria-label") || other || labels || text(element) || image || element.title || "";
  };

  if (!document.documentElement.lang) wrong("html-has-lang", document.documentElement);
  if (!document.title.trim()) wrong("document-title", document.documentElement);
  if (all("main").length !== 1) wrong("landmark-one-main", document.body);
  if (all("h1").length !== 1) wrong("page-has-heading-one", document.body);
  if (/user-scalable=no|maximum-scale=[01]\b/.test(document.querySelector("meta[name=viewport]").content)) wrong("meta-viewport", document.head);

  const ids = new Set();
  for (const element of document.querySelectorAll("[id]")) {
    if (ids.has(element.id)) wrong("duplicate-id", element);
    ids.add(element.id);
  }
  let level = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const next = Number(heading.tagName[1]);
    if (level && next > level + 1) wrong("heading-order", heading);
    if (!text(heading)) wrong("empty-heading", heading);
    level = next;
  }
  for (const image of document.querySelectorAll("img")) if (!image.hasAttribute("alt")) wrong("image-alt", image);
  for (const image of all("svg[role=img]")) if (!labelled(image)) wrong("svg-img-alt", image);
  for (const control of all("button, a[href], [role=option], summary")) if (!labelled(control).trim()) wrong("button-name", control);
  for (const field of all("input:not([type=hidden]), textarea, select")) {
    if (!(field.labels && field.labels.length) && !field.getAttribute("aria-label")) wrong("label", field);
  }
  for (const element of document.querySelectorAll("[aria-labelledby], [aria-describedby], [aria-controls]")) {
    for (const kind of ["aria-labelledby", "aria-describedby", "aria-controls"]) {
      for (const id of (element.getAttribute(kind) || "").split(/\s+/).filter(Boolean)) {
        if (!document.getElementById(id)) wrong("aria-valid-attr-value", element);
      }
    }
  }
  for (const landmark of all("nav, [role=toolbar], [role=group], [role=listbox], [role=search], section, dialog[open]")) {
    if (!landmark.matches("section, [role=search]") && !landmark.getAttribute("aria-label") && !landmark.getAttribute("aria-labelledby")) wrong("region-name", landmark);
  }
  for (const item of all("[role=option]")) if (!item.closest("[role=listbox]")) wrong("aria-required-parent", item);
  for (const item of all("li")) if (!item.parentElement.matches("ul, ol")) wrong("listitem", item);
  for (const cell of all("th")) if (text(cell) && !cell.scope) wrong("scope-attr-valid", cell);
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) wrong("tabindex", element);
  for (const control of all("button, a[href], input, select")) {
    if (control.closest(".jump, p, dd, li.block, li.ask, li.supports, table, .message, figcaption") || control.type === "checkbox") continue;
    const box = control.getBoundingClientRect();
    if (box.width && (box.width < 24 || box.height < 24)) wrong(`target-size ${Math.round(box.width)}x${Math.round(box.height)}`, control);
  }
  // Whatever scrolls must be reached by the keyboard, unless something inside can be.
  for (const box of all("main, .facts, .said, .chips, .main-keys, .digits, .thumbs, .compared")) {
    const scrolls = box.scrollHeight > box.clientHeight + 2 || box.scrollWidth > box.clientWidth + 2;
    const style = getComputedStyle(box);
    if (!scrolls || !/(auto|scroll)/.test(style.overflowX + style.overflowY)) continue;
    if (box.tabIndex < 0 && !box.querySelector("a, button, input, [tabindex='0'], summary")) wrong("scrollable-region-focusable", box);
  }

  // Contrast: 4.5 to 1, for large letters 3 to 1, of each element that has words of its own.
  const channels = (colour) => {
    const numbers = colour.match(/[\d.]+/g).map(Number);
    return colour.startsWith("color(srgb") ? [...numbers.slice(0, 3).map((c) => c * 255), numbers[3] ?? 1] : [...numbers.slice(0, 3), numbers[3] ?? 1];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const bright = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  for (const element of all("body *")) {
    if (element.closest("svg, .jump, dialog:not([open]), datalist") || element.tagName === "OPTION") continue;
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    const [a, b] = [bright(over(channels(style.color), below)), bright(below)].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < (large ? 3 : 4.5)) wrong(`color-contrast ${contrast.toFixed(2)}`, element);
  }
  if (document.documentElement.scrollWidth > innerWidth + 1) wrong(`reflow ${document.documentElement.scrollWidth} > ${innerWidth}`, document.body);
  return found;
})()
