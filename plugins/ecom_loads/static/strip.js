// The strip of loaded windows over time, in which a hole is seen.

import { el } from "./dom.js";
import { dateTime, day, shortTime, span } from "./format.js";

export function strip(coverage, label = true) {
  const width = coverage.end - coverage.start || 1;
  const place = (node, [from, to]) => {
    // By property, not by attribute: the page's security policy forbids style attributes.
    node.style.left = `${(100 * (from - coverage.start)) / width}%`;
    node.style.width = `${(100 * (to - from)) / width}%`;
    return node;
  };
  const bar = el("div", { class: "strip", role: "img", "aria-label": inWords(coverage) },
    coverage.covered.map((each) => place(el("i", { class: "covered", title: stretch(each) }), each)),
    coverage.holes.map((each) => place(el("i", { class: "hole", title: `Not loaded: ${stretch(each)}` }), each)));
  if (!label) return bar;
  return el("figure", { class: "coverage" },
    el("figcaption", {}, el("b", {}, coverage.resource), " ", el("span", { class: coverage.holes.length ? "bad" : "muted" }, summary(coverage))),
    bar,
    el("div", { class: "ticks", "aria-hidden": "true" }, ticks(coverage).map((text) => el("span", {}, text))),
    coverage.holes.length > 0 && el("ul", { class: "holes" },
      coverage.holes.slice(-20).map((each) => el("li", {}, `Not loaded: ${stretch(each)} (${span(each[1] - each[0])})`))));
}

const stretch = ([from, to]) => `${dateTime(from)} – ${dateTime(to)}`;

function summary(coverage) {
  const holes = coverage.holes.length;
  if (!coverage.covered.length) return "no window loaded in this range";
  return holes ? `${holes} ${holes === 1 ? "hole" : "holes"}` : "no holes";
}

function inWords(coverage) {
  return `Loaded windows of ${coverage.resource}: ${summary(coverage)}; ${coverage.covered.map(stretch).slice(-5).join(", ")}`;
}

function ticks({ start, end }) {
  const format = end - start > 10 * 86400e3 ? day : shortTime;
  return [0, 0.25, 0.5, 0.75, 1].map((share) => format(start + share * (end - start)));
}
