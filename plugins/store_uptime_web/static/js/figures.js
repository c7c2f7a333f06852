// @ts-check
// The figures of a store, or of all stores together, in one period.

import { h } from "./dom.js";
import { amount, hours, known, PERIODS, percent } from "./format.js";

/** @import { PeriodFigures, PeriodTotals } from "../../api_types.d.ts" */
/** @import { Child } from "./dom.js" */
/** @import { Period } from "./format.js" */

/** @type {["uptime" | "downtime" | "unknown", string, string][]} */
const STATUSES = [
  ["uptime", "Up", "up"],
  ["downtime", "Down", "down"],
  ["unknown", "Unknown", "unknown"],
];

/**
 * A bar split into up, down and unknown; the numbers beside it say the same.
 *
 * @param {PeriodFigures | PeriodTotals} figures
 */
export function statusBar(figures, thin = false) {
  const bar = h("span", { class: thin ? "status-bar thin" : "status-bar", "aria-hidden": "true" });
  const open = Number(figures.open_us);
  for (const [name, , paint] of STATUSES) {
    const time = Number(figures[`${name}_us`]);
    if (!open || !time) continue;
    const piece = h("i", { class: `paint-${paint}` });
    piece.style.flexGrow = String(time / open);
    piece.style.flexBasis = "0";
    bar.append(piece);
  }
  return bar;
}

/**
 * The uptime of a store in a list, with how much of its open time is known.
 *
 * @param {PeriodFigures} figures
 */
export function uptimeCell(figures) {
  return [
    percent(figures.uptime_percent),
    h("span", { class: "sub" }, known(figures.coverage_percent, { isShort: true })),
  ];
}

/**
 * One period as a card. With `choose` it is also the radio button that chooses the period.
 *
 * @param {Period} period
 * @param {PeriodFigures | PeriodTotals} figures Sums over stores are shown in hours whatever the period is.
 * @param {{choose?: ((period: Period) => unknown) | null, chosen?: boolean, aside?: Child, sums?: boolean}} [options]
 */
export function periodCard(period, figures, { choose = null, chosen = false, aside = null, sums = false } = {}) {
  /** @param {"open" | "uptime" | "downtime" | "unknown"} name */
  const value = (name) => (sums ? hours(figures[`${name}_us`]) : amount(figures[name], period));
  const content = [
    choose
      ? h("label", { class: "name", for: `period-${period}` }, PERIODS[period])
      : h("h2", { class: "name" }, PERIODS[period]),
    h("span", { class: "figure" }, percent(figures.uptime_percent), aside),
    h("span", { class: "coverage" }, known(figures.coverage_percent)),
    statusBar(figures),
    h(
      "dl",
      { class: "amounts" },
      STATUSES.map(([name, word, paint]) => [
        h("dt", null, h("i", { class: `swatch paint-${paint}` }), word),
        h("dd", null, value(name)),
      ]),
      h("dt", null, h("i", { class: "swatch open" }), "Open"),
      h("dd", null, value("open")),
    ),
  ];
  if (!choose) return h("section", { class: "period", "aria-label": PERIODS[period] }, content);
  return h(
    "div",
    { class: "period" },
    h("input", {
      type: "radio",
      name: "period",
      id: `period-${period}`,
      value: period,
      checked: chosen,
      onchange: () => choose(period),
    }),
    content,
  );
}
