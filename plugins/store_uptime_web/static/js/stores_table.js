// @ts-check
// The table of all stores of a report: searched, sorted and paged on the server.

import { get } from "./api.js";
import { empty, h, icon, replace, skeleton } from "./dom.js";
import { statusBar, uptimeCell } from "./figures.js";
import { amount, count, many, PERIODS } from "./format.js";
import { announce, problemNote, remember } from "./page.js";
import { goToTable, pager, pageSizes, showTable, table, whenIdle } from "./table.js";
import {
  isFiltered,
  percentOf,
  rememberedParameters,
  requestParameters,
  SIZES,
  sortIn,
  stateOf,
  UNFILTERED,
} from "./table_state.js";
import { storePage } from "./urls.js";

/** @import { HistogramBin, ReportDetail, StoreFigures, StorePage, StoresOfTimezone } from "../../api_types.d.ts" */
/** @import { Period } from "./format.js" */
/** @import { Column } from "./table.js" */
/** @import { TableState } from "./table_state.js" */

/**
 * @typedef {object} StoresTable
 * @property {HTMLElement} element
 * @property {TableState} state
 * @property {() => Promise<void>} refresh
 * @property {(bin: HistogramBin | null) => Promise<void>} showBin Lists the stores of a bar of the histogram; null: all again.
 * @property {(period: Period) => Promise<void>} showPeriod
 * @property {(period: Period) => Promise<void>} restore Shows what the page's address says.
 * @property {() => void} onFilter Called when the filter has changed.
 */

/**
 * All stores of a report, as a section.
 *
 * @param {ReportDetail} report
 * @param {Period} startPeriod
 * @param {StoresOfTimezone[]} timezones
 * @returns {StoresTable}
 */
export function storesTable(report, startPeriod, timezones) {
  let period = startPeriod;
  const state = stateOf(new URLSearchParams(window.location.search));
  const body = h("div", null, h("div", { class: "card" }, skeleton(24, 24, 24, 24, 24)));
  /** @type {AbortController | null} */
  let pending = null;
  /** @type {HTMLInputElement} */
  const search = h("input", {
    type: "search",
    placeholder: "Search store IDs",
    "aria-label": "Search stores by part of their ID",
    autocomplete: "off",
    spellcheck: "false",
    oninput: whenIdle(() => again({ search: search.value.trim() })),
  });
  /**
   * @param {string} name
   * @param {"percentFrom" | "percentTo"} field
   * @returns {HTMLInputElement}
   */
  const limit = (name, field) => {
    /** @type {HTMLInputElement} */
    const input = h("input", {
      type: "number",
      class: "percent",
      min: 0,
      max: 100,
      step: 0.01,
      placeholder: field === "percentFrom" ? "0" : "100",
      "aria-label": name,
      oninput: whenIdle(() => input.validity.valid && again({ [field]: percentOf(input.value) })),
    });
    return input;
  };
  const from = limit("Uptime in percent, at least", "percentFrom");
  const to = limit("Uptime in percent, less than (100: at most)", "percentTo");
  /** @type {HTMLSelectElement} */
  const zone = h("select", {
    "aria-label": "Time zone",
    onchange: () => again({ timezone: zone.value }, { isStep: true }),
  });
  const all = h(
    "button",
    { type: "button", onclick: () => again({ ...UNFILTERED }, { isStep: true }) },
    "Show all stores",
    icon("cross"),
  );
  const element = h(
    "section",
    { class: "card flush", id: "stores" },
    h(
      "header",
      null,
      h("h2", null, "All stores"),
      h(
        "div",
        { class: "toolbar" },
        all,
        h("span", { class: "range" }, "Uptime", from, "to", to, "%"),
        timezones.length > 1 || state.timezone ? zone : null,
        search,
      ),
    ),
    body,
  );

  /** Shows the filter in its fields, but not in the one that is being typed into. */
  function showFilter() {
    /** @type {[HTMLInputElement, string | number | null][]} */
    const fields = [
      [search, state.search],
      [from, state.percentFrom],
      [to, state.percentTo],
    ];
    for (const [field, value] of fields) if (field !== document.activeElement) field.value = String(value ?? "");
    const names = timezones.map((one) => one.timezone);
    replace(
      zone,
      h("option", { value: "" }, "All time zones"),
      timezones.map((one) => h("option", { value: one.timezone }, `${one.timezone} (${count(one.stores)})`)),
      state.timezone && !names.includes(state.timezone) && h("option", { value: state.timezone }, state.timezone),
    );
    zone.value = state.timezone;
    all.hidden = !isFiltered(state);
  }

  /**
   * @param {Partial<TableState>} changes
   * @param {{isStep?: boolean}} [options] Whether the browser's Back leads to what is shown now.
   */
  function again(changes, { isStep = false } = {}) {
    Object.assign(state, { cursor: null, from: 0 }, changes);
    remember(rememberedParameters(state), { isStep });
    showFilter();
    handle.onFilter();
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
      goToTable(element);
    };
    announce(`${many(answer.matching, "store")} found`);
    if (!answer.stores.length) {
      replace(
        body,
        state.search
          ? empty(
              "No store found",
              `No store ID ${isOnly("search") ? "" : "of this selection "}contains “${state.search}”.`,
            )
          : empty(
              "No store",
              isOnly("timezone") ? "No store has this time zone." : "No store is in this range of uptime.",
            ),
      );
      return;
    }
    showTable(
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
        sizes: pageSizes(SIZES, state.limit, (limit) => again({ limit })),
      }),
    );
  }

  /** @param {keyof typeof UNFILTERED} name */
  function isOnly(name) {
    return !isFiltered({ ...state, [name]: UNFILTERED[name] });
  }

  /** @param {HistogramBin | null} bin */
  async function showBin(bin) {
    await again({ percentFrom: bin?.from ?? null, percentTo: bin?.to ?? null }, { isStep: true });
    if (bin) goToTable(element);
  }

  /** @param {Period} wanted */
  function showPeriod(wanted) {
    period = wanted;
    return again({ by: sortIn(state.by, period) });
  }

  /** @param {Period} wanted */
  async function restore(wanted) {
    const before = JSON.stringify([requestParameters({ ...state, cursor: null }, period), period]);
    const restored = stateOf(new URLSearchParams(window.location.search));
    if (JSON.stringify([requestParameters(restored, wanted), wanted]) === before) return;
    Object.assign(state, restored);
    period = wanted;
    showFilter();
    handle.onFilter();
    await refresh();
  }

  /** @type {StoresTable} */
  const handle = { element, state, refresh, showBin, showPeriod, restore, onFilter: () => {} };
  showFilter();
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
      cell: (store) => uptimeCell(store[period]),
    },
    { title: "Breakdown", kind: "narrow-hide", cell: (store) => statusBar(store[period], true) },
    figure("uptime", "Up", "narrow-hide"),
    figure("downtime", "Down"),
    figure("unknown", "Unknown", "narrow-hide"),
    figure("open", "Open", "narrow-hide"),
  ];
}
