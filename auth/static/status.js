// Draws the status page's graphs, and names the day under the pointer; refresh.js keeps it fresh. The page is whole without.
"use strict";
(() => {
  const DAY_MS = 86400000;
  const UNITS = {uptime: " %", response_ms: " ms", error_rate: " %", cpu: " %", memory: " %"};
  const NAMES = {uptime: "Uptime", response_ms: "Response", error_rate: "Errors", cpu: "CPU", memory: "Memory"};
  const MEANINGS = {o: "no outage", d: "degraded", p: "short outages", m: "long outages", w: "maintenance", u: "not watched"};
  const find = (id) => document.getElementById(id);
  const status = () => find("status");
  let plots = [];

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
  document.body.append(tip);
  draw();
  status().addEventListener("exchanged", draw);
  document.addEventListener("pointermove", point);
  document.addEventListener("pointerdown", point);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; draw(); } });
})();
