// Keeps the part of a page that has `data-refresh` (seconds) fresh: asks for the page again and exchanges what changed.
// Knows no page: whoever draws into that part listens for "exchanged". The page is whole without.
"use strict";
(() => {
  const RETRY_SECONDS = 10;
  const find = (id) => document.getElementById(id);
  const part = document.querySelector("[data-refresh]");
  const seconds = () => Number(part.dataset.refresh);
  const headline = () => find("headline") ? find("headline").textContent : "";
  let timer = 0;
  let isPaused = false;

  const plan = (wait) => {
    clearTimeout(timer);
    if (!isPaused && !document.hidden) timer = setTimeout(refresh, wait * 1000);
  };
  const refresh = async () => {
    try {
      const answer = await fetch(location.pathname + location.search, {headers: {Accept: "text/html"}, cache: "no-cache"});
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!fresh.getElementById(part.id)) throw new Error("another page");
      swap(fresh);
      say("Looked at " + new Date().toLocaleTimeString() + ", again every " + seconds() + " s.");
      plan(seconds());
    } catch {
      say("The newest state could not be read at " + new Date().toLocaleTimeString() + "; this is how it was before.");
      plan(RETRY_SECONDS);
    }
  };
  const say = (text) => { find("refreshed").textContent = text; };
  const swap = (fresh) => {
    const before = headline();
    const focused = part.contains(document.activeElement) ? name(document.activeElement) : null;
    const open = [...part.querySelectorAll("details[open]")].map((details) => details.id);
    const boxes = () => [...part.querySelectorAll("[role=region][tabindex]")];
    const scrolled = new Map(boxes().map((box) => [name(box), [box.scrollLeft, box.scrollTop]]));
    const seen = [...part.children].find((section) => section.getBoundingClientRect().bottom > 0);
    const place = seen && seen.getBoundingClientRect().top;
    if (!exchange(fresh.getElementById(part.id))) return;
    for (const id of open) if (find(id)) find(id).open = true;
    for (const box of boxes()) box.scrollTo(...(scrolled.get(name(box)) || [0, 0]));
    if (focused && !part.contains(document.activeElement)) refocus(focused);
    if (seen && find(seen.id)) scrollBy({top: find(seen.id).getBoundingClientRect().top - place, behavior: "instant"});
    document.title = fresh.title;
    if (headline() !== before) find("announcement").textContent = headline();
  };
  const name = (element) => [element.tagName, element.id, element.getAttribute("aria-label"), element.getAttribute("href")].join();
  const refocus = (wanted) => {
    const heir = [...part.querySelectorAll("a, button, summary, [tabindex]")].find((element) => name(element) === wanted);
    if (heir) heir.focus({preventScroll: true});
  };
  // Section by section, so that what has not changed keeps its selection, its graphs and its place.
  const exchange = (next) => {
    let changed = false;
    if (part.getAttribute("style") !== next.getAttribute("style")) {
      part.setAttribute("style", next.getAttribute("style"));
      changed = true;
    }
    part.dataset.refresh = next.dataset.refresh;
    const known = new Map([...part.children].map((section) => [section.id, section]));
    const wanted = [...next.children].map((section) => {
      const old = known.get(section.id);
      if (old && sources.get(old) === section.outerHTML) return old;
      changed = true;
      const made = document.adoptNode(section);
      sources.set(made, made.outerHTML);
      return made;
    });
    if (changed || wanted.length !== part.children.length) {
      wanted.forEach((section, at) => { if (part.children[at] !== section) part.insertBefore(section, part.children[at] || null); });
      while (part.children.length > wanted.length) part.lastElementChild.remove();
      part.dispatchEvent(new Event("exchanged"));
      return true;
    }
    return false;
  };
  const sources = new WeakMap();  // what the server sent for a section, before graphs were drawn into it
  for (const section of part.children) sources.set(section, section.outerHTML);

  find("refresh").hidden = false;
  say("Looks again every " + seconds() + " s.");
  find("pause").addEventListener("click", () => {
    isPaused = !isPaused;
    find("pause").textContent = isPaused ? "Resume updates" : "Pause updates";
    if (isPaused) clearTimeout(timer); else refresh();
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else if (!isPaused) refresh(); });
  plan(seconds());
})();
