// The page: which range, which DAG, which resource; what the server says of them.

import { detail } from "./detail.js";
import { el, fill } from "./dom.js";
import { followTheme } from "./frame.js";
import { address, table, tiles } from "./overview.js";

const RANGES = { "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days", "1y": "1 year", all: "All" };
const WORST_FIRST = ["failed", "late", "ok", "paused", "never"];
const REFRESH_MILLIS = 60e3;

const dagId = new URLSearchParams(location.search).get("dag_id");
let range = "30d";
let asked = 0;
let redraw = null;

async function ask(path) {
  const answer = await fetch(`api/${path}?range=${range}`, { headers: { Accept: "application/json" } });
  if (answer.ok) return answer.json();
  const reasons = { 401: "You are not logged in.", 403: "You may not see these loads." };
  throw new Error(reasons[answer.status] ?? `Airflow answered ${answer.status}.`);
}

async function show() {
  const turn = ++asked;
  document.body.setAttribute("aria-busy", "true");
  try {
    const found = await ask(dagId ? `dags/${encodeURIComponent(dagId)}/loads` : "loads");
    if (turn !== asked) return;
    const resources = [...found.resources].sort((a, b) => WORST_FIRST.indexOf(a.status) - WORST_FIRST.indexOf(b.status));
    const chosen = resources.find((each) => address(each) === location.hash) ?? resources[0];
    fill("message", resources.length ? "" : "No DAG here loads anything yet. A DAG with elt_dag or elt_task_group appears once Airflow has read its file.");
    fill("scope", dagId ? `of ${dagId}` : "");
    fill("tiles", resources.length ? tiles(resources) : []);
    fill("resources", resources.length ? table(resources, found.now, chosen) : []);
    if (!chosen) return fill("detail");
    const full = await ask(`dags/${encodeURIComponent(chosen.dag_id)}/tasks/${encodeURIComponent(chosen.task_id)}/loads`);
    if (turn !== asked) return;
    const [parts, draw] = detail(full);
    fill("detail", parts);
    redraw = draw;
    await draw();
  } catch (error) {
    if (turn === asked) fill("message", error.message);
  } finally {
    if (turn === asked) document.body.removeAttribute("aria-busy");
  }
}

function ranges() {
  for (const [value, text] of Object.entries(RANGES)) {
    const input = el("input", { type: "radio", name: "range", value, checked: value === range });
    input.addEventListener("change", () => {
      range = value;
      show();
    });
    document.getElementById("range").append(el("label", { title: text }, input, el("span", {}, value)));
  }
}

ranges();
followTheme(() => redraw?.());
addEventListener("hashchange", async () => {
  await show();
  document.getElementById("detail").scrollIntoView({ block: "start" });
});
show();
setInterval(() => document.hidden || show(), REFRESH_MILLIS);
