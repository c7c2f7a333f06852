// @ts-check
// What is down now and since when, group by group and store by store; refreshed when another report is settled.

import { get } from "./api.js";
import { byId, chip, empty, h, icon, replace, skeleton } from "./dom.js";
import { likelyDown } from "./forecast.js";
import { ago, count, hours, instant, many } from "./format.js";
import { groupFilter, kindLabel } from "./group_filter.js";
import { listedState, matching, rememberedParameters, requestParameters, SIZES, STATES, stateOf } from "./now_state.js";
import { announce, load, remember, showHead } from "./page.js";
import { downloads, whenResettled, whenSettled } from "./settled.js";
import { goToTable, more, pager, pageSizes, showTable, storeLink, table } from "./table.js";

/** @import { GroupKinds, GroupsNow, NowPage, StateCounts, StoreNow } from "../../api_types.d.ts" */
/** @import { IconName } from "./dom.js" */
/** @import { ListedState, NowState } from "./now_state.js" */
/** @import { Column } from "./table.js" */

const MORE_GROUPS = 20;

const content = byId("content");
const state = stateOf(new URLSearchParams(window.location.search));
const totals = h("div");
const groups = h("div", null, h("div", { class: "card" }, skeleton(24, 24, 24)));
const likely = h("section", { class: "card flush", id: "forecast", hidden: true });
const list = h("div", null, h("div", { class: "card" }, skeleton(24, 24, 24, 24, 24)));
const allStores = h(
  "button",
  { type: "button", onclick: () => again({ kind: "", name: "" }, { isStep: true }) },
  "Show all stores",
  icon("cross"),
);
/** @type {HTMLSelectElement} */
const by = h("select", { "aria-label": "Groups by", onchange: () => again({ by: by.value }, { isStep: true }) });
/** @type {ReturnType<typeof groupFilter>} */
let group;
let shownGroups = MORE_GROUPS;
let isReady = false;
/** @type {string | null} */
let asOf = null;
/** @type {AbortController | null} */
let pending = null;

const states = h(
  "fieldset",
  { class: "choices" },
  h("legend", { class: "visually-hidden" }, "Show stores by state"),
  /** @type {[ListedState, string][]} */ (Object.entries(STATES)).map(([value, text]) =>
    h("label", null, h("input", { type: "radio", name: "state", value, onchange: () => choose(value) }), text),
  ),
);

/**
 * Lists the stores in a state: what is down by its outage, others by how long they have been so.
 *
 * @param {ListedState} value
 */
function choose(value) {
  return again(
    { state: value, sort: value === "down" ? "outage_started_at" : "since", order: "asc" },
    { isStep: true },
  );
}

/**
 * @param {Partial<NowState>} changes
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
  for (const place of [groups, list]) place.classList.add("busy");
  await load(content, null, async () => {
    try {
      const chosen = state.kind ? { by: state.kind, limit: 1000 } : null;
      /** @type {[GroupsNow, NowPage, GroupsNow | null]} */
      const [counted, page, ofKind] = await Promise.all([
        get("v1/now/groups", { by: state.by, limit: shownGroups }, { signal }),
        get("v1/now", { ...requestParameters(state), limit: state.limit, cursor: state.cursor }, { signal }),
        chosen && get("v1/now/groups", chosen, { signal }),
      ]);
      const counts = ofKind?.groups.find((one) => one.scope === state.name) ?? counted.totals;
      show(counted, page, counts);
      const parts = await likelyDown(state.kind ? { kind: state.kind, name: state.name } : {}, { signal });
      likely.hidden = parts === null;
      replace(likely, ...(parts ?? []));
    } catch (problem) {
      if (!(problem instanceof Error && problem.name === "AbortError")) throw problem;
      return;
    }
    for (const place of [groups, list]) place.classList.remove("busy");
  });
}

/**
 * @param {GroupsNow} counted
 * @param {NowPage} page
 * @param {StateCounts} counts Of the stores that are listed.
 */
function show(counted, page, counts) {
  asOf = page.as_of;
  showHead({
    title: [h("h1", null, "Now")],
    facts: [
      ["as of ", h("span", { title: instant(page.as_of, { seconds: true }) }, instant(page.as_of))],
      ago(page.as_of),
      "refreshes when another report is settled",
    ],
    actions: [downloads("v1/now", requestParameters(state), "Download these stores")],
  });
  showTotals(counted.totals);
  showGroups(counted);
  showList(page, counts);
}

/** @param {StateCounts} counts */
function showTotals(counts) {
  /** @type {[string, number, string, string][]} */
  const cards = [
    ["Open", counts.open, `of ${many(counts.stores, "store")}`, ""],
    ["Down", counts.down, counts.down_and_closed ? `${count(counts.down_and_closed)} of them closed now` : "", "worse"],
    ["Unknown", counts.unknown, "open, and no poll counts", ""],
    ["Up", counts.up, "open", "better"],
  ];
  replace(
    totals,
    h(
      "div",
      { class: "periods numbers" },
      cards.map(([name, number, text, kind]) =>
        h(
          "section",
          { class: "period", "aria-label": name },
          h("h2", { class: "name" }, name),
          h("span", { class: `figure ${number ? kind : ""}`.trim() }, count(number)),
          h("span", { class: "coverage" }, text),
        ),
      ),
    ),
  );
}

/** @param {GroupsNow} counted */
function showGroups(counted) {
  /** @param {"up" | "unknown" | "open"} name @returns {Column<StateCounts>} */
  const number = (name, title = "", extra = "") => ({
    title,
    kind: `number ${extra}`.trim(),
    cell: (one) => count(one[name]),
  });
  /** @type {Column<StateCounts>[]} */
  const columns = [
    {
      title: kindLabel(state.by),
      row: true,
      kind: "id",
      cell: (one) =>
        h(
          "button",
          {
            type: "button",
            class: "link plain",
            "aria-current": state.kind === state.by && state.name === one.scope ? "true" : null,
            onclick: () => again({ kind: state.by, name: one.scope }, { isStep: true }),
          },
          one.scope,
        ),
    },
    {
      title: "Down",
      kind: "number",
      cell: (one) => (one.down ? h("strong", { class: "worse" }, count(one.down)) : "0"),
    },
    number("unknown", "Unknown"),
    number("up", "Up", "narrow-hide"),
    number("open", "Open"),
    { title: "Stores", kind: "number narrow-hide", cell: (one) => count(one.stores) },
    {
      title: "Down longest since",
      kind: "when narrow-hide",
      cell: (one) => (one.oldest_outage_at ? instant(one.oldest_outage_at, { zone: false }) : "–"),
    },
  ];
  replace(
    groups,
    table({ caption: `Stores by ${kindLabel(state.by).toLowerCase()}`, columns, rows: counted.groups }),
    counted.all_groups > counted.groups.length &&
      more(`Show more of ${count(counted.all_groups)}`, () => {
        shownGroups = Math.min(1000, shownGroups + 4 * MORE_GROUPS);
        refresh();
      }),
  );
}

/** @type {Record<ListedState, [string, IconName, string]>} */
const CHIPS = {
  down: ["bad", "cross", "down"],
  unknown: ["", "dash", "unknown"],
  up: ["good", "check", "up"],
  open: ["", "circle", "open"],
  closed: ["", "clock", "closed"],
};

/** @param {StoreNow} store */
const isDownAndClosed = (store) => listedState(store) === "down" && !store.is_open;

/** @type {Column<StoreNow>[]} */
const OUTAGE_COLUMNS = [
  {
    title: "Outage since",
    kind: "when",
    sort: "outage_started_at",
    cell: (store) => (store.outage_started_at ? instant(store.outage_started_at, { zone: false }) : "–"),
  },
  {
    title: "Downtime",
    kind: "number",
    sort: "downtime",
    first: "desc",
    cell: (store) => (store.outage_started_at ? hours(store.downtime_us) : "–"),
  },
];

/**
 * @param {ListedState} listed
 * @returns {Column<StoreNow>[]}
 */
const columnsOf = (listed) => [
  {
    title: "Store",
    row: true,
    kind: "id",
    sort: "store_id",
    cell: (store) => [
      storeLink(store.store_id),
      isDownAndClosed(store) && h("span", { class: "narrow-only" }, h("span", { class: "sub" }, "closed now")),
    ],
  },
  {
    title: "State",
    kind: "narrow-hide",
    cell: (store) => {
      const [kind, name, text] = CHIPS[listedState(store)];
      return [chip(kind, name, text), isDownAndClosed(store) && h("span", { class: "sub" }, "closed now")];
    },
  },
  ...(listed === "down" ? OUTAGE_COLUMNS : []),
  {
    title: "Status since",
    kind: listed === "down" ? "when narrow-hide" : "when",
    sort: "since",
    cell: (store) => [
      store.since ? instant(store.since, { zone: false }) : "never polled",
      h("span", { class: "sub" }, store.status),
    ],
  },
  {
    title: "Last poll",
    kind: "when narrow-hide",
    sort: "last_poll_at",
    cell: (store) => (store.last_poll_at ? instant(store.last_poll_at, { zone: false }) : "–"),
  },
  {
    title: "Next change",
    kind: "when narrow-hide",
    sort: "next_change_at",
    cell: (store) =>
      store.next_change_at
        ? [
            instant(store.next_change_at, { zone: false }),
            h("span", { class: "sub" }, store.is_open ? "closes" : "opens"),
          ]
        : "–",
  },
];

/**
 * @param {NowPage} page
 * @param {StateCounts} counts
 */
function showList(page, counts) {
  for (const input of states.querySelectorAll("input")) input.checked = input.value === state.state;
  by.value = state.by;
  group.show(state);
  allStores.hidden = !state.kind;
  const total = matching(counts, state);
  announce(`${many(total, "store")} found`);
  if (!page.now.length && !state.cursor) {
    replace(list, empty(...nothing()));
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
      goToTable(byId("stores"));
    });
  showTable(
    list,
    table({
      caption: `Stores: ${STATES[state.state].toLowerCase()}`,
      columns: columnsOf(state.state),
      rows: page.now,
      sorting: { by: state.sort, order: state.order, change: (sort, order) => again({ sort, order }) },
    }),
    pager({
      from: state.row,
      shown: page.now.length,
      total,
      noun: total === 1 ? "store" : "stores",
      previous: turn(page.previous, state.row - state.limit) || null,
      next: turn(page.next, state.row + page.now.length) || null,
      sizes: pageSizes(SIZES, state.limit, (limit) => again({ limit })),
    }),
  );
}

/** @returns {[string, string]} */
function nothing() {
  const whose = state.kind ? "of this group " : "";
  /** @type {Record<ListedState, [string, string]>} */
  const texts = {
    down: ["Nothing is down", `No store ${whose}is open and down, or in an outage.`],
    unknown: ["Nothing is unknown", `A poll counts for every store ${whose}that is open.`],
    up: ["Nothing is up", `No store ${whose}is open and up.`],
    open: ["Nothing is open", `Every store ${whose}is closed.`],
    closed: ["Nothing is closed", `Every store ${whose}is open.`],
  };
  return texts[state.state];
}

// ------------------------------------------------------------------------------------------------------------------

/** @param {GroupKinds} answer */
async function start({ kinds }) {
  group = groupFilter(kinds, (chosen) => again(chosen, { isStep: true }));
  const known = kinds.map((one) => one.kind);
  replace(
    by,
    known.map((kind) => h("option", { value: kind }, kindLabel(kind))),
    !known.includes(state.by) && h("option", { value: state.by }, kindLabel(state.by)),
  );
  replace(
    content,
    totals,
    h(
      "section",
      { class: "card flush" },
      h("header", null, h("h2", null, "Groups, most stores down first"), h("label", { class: "range" }, "By", by)),
      groups,
    ),
    h(
      "section",
      { class: "card flush", id: "stores" },
      h("header", null, h("h2", null, "Stores"), h("div", { class: "toolbar" }, allStores, group.element, states)),
      list,
    ),
    likely,
  );
  isReady = true;
  await refresh();
}

function begin() {
  return load(content, isReady ? null : h("div", { class: "stack" }, skeleton(110, 220, 320)), () =>
    whenSettled("Now", content, get("v1/kinds"), start),
  );
}

window.addEventListener("popstate", async () => {
  Object.assign(state, stateOf(new URLSearchParams(window.location.search)));
  if (isReady) await refresh();
});
await begin();
whenResettled(
  () => asOf,
  async () => {
    await (isReady ? refresh() : begin());
    announce("Refreshed: another report is settled");
  },
);
