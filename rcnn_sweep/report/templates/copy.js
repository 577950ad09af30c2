"use strict";
// A button that copies beside each command; where copying is forbidden, the command is selected.
for (const place of document.querySelectorAll("pre, td.code")) {
  const words = document.createElement("span");
  words.append(...place.childNodes);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "copy";
  place.append(...(place.tagName === "PRE" ? [button, words] : [words, button]));
  const told = (word) => {
    button.textContent = word;
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  };
  const select = () => {
    getSelection().selectAllChildren(words);
    told(document.execCommand("copy") ? "copied" : "selected");
  };
  button.addEventListener("click", () => {
    if (!navigator.clipboard) { select(); return; }
    navigator.clipboard.writeText(words.textContent).then(() => told("copied"), select);
  });
}
