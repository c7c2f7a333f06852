// @ts-check
// Runs before the page is painted: takes light or dark, and the time zone, from Airflow's own settings.
//
// Inside Airflow the page is a same-origin frame and Airflow marks its root element with `light` or `dark`; opened
// by itself, the page reads what Airflow keeps in localStorage, and else follows the system.
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function airflowRoot() {
    try {
      return window.parent === window ? null : window.parent.document.documentElement;
    } catch {
      return null; // framed by another origin
    }
  }

  function chosen() {
    const marks = airflowRoot()?.classList;
    if (marks?.contains("dark") || marks?.contains("light")) return marks.contains("dark");
    let stored = null;
    try {
      stored = window.localStorage.getItem("theme");
    } catch {
      // storage is switched off: follow the system
    }
    return stored === "dark" || (stored !== "light" && system.matches);
  }

  function apply() {
    root.classList.toggle("dark", chosen());
  }

  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  const parentRoot = airflowRoot();
  if (parentRoot) {
    const observer = new MutationObserver(apply);
    observer.observe(parentRoot, { attributes: true, attributeFilter: ["class"] });
    window.addEventListener("pagehide", () => observer.disconnect());
  }
})();
