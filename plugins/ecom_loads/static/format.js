// Numbers and times as a person reads them. Times are in the time zone that the user has chosen in Airflow.

const MINUTE = 60e3;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const zone = chosenZone();

const DATE_TIME = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});
const SHORT = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});
const DAY_ONLY = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "short", day: "numeric" });
const NUMBER = new Intl.NumberFormat("en-US");
const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

function chosenZone() {
  try {
    const stored = JSON.parse(localStorage.getItem("timezone") ?? '"UTC"');
    new Intl.DateTimeFormat("en", { timeZone: stored });
    return stored;
  } catch {
    return "UTC";
  }
}

export const dateTime = (millis) => (millis === null ? "–" : DATE_TIME.format(millis));
export const shortTime = (millis) => (millis === null ? "–" : SHORT.format(millis));
export const day = (millis) => DAY_ONLY.format(millis);
export const number = (value) => NUMBER.format(value ?? 0);
export const compact = (value) => ((value ?? 0) < 10000 ? NUMBER.format(value ?? 0) : COMPACT.format(value));

export function span(millis) {
  const size = Math.abs(millis);
  if (size < MINUTE) return `${Math.round(size / 1e3)} s`;
  if (size < HOUR) return `${Math.round(size / MINUTE)} min`;
  if (size < 2 * DAY) return `${trim(size / HOUR)} h`;
  return `${trim(size / DAY)} d`;
}

export function ago(millis, now) {
  if (millis === null || millis === undefined) return "–";
  return millis > now ? `in ${span(millis - now)}` : `${span(now - millis)} ago`;
}

export function seconds(value) {
  if (value === null || value === undefined) return "–";
  return value < 100 ? `${value.toFixed(1)} s` : span(value * 1e3);
}

export function bytes(value) {
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (value >= size) return `${trim(value / size)} ${unit}`;
  }
  return `${number(value)} B`;
}

export const plural = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

const trim = (value) => (value < 10 ? value.toFixed(1).replace(/\.0$/, "") : String(Math.round(value)));
