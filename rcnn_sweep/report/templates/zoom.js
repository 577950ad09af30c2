"use strict";
// A part of a plot as large as the plot: drag over it; the button gives the whole plot back.
for (const svg of document.querySelectorAll(".plot svg[viewBox]")) {
  const whole = svg.getAttribute("viewBox");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy whole";
  button.textContent = "whole plot";
  button.hidden = true;
  svg.closest(".plot").before(button);
  const at = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY);
    return point.matrixTransform(svg.getScreenCTM().inverse());
  };
  const show = (box) => {
    svg.setAttribute("viewBox", box);
    button.hidden = box === whole;
  };
  let from = null;
  let frame = null;
  let dragged = false;
  const move = (event) => {
    const to = at(event);
    const box = { x: Math.min(from.x, to.x), y: Math.min(from.y, to.y) };
    box.width = Math.abs(to.x - from.x);
    box.height = Math.abs(to.y - from.y);
    if (frame === null && Math.max(box.width, box.height) > 8) {
      frame = document.createElementNS(svg.namespaceURI, "rect");
      frame.setAttribute("class", "frame");
      svg.append(frame);
    }
    if (frame !== null) for (const [name, value] of Object.entries(box)) frame.setAttribute(name, value);
    return box;
  };
  svg.addEventListener("pointerdown", (event) => {
    dragged = false;
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    event.preventDefault();
    from = at(event);
  });
  document.addEventListener("pointermove", (event) => { if (from !== null) move(event); });
  document.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const box = move(event);
    dragged = frame !== null;
    if (frame !== null) frame.remove();
    from = frame = null;
    if (dragged && box.width > 0 && box.height > 0) {
      show(`${box.x} ${box.y} ${box.width} ${box.height}`);
    }
  });
  svg.addEventListener("click", (event) => { if (dragged) event.stopPropagation(); });
  button.addEventListener("click", () => show(whole));
}
