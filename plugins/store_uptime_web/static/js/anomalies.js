// @ts-check
// Anomalies: what was unusual about stores, groups and their polls.

import { amountOf, KINDS, scoreOf } from "./anomaly_text.js";
import { get } from "./api.js";
import { datedList, dateRange, listPager } from "./dated_list.js";
import { dateLabel } from "./dates.js";
import { byId, empty, h, icon, replace, skeleton } from "./dom.js";
import { instant, many } from "./format.js";
import { groupFilter, kindLabel } from "./group_filter.js";
import { ALL_STORES, datesOf, isOfSome, listOf, rememberedList, scopeParameters } from "./list_state.js";
import { announce, load, showHead } from "./page.js";
import { DATA_FORMATS, downloads, whenSettled } from "./settled.js";
import { showTable, storeLink, table } from "./table.js";
import { groupPage } from "./urls.js";

/** @import { AnomaliesPage, Anomaly, GroupKinds } from "../../api_types.d.ts" */
/** @import { Column } from "./table.js" */

const content = byId("content");
const list = h("div", null, h("div", { class: "card" }, skeleton(24, 24, 24, 24, 24)));
const state = listOf(new URLSearchParams(window.location.search));
let asOf = "";
let isShown = false;

const dates = () => datesOf(state, asOf);
const listed = () => ({ ...dates(), ...scopeParameters(state) });

// filter -----------------------------------------------------------------------------------------------------------

const range = dateRange(dates, (chosen) => again(chosen, { isStep: true }));
const all = h(
  "button",
  { type: "button", onclick: () => again({ ...ALL_STORES }, { isStep: true }) },
  "Show all anomalies",
  icon("cross"),
);
/** @type {ReturnType<typeof groupFilter>} */
let group;

const { refresh, again } = datedList({
  content,
  state,
  remembered: rememberedList,
  busy: [list],
  before: () => {
    range.show();
    all.hidden = !isOfSome(state);
    group.show(state);
  },
  /** @returns {Promise<AnomaliesPage>} */
  fetch: (signal) => get("v1/anomalies", { ...listed(), limit: state.limit, cursor: state.cursor }, { signal }),
  show,
});

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
  showTable(
    list,
    table({ caption: "Anomalies", columns: COLUMNS, rows: page.anomalies }),
    listPager(
      state,
      page,
      page.anomalies.length,
      page.total,
      page.total === 1 ? "anomaly" : "anomalies",
      again,
      "anomalies",
    ),
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
    isOfSome(state) ? "Nothing of this selection was unusual." : "Nothing was unusual on these dates.",
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
        h("div", { class: "toolbar" }, all, range.element, group.element),
      ),
      list,
    ),
  );
  await refresh();
}

window.addEventListener("popstate", async () => {
  Object.assign(state, listOf(new URLSearchParams(window.location.search)));
  if (isShown) await refresh();
});
load(content, h("div", { class: "stack" }, skeleton(320)), () =>
  whenSettled("Anomalies", content, get("v1/kinds"), start),
);
