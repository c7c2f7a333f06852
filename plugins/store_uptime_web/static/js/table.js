// @ts-check
// Tables whose rows are sorted and paged on the server.

import { h, icon, replace } from "./dom.js";
import { count } from "./format.js";
import { storeDaysPage } from "./urls.js";

/** @import { Child } from "./dom.js" */

/**
 * @template R
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: R) => Child} cell
 * @property {string} [kind] Its classes, such as "number", "id" or "when".
 * @property {string} [sort] The API's name for sorting by this column.
 * @property {"asc" | "desc"} [first] The order in which it is sorted first.
 * @property {boolean} [row] Whether its cells are the headers of their rows.
 */

/** @typedef {"asc" | "desc"} Order */
/** @typedef {{by: string, order: Order, change: (by: string, order: Order) => unknown}} Sorting */

/**
 * The id of a store as a link to its page; a narrow column cuts it, so the whole of it is its title too.
 *
 * @param {string} storeId
 */
export const storeLink = (storeId) => h("a", { href: storeDaysPage(storeId), class: "mono", title: storeId }, storeId);

/**
 * A table; `extra` makes a row below a row.
 *
 * @template R
 * @param {object} options
 * @param {string} options.caption
 * @param {Column<R>[]} options.columns
 * @param {R[]} options.rows
 * @param {Sorting | null} [options.sorting]
 * @param {((row: R, columns: number) => Child) | null} [options.extra]
 */
export function table({ caption, columns, rows, sorting = null, extra = null }) {
  return h(
    "div",
    { class: "scroll", role: "region", "aria-label": caption, tabindex: 0 },
    h(
      "table",
      null,
      h("caption", { class: "visually-hidden" }, caption),
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          columns.map((column) => header(column, sorting)),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map((row) => [
          h(
            "tr",
            null,
            columns.map((column) =>
              h(column.row ? "th" : "td", { class: column.kind, scope: column.row ? "row" : null }, column.cell(row)),
            ),
          ),
          extra?.(row, columns.length),
        ]),
      ),
    ),
  );
}

/**
 * @template R
 * @param {Column<R>} column
 * @param {Sorting | null} sorting
 */
function header(column, sorting) {
  if (!column.sort || !sorting) return h("th", { scope: "col", class: column.kind }, column.title);
  const by = column.sort;
  const active = sorting.by === by;
  const other = sorting.order === "asc" ? "desc" : "asc";
  return h(
    "th",
    { scope: "col", class: column.kind, "aria-sort": active ? `${sorting.order}ending` : null },
    h(
      "button",
      {
        type: "button",
        class: "plain sort",
        "data-sort": by,
        onclick: () => sorting.change(by, active ? other : (column.first ?? "asc")),
      },
      column.title,
      icon(active && sorting.order === "desc" ? "down" : "up"),
    ),
  );
}

/**
 * Which rows these are, and buttons to the pages beside.
 *
 * @param {object} options
 * @param {number} options.from Rows on the pages before.
 * @param {number} options.shown
 * @param {number} options.total
 * @param {string} options.noun
 * @param {(() => unknown) | null} options.previous
 * @param {(() => unknown) | null} options.next
 * @param {Child} options.sizes
 */
export function pager({ from, shown, total, noun, previous, next, sizes }) {
  const range = shown ? `${count(from + 1)}–${count(from + shown)} of ${count(total)} ${noun}` : `0 ${noun}`;
  return h(
    "div",
    { class: "pager" },
    h("span", null, range),
    h(
      "div",
      { class: "toolbar" },
      sizes,
      h(
        "div",
        { class: "group" },
        h(
          "button",
          { type: "button", "data-page": "previous", disabled: !previous, onclick: previous },
          icon("previous"),
          "Previous",
        ),
        h("button", { type: "button", "data-page": "next", disabled: !next, onclick: next }, "Next", icon("next")),
      ),
    ),
  );
}

/**
 * How many rows a page has, to choose from.
 *
 * @param {number[]} sizes
 * @param {number} size
 * @param {(size: number) => unknown} choose
 */
export function pageSizes(sizes, size, choose) {
  return h(
    "label",
    null,
    "Rows ",
    h(
      "select",
      {
        /** @param {Event & {currentTarget: HTMLSelectElement}} event */
        onchange: (event) => choose(Number(event.currentTarget.value)),
      },
      sizes.map((one) => h("option", { value: one, selected: one === size }, one)),
    ),
  );
}

/**
 * Shows a table, with what belongs to it, in place of what is there; a heading that has the focus keeps it.
 *
 * @param {Element} place
 * @param {...Child} parts
 */
export function showTable(place, ...parts) {
  /** @type {HTMLElement | null} */
  const focused = place.querySelector("button[data-sort]:focus");
  replace(place, ...parts);
  if (!focused) return;
  /** @type {HTMLElement | null} */
  const again = place.querySelector(`button[data-sort="${focused.dataset.sort}"]`);
  again?.focus();
}

/**
 * To the start of the table of a section, for the eye and for the keyboard.
 *
 * @param {Element} section
 */
export function goToTable(section) {
  section.scrollIntoView({ block: "start" });
  /** @type {HTMLElement | null} */
  const scrolled = section.querySelector(".scroll");
  scrolled?.focus({ preventScroll: true });
}

/**
 * The button below a list that grows.
 *
 * @param {string} label
 * @param {() => unknown} onclick
 */
export function more(label, onclick) {
  return h("div", { class: "pager" }, h("span"), h("button", { type: "button", onclick }, label));
}

/**
 * Calls `call` once typing has paused.
 *
 * @param {() => unknown} call
 */
export function whenIdle(call, milliseconds = 250) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(call, milliseconds);
  };
}
