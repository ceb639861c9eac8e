// Rows, duration and requests over time, by plotly.js, which the server takes from its installed package.

import { dateTime, number, plural, seconds, span, zone } from "./format.js";

let library = null;

function plotly() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "charts/current.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("The charts could not be loaded."));
    document.head.append(script);
  });
  return library;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Plotly shows dates as they stand in their text: in the user's time zone.
const WALL = new Intl.DateTimeFormat("sv-SE", {
  timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});
const wall = (millis) => WALL.format(millis);

export async function draw(node, data) {
  const Plotly = await plotly();
  const { points } = data;
  const loads = points.filter((point) => point.loads);
  const failed = points.filter((point) => point.failed);
  const middle = (point) => wall(point.t + (data.width ?? 0) * 500);
  const per = data.width ? ` per ${span(data.width * 1e3).replace(/^1 /, "")}` : "";
  const words = (point, rest) => `${dateTime(point.t)}${data.width ? `, ${plural(point.loads, "load")}` : ""}<br>${rest}`;
  const bars = (axis, paint, value, text, name) => ({
    type: "bar", name, yaxis: axis, marker: { color: paint }, width: barWidth(data), x: loads.map(middle), y: loads.map(value),
    hovertext: loads.map((point) => words(point, text(point))), hoverinfo: "text",
  });
  const traces = [
    bars("y3", colour("rows"), (point) => point.rows, (point) => `${plural(point.rows, "row")} loaded`, "rows"),
    bars("y2", colour("time"), (point) => point.seconds, (point) => `${seconds(point.seconds)}${data.width ? " at most" : ""}`, "duration"),
    bars("y", colour("calls"), (point) => point.requests - point.retries, (point) => plural(point.requests, "request"), "requests"),
    bars("y", colour("retried"), (point) => point.retries, (point) => `${plural(point.retries, "request")} repeated, ${seconds(point.waited)} waited`, "repeated"),
    {
      type: "scatter", mode: "markers", name: "failed", yaxis: "y3", x: failed.map(middle), y: failed.map(() => 0), cliponaxis: false,
      marker: { symbol: "x", size: 9, color: colour("failed") },
      hovertext: failed.map((point) => `${dateTime(point.t)}<br>${point.failed} failed`), hoverinfo: "text",
    },
  ];
  const axis = (domain, title) => ({
    domain, title: { text: title, font: { size: 12, color: colour("text") }, standoff: 6 }, automargin: false, rangemode: "tozero",
    gridcolor: colour("grid"), zerolinecolor: colour("line"), tickfont: { size: 11 }, nticks: 4, fixedrange: true, separatethousands: true,
  });
  const layout = {
    barmode: "stack", showlegend: false, height: 400, margin: { l: 62, r: 10, t: 8, b: 26 }, hovermode: "closest", dragmode: false,
    paper_bgcolor: "transparent", plot_bgcolor: "transparent", font: { family: "inherit", color: colour("muted"), size: 11 },
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("text"), size: 12 }, align: "left" },
    xaxis: { type: "date", range: [wall(data.start), wall(data.now)], gridcolor: colour("grid"), fixedrange: true, anchor: "y", tickfont: { size: 11 } },
    yaxis: axis([0, 0.27], `requests${per}`),
    yaxis2: axis([0.36, 0.63], "seconds"),
    yaxis3: axis([0.72, 1], `rows${per}`),
  };
  node.setAttribute("aria-label", inWords(data, loads, failed));
  await Plotly.react(node, traces, layout, { displayModeBar: false, responsive: true });
}

function barWidth(data) {
  if (data.width) return data.width * 850;
  const times = data.points.map((point) => point.t);
  const gaps = times.slice(1).map((time, index) => time - times[index]).filter((gap) => gap > 0);
  const most = (data.now - data.start) / 40 || 60e3;
  const least = (data.now - data.start) / 400;
  return Math.max(least, Math.min(most, 0.8 * Math.min(...gaps, Infinity)));
}

function inWords(data, loads, failed) {
  if (!loads.length && !failed.length) return "No loads in this range.";
  const most = Math.max(0, ...loads.map((point) => point.rows));
  const { totals } = data;
  return `Charts of ${plural(totals.loads, "load")} and ${number(totals.failed)} failed, ${dateTime(data.start)} to ${dateTime(data.now)}: `
    + `${plural(totals.rows ?? 0, "row")}, at most ${number(most)} at once; ${plural(totals.requests ?? 0, "request")}. The loads are listed below.`;
}
