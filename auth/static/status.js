// Refreshes the status page in place, draws its graphs, and names the day under the pointer. The page is whole without.
"use strict";
(() => {
  const RETRY_SECONDS = 10;
  const DAY_MS = 86400000;
  const UNITS = {uptime: " %", response_ms: " ms", error_rate: " %", cpu: " %", memory: " %"};
  const NAMES = {uptime: "Uptime", response_ms: "Response", error_rate: "Errors", cpu: "CPU", memory: "Memory"};
  const MEANINGS = {o: "no outage", d: "degraded", p: "short outages", m: "long outages", w: "maintenance", u: "not watched"};
  const find = (id) => document.getElementById(id);
  const status = () => find("status");
  let plots = [];
  let timer = 0;
  let isPaused = false;

  // Refreshing
  const plan = (seconds) => {
    clearTimeout(timer);
    if (!isPaused && !document.hidden) timer = setTimeout(refresh, seconds * 1000);
  };
  const refresh = async () => {
    try {
      const answer = await fetch(location.pathname, {headers: {Accept: "text/html"}, cache: "no-cache"});
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!fresh.getElementById("status")) throw new Error("no status page");
      swap(fresh);
      say("Looked at " + new Date().toLocaleTimeString() + ", again every " + status().dataset.refresh + " s.");
      plan(Number(status().dataset.refresh));
    } catch {
      say("The newest state could not be read at " + new Date().toLocaleTimeString() + "; this is how it was before.");
      plan(RETRY_SECONDS);
    }
  };
  const say = (text) => { find("refreshed").textContent = text; };
  const swap = (fresh) => {
    const now = status(), next = fresh.getElementById("status");
    const before = find("headline").textContent;
    const focused = document.activeElement && document.activeElement.id;
    const open = [...now.querySelectorAll("details[open]")].map((details) => details.id);
    const scrolled = new Map([...now.querySelectorAll(".scroll")].map((box, at) => [at, [box.scrollLeft, box.scrollTop]]));
    if (!exchange(now, next)) return;
    for (const id of open) if (find(id)) find(id).open = true;
    [...now.querySelectorAll(".scroll")].forEach((box, at) => box.scrollTo(...(scrolled.get(at) || [0, 0])));
    if (focused && document.activeElement.id !== focused && find(focused)) find(focused).focus({preventScroll: true});
    document.title = fresh.title;
    const after = find("headline").textContent;
    if (after !== before) find("announcement").textContent = after;
  };
  // Section by section, so that what has not changed keeps its selection, its graphs and its place.
  const exchange = (now, next) => {
    let changed = false;
    if (now.getAttribute("style") !== next.getAttribute("style")) {
      now.setAttribute("style", next.getAttribute("style"));
      changed = true;
    }
    now.dataset.refresh = next.dataset.refresh;
    const known = new Map([...now.children].map((section) => [section.id, section]));
    const wanted = [...next.children].map((section) => {
      const old = known.get(section.id);
      if (old && sources.get(old) === section.outerHTML) return old;
      changed = true;
      const made = document.adoptNode(section);
      sources.set(made, made.outerHTML);
      return made;
    });
    if (changed || wanted.length !== now.children.length) {
      wanted.forEach((section, at) => { if (now.children[at] !== section) now.insertBefore(section, now.children[at] || null); });
      while (now.children.length > wanted.length) now.lastElementChild.remove();
      draw();
      return true;
    }
    return false;
  };
  const sources = new WeakMap();  // what the server sent for a section, before graphs were drawn into it
  const remember = () => { for (const section of status().children) sources.set(section, section.outerHTML); };

  // Graphs
  const draw = () => {
    plots.forEach((plot) => plot.destroy());
    plots = [];
    const data = JSON.parse(find("graph-data").textContent);
    const times = [...Array(data.uptime || data.error_rate ? (data.uptime || data.error_rate).length : 0).keys()].map((at) => data.since + at * data.step);
    for (const box of document.querySelectorAll(".graph")) {
      const figures = box.dataset.figures.split(" ");
      if (figures.every((figure) => data[figure].every((value) => value === null))) continue;
      box.replaceChildren();
      plots.push(new uPlot(options(box, figures, data), [times, ...figures.map((figure) => data[figure])], box));
    }
  };
  const options = (box, figures, data) => {
    const style = getComputedStyle(status());
    const color = (name) => style.getPropertyValue(name).trim();
    const strokes = [color("--primary"), color("--d")];
    const axis = {stroke: color("--soft"), grid: {stroke: color("--line"), width: 1}, ticks: {show: false}, font: "12px system-ui, sans-serif"};
    const unit = UNITS[figures[0]];
    return {
      width: box.clientWidth, height: 170, tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      cursor: {y: false, drag: {x: false, y: false}},
      scales: {y: {range: (plot, low, high) => range(figures[0], low, high)}},
      axes: [{...axis, size: 30, values: (plot, marks) => marks.map(clock)}, {...axis, size: 58, values: (plot, marks) => marks.map((mark) => shorten(mark) + unit)}],
      series: [
        {value: (plot, mark) => mark === null ? "" : clock(mark) + " UTC"},
        ...figures.map((figure, at) => ({
          label: NAMES[figure], stroke: strokes[at], width: 2, dash: at ? [6, 4] : undefined, points: {show: false},
          fill: at ? undefined : strokes[at] + "22", value: (plot, value) => value === null ? "–" : value + UNITS[figure],
        })),
      ],
    };
  };
  const range = (figure, low, high) => {
    if (figure === "uptime") return [Math.max(0, Math.min(99, Math.floor(low - (100 - low) * 0.2))), 100.05];
    if (figure === "cpu") return [0, 100];
    return [0, Math.max(high * 1.15, figure === "error_rate" ? 1 : 10)];
  };
  const shorten = (value) => Number(value.toFixed(2));
  const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 16);

  // The day under the pointer
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  const letterAt = (bars, day) => {
    for (const path of bars.children)
      for (const [, start, length] of path.getAttribute("d").matchAll(/M(\d+) [\d.]+h(\d+)/g))
        if (day >= Number(start) && day < Number(start) + Number(length)) return path.getAttribute("class");
    return "u";
  };
  const point = (event) => {
    const bars = event.target.closest && event.target.closest(".bars");
    tip.hidden = !bars;
    if (!bars) return;
    const box = bars.getBoundingClientRect();
    const day = Math.max(0, Math.min(89, Math.floor((event.clientX - box.left) / box.width * 90)));
    const date = new Date(Date.now() - (89 - day) * DAY_MS).toISOString().slice(0, 10);
    tip.textContent = date + ": " + MEANINGS[letterAt(bars, day)];
    const half = tip.offsetWidth / 2 + 4;
    tip.style.left = Math.max(half, Math.min(document.documentElement.clientWidth - half, event.clientX)) + "px";
    tip.style.top = box.top + scrollY + "px";
  };

  // Start
  const start = () => {
    document.body.append(tip);
    remember();
    draw();
    find("refresh").hidden = false;
    say("Looks again every " + status().dataset.refresh + " s.");
    find("pause").addEventListener("click", () => {
      isPaused = !isPaused;
      find("pause").textContent = isPaused ? "Resume updates" : "Pause updates";
      if (isPaused) clearTimeout(timer); else refresh();
    });
    document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else if (!isPaused) refresh(); });
    document.addEventListener("pointermove", point);
    document.addEventListener("pointerdown", point);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    let width = innerWidth;
    addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; draw(); } });
    plan(Number(status().dataset.refresh));
  };
  start();
})();
