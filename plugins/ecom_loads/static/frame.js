// What Airflow's own page, around this one, gives: its theme, and the way to its other pages.

const outer = outerDocument();

function outerDocument() {
  try {
    return window.parent !== window ? window.parent.document : null;
  } catch {
    return null;
  }
}

// Follows Airflow's theme as it is switched; on its own, the page follows the system.
export function followTheme(changed) {
  const apply = () => {
    const dark = outer
      ? outer.documentElement.classList.contains("dark")
      : matchMedia("(prefers-color-scheme: dark)").matches;
    // The very colour of the page around it.
    if (outer) document.documentElement.style.setProperty("--page", getComputedStyle(outer.body).backgroundColor);
    const theme = dark ? "dark" : "light";
    if (document.documentElement.dataset.theme === theme) return;
    document.documentElement.dataset.theme = theme;
    changed();
  };
  apply();
  if (outer) new MutationObserver(apply).observe(outer.documentElement, { attributes: true, attributeFilter: ["class"] });
  else matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
}

const page = (...parts) => new URL(`../${parts.map(encodeURIComponent).join("/")}`, location.href.split(/[?#]/)[0]).href;

export const dagPage = (dagId) => page("dags", dagId);
export const runPage = (dagId, runId) => page("dags", dagId, "runs", runId);

export function logPage(dagId, runId, taskId, mapIndex, tryNumber) {
  const mapped = mapIndex >= 0 ? ["mapped", mapIndex] : [];
  const attempt = tryNumber ? `?try_number=${tryNumber}` : "";
  return page("dags", dagId, "runs", runId, "tasks", taskId, ...mapped) + attempt;
}

// A framed page may not navigate the one around it; that one may itself.
export function openOutside(event) {
  if (!outer) return;
  event.preventDefault();
  const link = outer.createElement("a");
  link.href = event.currentTarget.href;
  link.click();
}
