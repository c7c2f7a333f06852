// @ts-check
// Anomalies: what was unusual about stores, groups and their polls.

import {
  amountOf,
  datesOf,
  filterParameters,
  isFiltered,
  KINDS,
  rememberedParameters,
  SIZES,
  scoreOf,
  stateOf,
  UNFILTERED,
} from "./anomalies_state.js";
import { get } from "./api.js";
import { dateLabel } from "./dates.js";
import { byId, empty, h, icon, replace, skeleton } from "./dom.js";
import { instant, many } from "./format.js";
import { groupFilter, kindLabel } from "./group_filter.js";
import { announce, load, remember, showHead } from "./page.js";
import { DATA_FORMATS, downloads, whenSettled } from "./settled.js";
import { goToTable, pager, pageSizes, showTable, storeLink, table } from "./table.js";
import { groupPage } from "./urls.js";

/** @import { AnomaliesPage, Anomaly, GroupKinds } from "../../api_types.d.ts" */
/** @import { AnomaliesState } from "./anomalies_state.js" */
/** @import { Column } from "./table.js" */

const content = byId("content");
const list = h("div", null, h("div", { class: "card" }, skeleton(24, 24, 24, 24, 24)));
const state = stateOf(new URLSearchParams(window.location.search));
let asOf = "";
let isShown = false;
/** @type {AbortController | null} */
let pending = null;

const dates = () => datesOf(state, asOf);
const listed = () => ({ ...dates(), ...filterParameters(state) });

// filter -----------------------------------------------------------------------------------------------------------

/**
 * @param {string} label
 * @param {"from" | "until"} field
 */
function dateField(label, field) {
  /** @type {HTMLInputElement} */
  const input = h("input", {
    type: "date",
    "aria-label": label,
    onchange: () => {
      const wanted = { ...dates(), [field]: input.value };
      const isOrdered = wanted.from <= wanted.until;
      input.setCustomValidity(isOrdered ? "" : "The last date is before the first one.");
      if (!input.reportValidity() || !input.value) return;
      until.setCustomValidity("");
      from.setCustomValidity("");
      again({ from: wanted.from, until: wanted.until }, { isStep: true });
    },
  });
  return input;
}

const from = dateField("First date", "from");
const until = dateField("Last date", "until");
const all = h(
  "button",
  { type: "button", onclick: () => again({ ...UNFILTERED }, { isStep: true }) },
  "Show all anomalies",
  icon("cross"),
);
/** @type {ReturnType<typeof groupFilter>} */
let group;

/**
 * @param {Partial<AnomaliesState>} changes
 * @param {{isStep?: boolean}} [options] Whether the browser's Back leads to what is shown now.
 */
async function again(changes, { isStep = false } = {}) {
  Object.assign(state, { cursor: null, row: 0 }, changes);
  remember(rememberedParameters(state), { isStep });
  await refresh();
}

async function refresh() {
  pending?.abort();
  pending = new AbortController();
  const { signal } = pending;
  from.value = dates().from;
  until.value = dates().until;
  all.hidden = !isFiltered(state);
  group.show(state);
  list.classList.add("busy");
  await load(content, null, async () => {
    try {
      show(await get("v1/anomalies", { ...listed(), limit: state.limit, cursor: state.cursor }, { signal }));
    } catch (problem) {
      if (!(problem instanceof Error && problem.name === "AbortError")) throw problem;
      return;
    }
    list.classList.remove("busy");
  });
}

// list -------------------------------------------------------------------------------------------------------------

/** @param {Anomaly} anomaly */
function scope({ scope_kind, scope }) {
  if (scope_kind === "store") return storeLink(scope);
  if (scope_kind === "all") return "All stores";
  return [
    h("a", { href: groupPage({ by: scope_kind, name: scope, period: "month", on: null }) }, scope),
    h("span", { class: "sub" }, kindLabel(scope_kind)),
  ];
}

/** @param {Anomaly} anomaly */
function datesText({ from_date, until_date }) {
  return from_date === until_date ? dateLabel(from_date) : `${dateLabel(from_date)} to ${dateLabel(until_date)}`;
}

/** @type {Column<Anomaly>[]} */
const COLUMNS = [
  {
    title: "What",
    row: true,
    kind: "when",
    cell: (anomaly) => [
      KINDS[anomaly.kind],
      h("span", { class: "narrow-only" }, h("span", { class: "sub" }, datesText(anomaly))),
    ],
  },
  { title: "Whose", kind: "id narrow-hide", cell: scope },
  { title: "Dates", kind: "when narrow-hide", cell: datesText },
  {
    title: "In words",
    cell: (anomaly) => [h("div", { class: "narrow-only" }, scope(anomaly), h("br")), anomaly.explanation],
  },
  { title: "Observed", kind: "number narrow-hide", cell: (anomaly) => amountOf(anomaly.kind, anomaly.observed) },
  { title: "Expected", kind: "number narrow-hide", cell: (anomaly) => amountOf(anomaly.kind, anomaly.expected) },
  { title: "By chance", kind: "number narrow-hide", cell: (anomaly) => scoreOf(anomaly.score) },
];

/** @param {AnomaliesPage} page */
function show(page) {
  isShown = true;
  asOf = page.as_of;
  showHeading(page);
  announce(page.total === 1 ? "1 anomaly found" : `${page.total} anomalies found`);
  if (!page.anomalies.length && !state.cursor) {
    replace(list, empty(...nothing(page)));
    return;
  }
  /**
   * @param {string | null} cursor
   * @param {number} row
   */
  const turn = (cursor, row) =>
    cursor &&
    (async () => {
      await again({ cursor, row: Math.max(0, row) }, { isStep: true });
      goToTable(byId("anomalies"));
    });
  showTable(
    list,
    table({ caption: "Anomalies", columns: COLUMNS, rows: page.anomalies }),
    pager({
      from: state.row,
      shown: page.anomalies.length,
      total: page.total,
      noun: page.total === 1 ? "anomaly" : "anomalies",
      previous: turn(page.previous, state.row - state.limit) || null,
      next: turn(page.next, state.row + page.anomalies.length) || null,
      sizes: pageSizes(SIZES, state.limit, (limit) => again({ limit })),
    }),
  );
}

/**
 * @param {AnomaliesPage} page
 * @returns {[string, string]}
 */
function nothing({ judged_until }) {
  if (judged_until === null)
    return ["No date is judged yet", "Anomalies are looked for once days of four weeks are settled."];
  if (dates().from > judged_until) return ["Not judged yet", `Dates are judged up to ${dateLabel(judged_until)}.`];
  return [
    "No anomaly",
    isFiltered(state) ? "Nothing of this selection was unusual." : "Nothing was unusual on these dates.",
  ];
}

/** @param {AnomaliesPage} page */
function showHeading(page) {
  const of = state.kind && `${kindLabel(state.kind)} ${state.name}`;
  showHead({
    title: [h("h1", null, "Anomalies")],
    facts: [
      many(page.total, "anomaly", "anomalies"),
      of || (state.store && ["store ", h("span", { class: "mono" }, state.store)]),
      page.judged_until && `judged up to ${dateLabel(page.judged_until)}`,
      `as of ${instant(page.as_of)}`,
    ],
    actions:
      page.judged_until === null ? [] : [downloads("v1/anomalies", listed(), "Download these anomalies", DATA_FORMATS)],
  });
}

// ------------------------------------------------------------------------------------------------------------------

/** @param {GroupKinds} answer */
async function start(answer) {
  asOf = answer.as_of;
  group = groupFilter(answer.kinds, (chosen) => again({ ...chosen, store: "" }, { isStep: true }));
  replace(
    content,
    h(
      "section",
      { class: "card flush", id: "anomalies" },
      h(
        "header",
        null,
        h("h2", null, "Unlike the eight weeks before"),
        h("p", null, "By chance: how much of what is shown of a date, down to this row, is expected to be no anomaly."),
        h("div", { class: "toolbar" }, all, h("span", { class: "range" }, from, "to", until), group.element),
      ),
      list,
    ),
  );
  await refresh();
}

window.addEventListener("popstate", async () => {
  Object.assign(state, stateOf(new URLSearchParams(window.location.search)));
  if (isShown) await refresh();
});
load(content, h("div", { class: "stack" }, skeleton(320)), () =>
  whenSettled("Anomalies", content, get("v1/kinds"), start),
);
