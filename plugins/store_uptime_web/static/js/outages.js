// @ts-check
// Outages: when in the week they start, and a list of them.

import { get } from "./api.js";
import { responsive } from "./charts.js";
import { datedList, dateRange, listPager } from "./dated_list.js";
import { byId, chip, empty, h, icon, replace, skeleton } from "./dom.js";
import { count, hours, instant, many } from "./format.js";
import { groupFilter, kindLabel } from "./group_filter.js";
import { cellLabel, heatLegend, heatmap } from "./heatmap.js";
import { datesOf } from "./list_state.js";
import {
  filterParameters,
  hourParameters,
  isFiltered,
  LONGER,
  matching,
  rememberedParameters,
  stateOf,
  UNFILTERED,
} from "./outages_state.js";
import { announce, load, showHead } from "./page.js";
import { downloads, whenSettled } from "./settled.js";
import { showTable, storeLink, table } from "./table.js";

/** @import { GroupKinds, Outage, OutagesPage, OutageStartHours } from "../../api_types.d.ts" */
/** @import { Column } from "./table.js" */

const content = byId("content");
const chart = h("div");
const title = h("h2", null, "Outages");
const list = h("div", null, h("div", { class: "card" }, skeleton(24, 24, 24, 24, 24)));
const state = stateOf(new URLSearchParams(window.location.search));
let asOf = "";
/** @type {OutageStartHours | null} */
let counted = null;

const dates = () => datesOf(state, asOf);
const filters = () => ({ ...dates(), ...filterParameters(state) });
const listed = () => ({ ...filters(), ...hourParameters(state), sort: state.by, order: state.order });

// filter -----------------------------------------------------------------------------------------------------------

const range = dateRange(dates, (chosen) => again(chosen, { isStep: true }));
/** @type {HTMLSelectElement} */
const longer = h(
  "select",
  { "aria-label": "Downtime longer than", onchange: () => again({ longer: longer.value }, { isStep: true }) },
  Object.entries(LONGER).map(([value, text]) => h("option", { value }, value ? `longer than ${text}` : "any length")),
);
/** @type {HTMLInputElement} */
const running = h("input", {
  type: "checkbox",
  onchange: () => again({ running: running.checked }, { isStep: true }),
});
const all = h(
  "button",
  { type: "button", onclick: () => again({ ...UNFILTERED }, { isStep: true }) },
  "Show all outages",
  icon("cross"),
);
/** @type {ReturnType<typeof groupFilter>} */
let group;

function showFilter() {
  range.show();
  longer.value = state.longer;
  running.checked = state.running;
  all.hidden = !isFiltered(state);
  const { weekday, hour } = state;
  title.textContent = weekday === null || hour === null ? "Outages" : `Outages of ${cellLabel({ weekday, hour })}`;
  group.show(state);
}

const { refresh, again } = datedList({
  content,
  state,
  remembered: rememberedParameters,
  busy: [list, chart],
  before: showFilter,
  /** @returns {Promise<[OutageStartHours, OutagesPage]>} */
  fetch: (signal) =>
    Promise.all([
      get("v1/outages/start_hours", filters(), { signal }),
      get("v1/outages", { ...listed(), limit: state.limit, cursor: state.cursor }, { signal }),
    ]),
  show: ([hourly, page]) => {
    counted = hourly;
    show(page);
  },
});

// heat map ---------------------------------------------------------------------------------------------------------

/** @param {boolean} isNarrow */
function picture(isNarrow) {
  const hourly = counted?.start_hours ?? [];
  const found = new Map(hourly.map((one) => [`${one.weekday}-${one.hour}`, one.outages]));
  return heatmap({
    caption: "Outages by weekday and hour of their start: arrow keys go from cell to cell, each lists its outages",
    value: ({ weekday, hour }) => found.get(`${weekday}-${hour}`) ?? 0,
    describe: (number) => many(number, "outage"),
    choose: async (cell) => {
      const isChosen = state.weekday === cell.weekday && state.hour === cell.hour;
      await again(isChosen ? { weekday: null, hour: null } : cell, { isStep: true });
      /** @type {HTMLElement | null} */ (chart.querySelector(`[data-cell="${cell.weekday}-${cell.hour}"]`))?.focus();
    },
    chosen: state.weekday === null || state.hour === null ? null : { weekday: state.weekday, hour: state.hour },
    isNarrow,
  });
}

// list -------------------------------------------------------------------------------------------------------------

/** @param {Outage} outage */
function end(outage) {
  if (outage.ended_by === null) return chip("bad", "clock", "ongoing");
  return [instant(outage.ended_at, { zone: false }), h("span", { class: "sub" }, `then ${outage.ended_by}`)];
}

/** @type {Column<Outage>[]} */
const COLUMNS = [
  {
    title: "Store",
    row: true,
    kind: "id",
    sort: "store_id",
    cell: (outage) => [
      storeLink(outage.store_id),
      h(
        "span",
        { class: "narrow-only" },
        h("span", { class: "sub" }, `from ${instant(outage.started_at, { zone: false })}`),
      ),
    ],
  },
  {
    title: "Started",
    kind: "when narrow-hide",
    sort: "started_at",
    first: "desc",
    cell: (outage) => [
      instant(outage.started_at, { zone: false }),
      outage.started_after &&
        h("span", { class: "sub" }, `last seen up ${instant(outage.started_after, { zone: false })}`),
    ],
  },
  { title: "Ended", kind: "when", cell: end },
  { title: "Downtime", kind: "number", sort: "downtime", first: "desc", cell: (outage) => hours(outage.downtime_us) },
  {
    title: "Elapsed",
    kind: "number narrow-hide",
    sort: "elapsed",
    first: "desc",
    cell: (outage) => hours(outage.elapsed_us),
  },
];

/** @param {OutagesPage} page */
function show(page) {
  asOf = page.as_of;
  const total = counted ? matching(counted, state) : 0;
  showHeading(page.as_of);
  redraw();
  announce(`${many(total, "outage")} found`);
  if (!page.outages.length && !state.cursor) {
    replace(list, empty("No outage", nothing()));
    return;
  }
  showTable(
    list,
    table({
      caption: "Outages",
      columns: COLUMNS,
      rows: page.outages,
      sorting: { by: state.by, order: state.order, change: (by, order) => again({ by, order }) },
    }),
    listPager(state, page, page.outages.length, total, total === 1 ? "outage" : "outages", again, "outages"),
  );
}

function nothing() {
  if (state.weekday !== null) return "None of the selected outages starts in this hour of the week.";
  if (state.running) return "None of these outages is ongoing.";
  return isFiltered(state) ? "No outage of this selection meets the dates." : "No store was down on these dates.";
}

/** Draws the heat map again; nothing before it is there. */
let redraw = () => {};

/** @param {string} settledAt */
function showHeading(settledAt) {
  const group = state.kind && `${kindLabel(state.kind)} ${state.name}`;
  showHead({
    title: [h("h1", null, "Outages")],
    facts: [
      counted && many(counted.outages, "outage"),
      counted && `${count(counted.ongoing)} ongoing`,
      counted && `${hours(counted.downtime_us)} of downtime`,
      group || (state.store && ["store ", h("span", { class: "mono" }, state.store)]),
      `as of ${instant(settledAt)}`,
    ],
    actions: [downloads("v1/outages", listed(), "Download these outages")],
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
      { class: "card" },
      h(
        "header",
        null,
        h("h2", null, "When outages start"),
        h("p", null, "Weekday and hour on each store's own clock. Select a cell to list its outages."),
      ),
      chart,
      heatLegend(),
    ),
    h(
      "section",
      { class: "card flush", id: "outages" },
      h(
        "header",
        null,
        title,
        h(
          "div",
          { class: "toolbar" },
          all,
          range.element,
          group.element,
          longer,
          h("label", { class: "check" }, running, "Ongoing"),
        ),
      ),
      list,
    ),
  );
  responsive(chart, (isNarrow) => {
    const place = h("div");
    redraw = () => place.replaceChildren(picture(isNarrow));
    redraw();
    return place;
  });
  await refresh();
}

window.addEventListener("popstate", async () => {
  Object.assign(state, stateOf(new URLSearchParams(window.location.search)));
  if (counted) await refresh();
});
load(content, h("div", { class: "stack" }, skeleton(260, 320)), () =>
  whenSettled("Outages", content, get("v1/kinds"), start),
);
