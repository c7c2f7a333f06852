// Tables whose rows are sorted and paged on the server.

import { h, icon } from "./dom.js";
import { count } from "./format.js";

/**
 * A table. A column is {title, cell(row), kind: "number"|"id"|"when"|…, sort: server's name or null, first: "asc"|"desc", row: is a row header}.
 * `sorting` is {by, order, change(by, order)}.
 */
export function table({ caption, columns, rows, sorting = null, extra = null }) {
  return h(
    "div",
    { class: "scroll", role: "region", "aria-label": caption, tabindex: 0 },
    h(
      "table",
      null,
      h("caption", { class: "visually-hidden" }, caption),
      h("thead", null, h("tr", null, columns.map((column) => header(column, sorting)))),
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

function header(column, sorting) {
  if (!column.sort || !sorting) return h("th", { scope: "col", class: column.kind }, column.title);
  const active = sorting.by === column.sort;
  const other = sorting.order === "asc" ? "desc" : "asc";
  return h(
    "th",
    { scope: "col", class: column.kind, "aria-sort": active ? `${sorting.order}ending` : null },
    h(
      "button",
      {
        type: "button",
        class: "plain sort",
        "data-sort": column.sort,
        onclick: () => sorting.change(column.sort, active ? other : (column.first ?? "asc")),
      },
      column.title,
      icon(active && sorting.order === "desc" ? "down" : "up"),
    ),
  );
}

/** Which rows these are, and buttons to the pages beside. */
export function pager({ from, shown, total, noun, previous, next, sizes = null }) {
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
        h("button", { type: "button", "data-page": "previous", disabled: !previous, onclick: previous }, icon("previous"), "Previous"),
        h("button", { type: "button", "data-page": "next", disabled: !next, onclick: next }, "Next", icon("next")),
      ),
    ),
  );
}

/** The button below a list that grows. */
export function more(label, onclick) {
  return h("div", { class: "pager" }, h("span"), h("button", { type: "button", onclick }, label));
}

/** `call` once typing has paused. */
export function whenIdle(call, milliseconds = 250) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), milliseconds);
  };
}
