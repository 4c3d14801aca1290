// What staff's pages gain with scripts: answers in place, and charts beside their figures. Without it all still works.
"use strict";

/** Send a form, and put what the page that comes back has in the named places there. */
async function sendInPlace(form) {
  const button = form.querySelector("button");
  const words = button.textContent;
  const places = form.dataset.inPlace.split(" ").map((id) => document.getElementById(id));
  button.disabled = true;
  button.textContent = form.dataset.busy;
  try {
    const response = await fetch(form.action, { method: "POST", headers: { Accept: "text/html" }, body: new URLSearchParams(new FormData(form)) });
    const answer = new DOMParser().parseFromString(await response.text(), "text/html");
    if (places.some((place) => !answer.getElementById(place.id))) { form.submit(); return; }
    places.forEach((place) => place.replaceChildren(...answer.getElementById(place.id).childNodes));
  } catch {
    places[0].textContent = "The answer could not be read; try again.";
  } finally {
    button.disabled = false;
    button.textContent = words;
    button.focus();
  }
}

/** The same lines with a gap where nobody measured for longer than a step. */
function withGaps(data) {
  const moments = data[0];
  const step = Math.min(...moments.slice(1).map((at, index) => at - moments[index]));
  const result = data.map(() => []);
  moments.forEach((at, index) => {
    if (index && at - moments[index - 1] > 1.5 * step) {
      result[0].push(moments[index - 1] + step);
      result.slice(1).forEach((line) => line.push(null));
    }
    data.forEach((line, row) => result[row].push(line[index]));
  });
  return result;
}

const plots = new Map();  // by their figures

function draw(figure) {
  const told = JSON.parse(figure.dataset.chart);
  const place = figure.querySelector(".drawn");
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const strokes = [color("--accent"), color("--part"), color("--up"), color("--slow"), color("--down"), color("--nobody")];
  const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]];
  const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 } };
  const moments = told.data[0];
  const isLong = moments.at(-1) - moments[0] > 2 * 86400;
  const utc = (seconds) => new Date(seconds * 1000).toISOString();
  const options = {
    width: place.clientWidth,
    height: 180,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { show: told.labels.length > 1 },
    scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), (high ?? 0) > 0 ? high * 1.1 : 1] } },
    axes: [{ ...axis, values: (_, ticks) => ticks.map((at) => (isLong ? utc(at).slice(5, 10) : utc(at).slice(11, 16))) }, { ...axis, size: 60, values: (_, ticks) => ticks.map((value) => value.toLocaleString("en", { maximumSignificantDigits: 3, notation: value >= 1e5 ? "compact" : "standard" })) }],
    series: [{ label: "UTC", value: (_, at) => (at === null ? "–" : utc(at).slice(0, 16).replace("T", " ")) }, ...told.labels.map((label, index) => ({
      label, stroke: strokes[index % strokes.length], dash: dashes[index % dashes.length], width: 2, points: { show: told.data[index + 1].filter((value) => value !== null).length < 3 },
      value: (_, value) => (value === null ? "–" : `${value.toLocaleString("en", { maximumSignificantDigits: 4 })} ${told.unit}`),
    }))],
  };
  const plot = new uPlot(options, withGaps(told.data), place);
  const observer = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 180 }));
  observer.observe(place);
  plots.set(figure, () => { observer.disconnect(); plot.destroy(); });
}

/** Draw the charts that are not drawn yet, and let go of those whose figures have left the page. */
function drawAll() {
  for (const [figure, letGo] of plots) if (!figure.isConnected) { letGo(); plots.delete(figure); }
  for (const figure of document.querySelectorAll("[data-chart]")) if (!plots.has(figure)) draw(figure);
}

document.addEventListener("submit", (event) => {
  if (event.target.dataset.inPlace) {
    event.preventDefault();
    sendInPlace(event.target);
  }
});
drawAll();
for (const map of document.querySelectorAll(".heat")) map.scrollLeft = map.scrollWidth;  // the newest is on the right
document.querySelector("[data-refresh]")?.addEventListener("exchanged", drawAll);
