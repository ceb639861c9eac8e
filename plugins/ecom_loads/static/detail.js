// One resource in full.

import { draw } from "./charts.js";
import { el } from "./dom.js";
import { ago, bytes, dateTime, number, plural, seconds, shortTime, zone } from "./format.js";
import { dagPage, logPage, openOutside, runPage } from "./frame.js";
import { pill } from "./overview.js";
import { strip } from "./strip.js";

const OPEN = new Set(["scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule", "deferred"]);
const CHANGES = { table_added: "table added", column_added: "column added", type_varied: "type varied" };

const link = (href, text, label) => el("a", { href, target: "_top", onclick: openOutside, "aria-label": label }, text);

const logOf = (data, each) =>
  link(logPage(data.dag_id, each.run_id, data.task_id, each.map_index, each.try_number), "log", `Log of ${each.run_id}`);

export function detail(data) {
  const chart = el("div", { class: "chart", role: "img" });
  const empty = !data.points.length;
  const parts = [
    el("div", { class: "title" }, el("h2", {}, data.name), pill(data.status), link(dagPage(data.dag_id), data.dag_id)),
    el("p", { class: "story" }, story(data)),
    data.capped && el("p", { class: "warn" }, `Only the newest ${number(data.totals.loads)} loads are shown.`),
    data.coverage.length > 0 && card("Loaded windows", data.coverage.map((each) => strip(each))),
    card(["Over time", !empty && legend()], empty ? el("p", { class: "muted" }, "No loads in this range.") : chart),
    data.changes.length > 0 && card("Schema changes", changes(data)),
    data.loads.length > 0 && card("Loads", loads(data)),
  ];
  // Once it is in the page: the chart is as wide as its place.
  return [parts, () => (empty ? null : draw(chart, data))];
}

function legend() {
  const entries = [["rows", "rows"], ["time", "duration"], ["calls", "requests"], ["retried", "repeated requests"], ["failed", "failed loads"]];
  return el("span", { class: "legend" }, entries.map(([name, text]) => el("span", {}, el("i", { class: name }), text)));
}

function card(title, ...children) {
  return el("section", { class: "card" }, el("h3", {}, title), children);
}

function story(data) {
  const { last, now } = data;
  const when = (millis) => el("time", { title: dateTime(millis) }, ago(millis, now));
  const failure = data.status === "failed" && data.loads.find((each) => each.final && !OPEN.has(each.state));
  return [
    failure ? [el("span", { class: "bad" }, "Failed ", when(failure.at)), ": see the ", logOf(data, failure), ". "] : null,
    last ? ["Last load ", when(last.at), `: ${plural(last.rows, "row")} in ${seconds(last.seconds)}, ${plural(last.requests, "request")}, into ${last.warehouse}. `] : "Nothing was loaded yet. ",
    data.complete_to ? ["Complete up to ", el("b", {}, dateTime(data.complete_to)), ` (${ago(data.complete_to, now)}). `] : null,
    data.status === "late" ? [el("span", { class: "bad" }, "A run was due ", when(data.due)), ". "] : null,
    data.paused ? "Its DAG is paused. " : data.next ? ["Next run ", when(data.next), ". "] : data.schedule ? null : "It has no schedule. ",
    el("span", { class: "muted" }, `Times are in ${zone}.`),
  ].flat();
}

function changes(data) {
  return scroller("Schema changes", el("table", {},
    head("When", "Change", "Table", "Column", "Type", "Run"),
    el("tbody", {}, data.changes.map((each) => el("tr", {},
      el("td", {}, dateTime(each.at)),
      el("td", {}, CHANGES[each.change] ?? each.change),
      el("td", { class: "code" }, each.table),
      el("td", { class: "code" }, each.column ?? ""),
      el("td", { class: "code" }, each.data_type ?? ""),
      el("td", {}, link(runPage(data.dag_id, each.run_id), each.run_id)))))));
}

function loads(data) {
  return scroller("Loads", el("table", { class: "loads" },
    head("State", "When", "Window", ["Rows", "number"], ["Read / shop", "number"], ["Requests", "number"], ["Took", "number"], "Watermark", "Run"),
    el("tbody", {}, data.loads.map((each) => row(data, each)))));
}

function row(data, each) {
  const run = [link(runPage(data.dag_id, each.run_id), each.run_id), " ", logOf(data, each)];
  if (each.state !== "success") {
    const open = OPEN.has(each.state);
    const word = open ? each.state.replaceAll("_", " ") : each.final ? "failed" : "failed, tried again";
    return el("tr", { class: open ? "open" : "failed" },
      el("td", {}, el("span", { class: `pill ${open ? "paused" : "failed"}` }, word)),
      el("td", {}, dateTime(each.at)),
      el("td", { colspan: 4, class: "muted" }, each.try_number > 1 ? `attempt ${each.try_number}` : ""),
      el("td", { class: "number" }, seconds(each.seconds)), el("td", {}), el("td", {}, run));
  }
  const windows = Object.values(each.windows ?? {});
  const resources = Object.values(each.resources ?? {});
  const totals = resources.map((one) => one.api_total);
  return el("tr", {},
    el("td", {}, el("span", { class: "pill ok" }, "loaded"), each.changes > 0 && el("span", { class: "warn" }, " schema")),
    el("td", {}, dateTime(each.at)),
    el("td", {}, windows.length ? windows.map((one) => el("div", {}, one.full_refresh ? "everything" : `${shortTime(Date.parse(one.start))} – ${shortTime(Date.parse(one.end))}`)) : "everything"),
    el("td", { class: "number", title: Object.entries(each.rows_loaded).map(([table, rows]) => `${table}: ${number(rows)}`).join("\n") }, number(each.rows)),
    el("td", { class: "number" }, `${number(each.read)} / ${totals.length && totals.every((one) => one !== null) ? number(totals.reduce((sum, one) => sum + one, 0)) : "–"}`),
    el("td", { class: "number", title: bytes(each.bytes) }, number(each.requests), each.retries > 0 && el("span", { class: "warn", title: waits(each) }, ` (${number(each.retries)} repeated)`)),
    el("td", { class: "number", title: Object.entries(each.steps ?? {}).map(([step, spent]) => `${step} ${seconds(spent)}`).join("\n") }, seconds(each.seconds)),
    el("td", {}, windows.map((one) => el("div", {}, one.watermark_after === one.watermark_before ? el("span", { class: "muted" }, "unchanged") : shortTime(Date.parse(one.watermark_after))))),
    el("td", {}, run));
}

const waits = (each) => Object.entries(each.retries_by ?? {})
  .map(([what, times]) => `${what}: ${plural(times, "time")}, ${seconds(each.waited_by?.[what])} waited`).join("\n");

function head(...titles) {
  return el("thead", {}, el("tr", {}, titles.map((each) => {
    const [title, kind] = Array.isArray(each) ? each : [each];
    return el("th", { scope: "col", class: kind }, title);
  })));
}

// What may be wider than the screen can be scrolled, also by keyboard.
function scroller(label, table) {
  return el("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": label }, table);
}
