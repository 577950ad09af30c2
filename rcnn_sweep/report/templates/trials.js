"use strict";
// One trial in all plots and tables: shown while it is pointed at, kept by a click, let go by Esc.
{
  const keyed = [...document.querySelectorAll("[data-key]")];
  const told = document.createElement("output");
  told.className = "told";
  told.hidden = true;
  document.body.append(told);
  let kept = null;

  const name = (key) => {
    const tip = keyed.find((one) => one.dataset.key === key && one.querySelector("title"));
    return tip ? tip.querySelector("title").textContent : `trial ${key}`;
  };
  const show = (key) => {
    document.body.classList.toggle("pointed", key !== null);
    for (const one of keyed) one.classList.toggle("lit", one.dataset.key === key);
    told.hidden = key === null;
    if (key !== null) told.textContent = kept === null ? name(key) : `${name(key)} \u00b7 Esc lets go`;
  };
  const at = (event) => {
    const found = event.target.closest("[data-key]");
    return found ? found.dataset.key : null;
  };
  document.addEventListener("mouseover", (event) => { if (kept === null) show(at(event)); });
  document.addEventListener("focusin", (event) => { if (kept === null) show(at(event)); });
  document.addEventListener("click", (event) => {
    if (event.target.closest("a, button, label, input")) return;
    const key = at(event);
    kept = key === kept ? null : key;
    show(kept);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { kept = null; show(null); }
  });

  // Which states are shown, for a table of trials with more than one.
  for (const table of document.querySelectorAll("table.sortable")) {
    const rows = [...table.tBodies[0].rows].filter((row) => row.dataset.key);
    const state = (row) => row.querySelector(".state")?.textContent ?? "";
    const states = [...new Set(rows.map(state))].filter(Boolean);
    if (states.length < 2) continue;
    const filter = document.createElement("p");
    filter.className = "filter";
    filter.append("Show: ");
    const boxes = states.map((word) => {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = true;
      box.value = word;
      const count = rows.filter((row) => state(row) === word).length;
      label.append(box, ` ${word} (${count})`);
      filter.append(label);
      return box;
    });
    filter.addEventListener("change", () => {
      const shown = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      const off = new Set(rows.filter((row) => !shown.has(state(row))).map((row) => row.dataset.key));
      for (const one of keyed) one.classList.toggle("off", off.has(one.dataset.key));
    });
    table.closest(".scroll").before(filter);
  }
}
