// What pages of locks gain with scripts: a form is sent once, and says meanwhile that it is under way. Works without.
"use strict";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.isSent) { event.preventDefault(); return; }
  form.dataset.isSent = "1";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
});

// A page that comes back from the browser's memory was not sent.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-is-sent]")) {
    delete form.dataset.isSent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-busy");
  }
});
