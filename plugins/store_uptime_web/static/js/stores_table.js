// @ts-check
// The table of all stores of a report: searched, sorted and paged on the server.

import { get } from "./api.js";
import { empty, h, icon, replace, skeleton } from "./dom.js";
import { statusBar } from "./figures.js";
import { amount, count, many, PERIODS, percent } from "./format.js";
import { announce, problemNote, remember } from "./page.js";
import { pager, table, whenIdle } from "./table.js";
import { rememberedParameters, requestParameters, SIZES, sortIn, stateOf } from "./table_state.js";
import { storePage } from "./urls.js";

/** @import { HistogramBin, ReportDetail, StoreFigures, StorePage } from "../../api_types.d.ts" */
/** @import { Period } from "./format.js" */
/** @import { Column } from "./table.js" */
/** @import { TableState } from "./table_state.js" */

/**
 * @typedef {object} StoresTable
 * @property {HTMLElement} element
 * @property {() => Promise<void>} refresh
 * @property {(bin: HistogramBin | null) => Promise<void>} filter Lists the stores of a bar of the histogram; null: all again.
 * @property {(period: Period) => Promise<void>} showPeriod
 * @property {() => void} onClear Called when the user lists all stores again here.
 */

/**
 * All stores of a report, as a section.
 *
 * @param {ReportDetail} report
 * @param {Period} startPeriod
 * @returns {StoresTable}
 */
export function storesTable(report, startPeriod) {
  let period = startPeriod;
  const state = stateOf(new URLSearchParams(window.location.search));
  const body = h("div", null, h("div", { class: "card" }, skeleton(24, 24, 24, 24, 24)));
  const bandChip = h("span");
  /** @type {AbortController | null} */
  let pending = null;
  /** @type {HTMLInputElement} */
  const search = h("input", {
    type: "search",
    value: state.search,
    placeholder: "Search store IDs",
    "aria-label": "Search stores by part of their ID",
    autocomplete: "off",
    spellcheck: "false",
    oninput: whenIdle(() => again({ search: search.value.trim() })),
  });
  const element = h(
    "section",
    { class: "card flush", id: "stores" },
    h("header", null, h("h2", null, "All stores"), h("div", { class: "toolbar" }, bandChip, search)),
    body,
  );

  /** @param {Partial<TableState>} changes */
  function again(changes) {
    Object.assign(state, { cursor: null, from: 0 }, changes);
    remember(rememberedParameters(state));
    return refresh();
  }

  async function refresh() {
    pending?.abort();
    pending = new AbortController();
    const { signal } = pending;
    body.classList.add("busy");
    try {
      show(await get(report.links.stores ?? "", requestParameters(state, period), { signal }));
    } catch (problem) {
      if (problem instanceof Error && problem.name === "AbortError") return;
      replace(body, problemNote(problem, refresh));
    }
    body.classList.remove("busy");
  }

  /** @param {StorePage} answer */
  function show(answer) {
    /**
     * @param {string} cursor
     * @param {number} from
     */
    const turn = (cursor, from) => async () => {
      Object.assign(state, { cursor, from: Math.max(0, from) });
      await refresh();
      element.scrollIntoView({ block: "start" });
      /** @type {HTMLElement | null} */ (body.querySelector(".scroll"))?.focus({ preventScroll: true });
    };
    /** @type {HTMLElement | null | undefined} */
    const focusedButton = document.activeElement?.closest("#stores button[data-sort]");
    const focused = focusedButton?.dataset.sort;
    announce(`${many(answer.matching, "store")} found`);
    if (!answer.stores.length) {
      replace(
        body,
        state.search
          ? empty("No store found", `No store ID contains “${state.search}”.`)
          : empty("No store", "No store is in this range of uptime."),
      );
      return;
    }
    replace(
      body,
      table({
        caption: `Stores, ${PERIODS[period].toLowerCase()}`,
        columns: columns(report.report_id, period),
        rows: answer.stores,
        sorting: { by: state.by, order: state.order, change: (by, order) => again({ by, order }) },
      }),
      pager({
        from: state.from,
        shown: answer.stores.length,
        total: answer.matching,
        noun: answer.matching === answer.total ? "stores" : `found (${count(answer.total)} total)`,
        previous: answer.previous ? turn(answer.previous, state.from - state.limit) : null,
        next: answer.next ? turn(answer.next, state.from + answer.stores.length) : null,
        sizes: h(
          "label",
          null,
          "Rows ",
          h(
            "select",
            {
              /** @param {Event & {currentTarget: HTMLSelectElement}} event */
              onchange: (event) => again({ limit: Number(event.currentTarget.value) }),
            },
            SIZES.map((size) => h("option", { value: size, selected: size === state.limit }, size)),
          ),
        ),
      }),
    );
    if (focused) /** @type {HTMLElement | null} */ (body.querySelector(`button[data-sort="${focused}"]`))?.focus();
  }

  /** @param {HistogramBin | null} bin */
  function filter(bin) {
    replace(
      bandChip,
      bin &&
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              handle.onClear();
              filter(null);
            },
          },
          `${bin.from}–${bin.to}% up, ${PERIODS[period].toLowerCase()}`,
          icon("cross"),
          h("span", { class: "visually-hidden" }, "Show all stores"),
        ),
    );
    return again({ bin });
  }

  /** @param {Period} wanted */
  function showPeriod(wanted) {
    period = wanted;
    replace(bandChip);
    return again({ by: sortIn(state.by, period), bin: null });
  }

  /** @type {StoresTable} */
  const handle = { element, refresh, filter, showPeriod, onClear: () => {} };
  return handle;
}

/**
 * @param {string} reportId
 * @param {Period} period
 * @returns {Column<StoreFigures>[]}
 */
function columns(reportId, period) {
  /**
   * @param {"uptime" | "downtime" | "unknown" | "open"} name
   * @param {string} title
   * @returns {Column<StoreFigures>}
   */
  const figure = (name, title, extra = "") => ({
    title,
    kind: `number ${extra}`.trim(),
    sort: `${name}_${period}`,
    first: "desc",
    cell: (store) => amount(store[period][name], period),
  });
  return [
    {
      title: "Store",
      row: true,
      kind: "id",
      sort: "store_id",
      cell: (store) => [
        h("a", { href: storePage(reportId, store.store_id), class: "mono", title: store.store_id }, store.store_id),
        h(
          "span",
          { class: "sub" },
          store.timezone,
          store.has_timezone ? "" : " (default)",
          store.has_business_hours ? "" : " · always open",
        ),
      ],
    },
    {
      title: "Uptime",
      kind: "number",
      sort: `uptime_percent_${period}`,
      cell: (store) => percent(store[period].uptime_percent),
    },
    { title: "Breakdown", kind: "narrow-hide", cell: (store) => statusBar(store[period], true) },
    figure("uptime", "Up", "narrow-hide"),
    figure("downtime", "Down"),
    figure("unknown", "Unknown", "narrow-hide"),
    figure("open", "Open", "narrow-hide"),
  ];
}
