// @ts-check
// What the pages about availability over time have in common: nothing settled yet, and downloads of their answers.

import { Problem } from "./api.js";
import { empty, h, icon, replace } from "./dom.js";
import { showHead } from "./page.js";
import { address } from "./urls.js";

/** @import { Parameters } from "./urls.js" */

const FORMATS = { csv: "CSV", xlsx: "Excel", pdf: "PDF", parquet: "Parquet", json: "JSON" };
export const DATA_FORMATS = { csv: "CSV", parquet: "Parquet", json: "JSON" };

/**
 * Shows the title of the page, and calls `show` with an answer; before the first settlement says what to do in
 * `container` instead.
 *
 * @template T
 * @param {string} title
 * @param {Element} container
 * @param {Promise<T>} answer
 * @param {(answer: T) => unknown} show
 */
export async function whenSettled(title, container, answer, show) {
  showHead({ title: [h("h1", null, title)], facts: [] });
  /** @type {T} */
  let settled;
  try {
    settled = await answer;
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 409) throw problem;
    const card = nothingSettled(problem);
    card.append(h("br"), h("a", { class: "button", href: "reports" }, "Reports"));
    replace(container, h("section", { class: "card" }, card));
    return;
  }
  await show(settled);
}

/**
 * Says that nothing is settled, and why, in the API's words: what there is, a colon, and why.
 *
 * @param {Problem} problem
 */
export function nothingSettled(problem) {
  const [title, why] = problem.detail.split(/: (.*)/s);
  return empty(title, why.charAt(0).toUpperCase() + why.slice(1));
}

/**
 * Links that download an answer, one for each format.
 *
 * @param {string} path
 * @param {Parameters} parameters
 * @param {string} label
 * @param {Record<string, string>} [formats]
 */
export function downloads(path, parameters, label, formats = FORMATS) {
  return h(
    "div",
    { class: "group", role: "group", "aria-label": label },
    Object.entries(formats).map(([format, name]) =>
      h(
        "a",
        { class: "button", href: address(path, { ...parameters, format }), download: "" },
        format === "csv" && icon("download"),
        name,
      ),
    ),
  );
}

/**
 * Calls `refresh` whenever what answers are as of is not what the page shows any more.
 *
 * @param {() => string | null} shown What the page shows is as of; null: nothing is settled yet.
 * @param {() => unknown} refresh
 */
export function whenResettled(shown, refresh) {
  const source = new EventSource(address("v1/now/events"), { withCredentials: true });
  let isFirst = true;
  // Each stream ends with its event; the browser opens the next one, and says which event it has.
  source.addEventListener("settled", (event) => {
    if (!isFirst || JSON.parse(event.data).as_of !== shown()) refresh();
    isFirst = false;
  });
  window.addEventListener("pagehide", () => source.close());
}
