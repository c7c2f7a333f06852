// @ts-check
// A week by weekday and hour as a table of cells: the more, the stronger the colour. Each cell says its number too.

import { h } from "./dom.js";
import { compact } from "./format.js";
import { rove } from "./roving.js";

export const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const HOURS = [...Array(24).keys()];
const LEVELS = 5;

/** @typedef {{weekday: number, hour: number}} Cell 0 is Monday. */

/**
 * How strong the colour of a value is: 0 for nothing, to 5 for the most.
 *
 * @param {number} value
 * @param {number} most
 */
export function levelOf(value, most) {
  return value > 0 ? Math.max(1, Math.ceil((value / most) * LEVELS)) : 0;
}

/** @param {number} hour */
export const hourLabel = (hour) => `${String(hour).padStart(2, "0")}:00`;

/** @param {Cell} cell */
export const cellLabel = ({ weekday, hour }) => `${WEEKDAYS[weekday]}, ${hourLabel(hour)}–${hourLabel(hour + 1)}`;

/**
 * The heat map; weekdays are its rows, on a phone its columns. All cells are one tab stop; a cell calls `choose`.
 *
 * @param {object} options
 * @param {string} options.caption
 * @param {(cell: Cell) => number} options.value
 * @param {(value: number) => string} options.describe A value in words.
 * @param {(cell: Cell) => unknown} options.choose
 * @param {Cell | null} options.chosen
 * @param {boolean} options.isNarrow
 */
export function heatmap({ caption, value, describe, choose, chosen, isNarrow }) {
  const cells = WEEKDAYS.flatMap((_, weekday) => HOURS.map((hour) => ({ weekday, hour })));
  const most = Math.max(1, ...cells.map(value));
  /** @param {Cell} cell */
  const isChosen = (cell) => chosen?.weekday === cell.weekday && chosen?.hour === cell.hour;
  /** @param {Cell} cell */
  const cellOf = (cell) => {
    const number = value(cell);
    const text = `${cellLabel(cell)}: ${describe(number)}`;
    return h(
      "td",
      null,
      h(
        "button",
        {
          type: "button",
          class: `heat heat-${levelOf(number, most)}`,
          title: text,
          "aria-label": text,
          "aria-pressed": String(isChosen(cell)),
          "data-cell": `${cell.weekday}-${cell.hour}`,
          onclick: () => choose(cell),
        },
        number ? compact(number) : "",
      ),
    );
  };
  const days = WEEKDAYS.map((name, weekday) => ({ name, weekday }));
  /** @param {string} name */
  const dayName = (name) => [h("span", { "aria-hidden": "true" }, name.slice(0, 3)), hidden(name)];
  const [heads, rows] = isNarrow
    ? [
        days.map(({ name }) => dayName(name)),
        HOURS.map((hour) => ({ head: hourLabel(hour), cells: days.map(({ weekday }) => ({ weekday, hour })) })),
      ]
    : [
        HOURS.map((hour) => [
          h("span", { "aria-hidden": "true" }, String(hour).padStart(2, "0")),
          hidden(hourLabel(hour)),
        ]),
        days.map(({ name, weekday }) => ({ head: dayName(name), cells: HOURS.map((hour) => ({ weekday, hour })) })),
      ];
  const picture = h(
    "table",
    { class: "heatmap" },
    h("caption", { class: "visually-hidden" }, caption),
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        h("td"),
        heads.map((head) => h("th", { scope: "col" }, head)),
      ),
    ),
    h(
      "tbody",
      null,
      rows.map((row) => h("tr", null, h("th", { scope: "row" }, row.head), row.cells.map(cellOf))),
    ),
  );
  const buttons = /** @type {HTMLElement[]} */ ([...picture.querySelectorAll("button")]);
  const start = buttons.findIndex((button) => button.getAttribute("aria-pressed") === "true");
  rove(buttons, Math.max(0, start), { columns: heads.length });
  return picture;
}

/** @param {string} text */
const hidden = (text) => h("span", { class: "visually-hidden" }, text);

/** What the colours mean, in words. */
export function heatLegend() {
  return h(
    "p",
    { class: "legend below" },
    h(
      "span",
      null,
      "fewer",
      [1, 2, 3, 4, 5].map((level) => h("i", { class: `swatch heat-${level}` })),
      "more",
    ),
  );
}
