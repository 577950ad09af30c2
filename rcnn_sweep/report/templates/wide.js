"use strict";
// What is wider than the page says that it can be moved.
{
  const look = () => {
    for (const place of document.querySelectorAll(".scroll, .plot")) {
      place.classList.toggle("wider", place.scrollWidth > place.clientWidth + 1);
    }
  };
  addEventListener("resize", look);
  look();
}
