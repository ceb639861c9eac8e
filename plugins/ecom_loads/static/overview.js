// All resources at a glance: one line each.

import { el } from "./dom.js";
import { ago, compact, dateTime, number, plural } from "./format.js";
import { strip } from "./strip.js";

export const STATUS = {
  failed: ["Failed", "its last load failed"],
  late: ["Late", "a run is due and nothing was loaded since"],
  ok: ["Fresh", "loaded as its schedule asks"],
  paused: ["Paused", "its DAG is paused"],
  never: ["Never loaded", "nothing was loaded yet"],
};

export const pill = (status) => el("span", { class: `pill ${status}`, title: STATUS[status][1] }, STATUS[status][0]);

export const address = (each) => `#${encodeURIComponent(each.dag_id)}/${encodeURIComponent(each.task_id)}`;

export function tiles(resources) {
  const sum = (name) => resources.reduce((total, each) => total + (each.totals[name] ?? 0), 0);
  const count = (...states) => resources.filter((each) => states.includes(each.status)).length;
  const [fresh, bad] = [count("ok"), count("failed", "late")];
  const holes = resources.reduce((total, each) => total + each.coverage.reduce((n, one) => n + one.holes.length, 0), 0);
  return [
    tile(fresh + bad ? `${fresh} of ${fresh + bad}` : "–", "fresh", bad ? "bad" : fresh ? "good" : ""),
    tile(compact(sum("rows")), "rows loaded"),
    tile(number(sum("loads")), "loads"),
    tile(number(sum("failed")), "failed", sum("failed") ? "bad" : ""),
    tile(compact(sum("requests")), `requests, ${compact(sum("retries"))} repeated`),
    tile(number(sum("changes")), "schema changes", sum("changes") ? "warn" : ""),
    tile(number(holes), "holes", holes ? "bad" : ""),
  ];
}

function tile(value, label, tone = "") {
  return el("div", { class: `tile ${tone}` }, el("b", {}, value), el("span", {}, label));
}

const COLUMNS = [
  ["Status", (each) => [pill(each.status), each.under_way && el("span", { class: "under-way" }, "loading")]],
  ["Resource", (each) => [
    el("a", { href: address(each), class: "name" }, each.name),
    el("small", {}, each.dag_id)]],
  ["Last load", (each, now) => each.last ? el("time", { title: dateTime(each.last.at) }, ago(each.last.at, now)) : "–"],
  ["Complete up to", (each, now) => each.complete_to
    ? el("time", { title: ago(each.complete_to, now) }, dateTime(each.complete_to))
    : each.last ? el("span", { class: "muted" }, Object.keys(each.last.windows ?? {}).length ? "no watermark yet" : "read whole") : "–"],
  ["Coverage", (each) => each.coverage.length ? el("div", { class: "strips" }, each.coverage.map((one) => strip(one, false))) : "–"],
  ["Rows", (each) => number(each.totals.rows), "number"],
  ["Loads", (each) => number(each.totals.loads), "number"],
  ["Failed", (each) => each.totals.failed ? el("span", { class: "bad" }, number(each.totals.failed)) : "0", "number"],
  ["Retries", (each) => number(each.totals.retries), "number"],
  ["Schema", (each) => each.totals.changes ? el("span", { class: "warn" }, plural(each.totals.changes, "change")) : "–"],
];

export function table(resources, now, chosen) {
  return el("table", { class: "resources" },
    el("thead", {}, el("tr", {}, COLUMNS.map(([title, , kind]) => el("th", { scope: "col", class: kind }, title)))),
    el("tbody", {}, resources.map((each) => el("tr", { "aria-current": each === chosen ? "true" : null, class: each.status },
      COLUMNS.map(([title, cell, kind]) => {
        const found = cell(each, now);
        // A narrow screen leaves out what says nothing.
        const idle = found === "–" || found === "0" ? "idle" : "";
        return el("td", { "data-title": title, class: [kind, idle].filter(Boolean).join(" ") || null }, found);
      })))));
}
