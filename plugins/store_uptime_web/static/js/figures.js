// The figures of a store, or of all stores together, in one period.

import { h } from "./dom.js";
import { amount, hours, percent, PERIODS } from "./format.js";

const PARTS = [
  ["uptime", "Up", "up"],
  ["downtime", "Down", "down"],
  ["unknown", "Unknown", "unknown"],
];

/** A bar split into up, down and unknown; the numbers beside it say the same. */
export function share(figures, thin = false) {
  const bar = h("span", { class: thin ? "share thin" : "share", "aria-hidden": "true" });
  if (figures.open_us > 0) {
    for (const [name, , paint] of PARTS) {
      if (!figures[`${name}_us`]) continue;
      const piece = h("i", { class: `paint-${paint}` });
      piece.style.flexGrow = String(figures[`${name}_us`] / figures.open_us);
      piece.style.flexBasis = "0";
      bar.append(piece);
    }
  }
  return bar;
}

/** One period as a card. With `choose` it is also the radio button that chooses the period. */
export function periodCard(period, figures, { choose = null, chosen = false, aside = null, sums = false } = {}) {
  const value = (name) => (sums ? hours(figures[`${name}_us`]) : amount(figures[name], period));
  const content = [
    choose
      ? h("label", { class: "name", for: `period-${period}` }, PERIODS[period])
      : h("h2", { class: "name" }, PERIODS[period]),
    h("span", { class: "figure" }, percent(figures.uptime_percent), aside),
    share(figures),
    h(
      "dl",
      { class: "parts" },
      PARTS.map(([name, word, paint]) => [
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
