// @ts-check
// The time of scopes over dates: as a card, with what the uptime is at least and at most, and as a bar.

import { h } from "./dom.js";
import { hours, percent } from "./format.js";

/** @import { TimeLately } from "../../api_types.d.ts" */

/** @type {["up_us" | "down_us" | "unknown_us" | "planned_us" | "open_us", string, string][]} */
const TIMES = [
  ["up_us", "Up", "paint-up"],
  ["down_us", "Down", "paint-down"],
  ["unknown_us", "Unknown", "paint-unknown"],
  ["planned_us", "Planned", "paint-planned"],
  ["open_us", "Open", "open"],
];

/**
 * A percentage of the API, which is a number here, as it writes it elsewhere: with two decimals.
 *
 * @param {number | null} value
 */
export const percentOf = (value) => percent(value === null ? null : value.toFixed(2));

/**
 * A bar split into up, down and unknown; the numbers beside it say the same.
 *
 * @param {TimeLately} row
 */
function bar(row) {
  const element = h("span", { class: "status-bar", "aria-hidden": "true" });
  for (const [name, , paint] of TIMES.slice(0, 3)) {
    const part = Number(row[name]) / Number(row.open_us);
    if (!part) continue;
    const piece = h("i", { class: paint });
    piece.style.flexGrow = String(part);
    piece.style.flexBasis = "0";
    element.append(piece);
  }
  return element;
}

/**
 * @param {string} title
 * @param {TimeLately} row
 */
export function availabilityCard(title, row) {
  return h(
    "section",
    { class: "period", "aria-label": title },
    h("h2", { class: "name" }, title),
    h("span", { class: "figure" }, percentOf(row.uptime_percent)),
    h("span", { class: "coverage" }, bounds(row)),
    bar(row),
    h(
      "dl",
      { class: "amounts" },
      TIMES.map(([name, word, paint]) => [
        h("dt", null, h("i", { class: `swatch ${paint}` }), word),
        h("dd", null, hours(row[name])),
      ]),
    ),
  );
}

/** @param {TimeLately} row */
function bounds(row) {
  if (row.uptime_percent_low === null) return "never open";
  if (row.unknown_us === "0") return "nothing unknown";
  return `${percentOf(row.uptime_percent_low)} to ${percentOf(row.uptime_percent_high)}, whatever unknown time was`;
}
