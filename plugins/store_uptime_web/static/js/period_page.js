// @ts-check
// What the pages about a calendar period have in common: fields that choose it, and a table that follows them.

import { get } from "./api.js";
import { periodLabel, plusDays, UNITS } from "./dates.js";
import { byId, empty, h, icon, replace, skeleton } from "./dom.js";
import { count, instant, many } from "./format.js";
import { announce, load, problemNote, remember, showHead } from "./page.js";
import { datesOf, remembered, SIZES, stateOf } from "./period_state.js";
import { whenSettled } from "./settled.js";
import { pager, pageSizes, showTable, table, whenIdle } from "./table.js";

/** @import { GroupKinds, NowPage } from "../../api_types.d.ts" */
/** @import { Dates, Unit } from "./dates.js" */
/** @import { Child } from "./dom.js" */
/** @import { PeriodState } from "./period_state.js" */
/** @import { Column } from "./table.js" */
/** @import { Parameters } from "./urls.js" */

/** @typedef {{total: number, matching: number, next: string | null, previous: string | null}} Answer */

/**
 * @template {Answer} A
 * @template R
 * @typedef {object} PeriodPage
 * @property {string} title
 * @property {Child} [up] A link to the page above.
 * @property {string} path Of the API.
 * @property {{by: string, sort: string}} defaults
 * @property {[string, string][]} scopes What `by` can be beside the kinds of groups, with its name.
 * @property {boolean} [isOfOneKind] Whether `by` is given, and no field.
 * @property {[string, string][]} filters Words to filter by, with their names; none: no such field.
 * @property {string} noun Of the rows.
 * @property {(state: PeriodState, dates: Dates) => Parameters} parameters For the API.
 * @property {(answer: A) => R[]} rows
 * @property {(state: PeriodState, dates: Dates, answer: A) => Column<R>[]} columns
 * @property {(answer: A, choose: (filter: string) => unknown, state: PeriodState) => Child} summary Above the table.
 * @property {(state: PeriodState) => [string, string]} nothing What to say if there is no row.
 * @property {(state: PeriodState, dates: Dates) => Child} downloads
 */

/**
 * Fills the page.
 *
 * @template {Answer} A
 * @template R
 * @param {PeriodPage<A, R>} page
 */
export function periodPage(page) {
  const content = byId("content");
  return load(content, h("div", { class: "stack" }, skeleton(60, 380)), async () => {
    /** @type {Promise<[NowPage, GroupKinds]>} */
    const answer = Promise.all([get("v1/now", { limit: 1 }), get("v1/kinds")]);
    await whenSettled(page.title, content, answer, ([now, { kinds }]) =>
      fill(
        page,
        content,
        now.as_of,
        kinds.map((one) => one.kind),
      ),
    );
  });
}

/**
 * @template {Answer} A
 * @template R
 * @param {PeriodPage<A, R>} page
 * @param {Element} content
 * @param {string} asOf
 * @param {string[]} kinds
 */
async function fill(page, content, asOf, kinds) {
  showHead({ title: [h("h1", null, page.title)], facts: [page.up, `as of ${instant(asOf, { seconds: true })}`] });
  const state = stateOf(new URLSearchParams(window.location.search), page.defaults);
  const summary = h("div");
  const body = h("div", null, h("div", { class: "card" }, skeleton(24, 24, 24, 24)));
  const shownPeriod = h("strong", { class: "shown-period" });
  const files = h("span");
  /** @type {AbortController | null} */
  let pending = null;

  /**
   * @param {Partial<PeriodState>} changes
   * @param {{isStep?: boolean}} [options] Whether the browser's Back leads to what is shown now.
   */
  function again(changes, { isStep = false } = {}) {
    Object.assign(state, { cursor: null, from: 0 }, changes);
    remember(remembered(state, page.defaults), { isStep });
    return refresh();
  }

  /** @param {number} direction */
  const step = (direction) => {
    const { from, until } = datesOf(state, asOf);
    return again({ on: plusDays(direction < 0 ? from : until, direction) }, { isStep: true });
  };
  /** @type {HTMLSelectElement} */
  const unit = h(
    "select",
    { "aria-label": "Period", onchange: () => again({ unit: /** @type {Unit} */ (unit.value) }, { isStep: true }) },
    Object.entries(UNITS).map(([value, name]) => h("option", { value }, name)),
  );
  const scopes = [
    ...page.scopes,
    ...kinds.filter((kind) => !page.scopes.some(([value]) => value === kind)).map((kind) => [kind, kindName(kind)]),
  ];
  /** @type {HTMLSelectElement} */
  const by = h(
    "select",
    { "aria-label": "By", onchange: () => again({ by: by.value, search: "" }, { isStep: true }) },
    scopes.map(([value, name]) => h("option", { value }, name)),
  );
  /** @type {HTMLSelectElement} */
  const filter = h(
    "select",
    { "aria-label": "Verdict", onchange: () => again({ filter: filter.value }, { isStep: true }) },
    h("option", { value: "" }, "All verdicts"),
    page.filters.map(([value, name]) => h("option", { value }, name)),
  );
  filter.hidden = page.filters.length === 0;
  by.hidden = page.isOfOneKind === true;
  /** @type {HTMLInputElement} */
  const search = h("input", {
    type: "search",
    placeholder: "Search",
    "aria-label": `Search ${page.noun} by part of their name`,
    autocomplete: "off",
    spellcheck: "false",
    oninput: whenIdle(() => again({ search: search.value.trim() })),
  });

  async function refresh() {
    pending?.abort();
    pending = new AbortController();
    const { signal } = pending;
    const dates = datesOf(state, asOf);
    unit.value = state.unit;
    by.value = state.by;
    filter.value = state.filter;
    if (search !== document.activeElement) search.value = state.search;
    shownPeriod.textContent = periodLabel(dates, state.unit);
    replace(files, page.downloads(state, dates));
    body.classList.add("busy");
    try {
      show(await get(page.path, { ...dates, ...asked(), ...page.parameters(state, dates) }, { signal }), dates);
    } catch (problem) {
      if (problem instanceof Error && problem.name === "AbortError") return;
      replace(summary);
      replace(body, problemNote(problem, refresh));
    }
    body.classList.remove("busy");
  }

  const asked = () => ({
    search: state.search,
    sort: state.sort,
    order: state.order,
    limit: state.limit,
    cursor: state.cursor,
  });

  /**
   * @param {A} answer
   * @param {Dates} dates
   */
  function show(answer, dates) {
    /** @param {string | null} cursor @param {number} from */
    const turn = (cursor, from) =>
      cursor === null
        ? null
        : () => {
            Object.assign(state, { cursor, from: Math.max(0, from) });
            return refresh();
          };
    const rows = page.rows(answer);
    announce(`${count(answer.matching)} ${page.noun} found`);
    replace(
      summary,
      page.summary(answer, (word) => again({ filter: state.filter === word ? "" : word }, { isStep: true }), state),
    );
    if (!rows.length) {
      replace(body, empty(...page.nothing(state)));
      return;
    }
    showTable(
      body,
      table({
        caption: `${page.title}, ${periodLabel(dates, state.unit)}`,
        columns: page.columns(state, dates, answer),
        rows,
        sorting: { by: state.sort, order: state.order, change: (sort, order) => again({ sort, order }) },
      }),
      pager({
        from: state.from,
        shown: rows.length,
        total: answer.matching,
        noun: answer.matching === answer.total ? page.noun : `found (${count(answer.total)} total)`,
        previous: turn(answer.previous, state.from - state.limit),
        next: turn(answer.next, state.from + rows.length),
        sizes: pageSizes(SIZES, state.limit, (limit) => again({ limit })),
      }),
    );
  }

  window.addEventListener("popstate", () => {
    const before = JSON.stringify(remembered(state, page.defaults));
    Object.assign(state, stateOf(new URLSearchParams(window.location.search), page.defaults));
    if (JSON.stringify(remembered(state, page.defaults)) !== before) refresh();
  });
  replace(
    content,
    h(
      "div",
      { class: "toolbar", role: "group", "aria-label": "What is shown" },
      unit,
      h(
        "div",
        { class: "group" },
        h("button", { type: "button", onclick: () => step(-1) }, icon("previous"), "Previous period"),
        h("button", { type: "button", onclick: () => step(1) }, "Next period", icon("next")),
      ),
      shownPeriod,
      by,
      filter,
      search,
    ),
    summary,
    h("section", { class: "card flush", id: "list" }, h("header", null, h("h2", null, page.title), files), body),
  );
  await refresh();
}

/** "Region": a kind of groups as a word. @param {string} kind */
export function kindName(kind) {
  return kind === "timezone" ? "Time zones" : `By ${kind}`;
}

/**
 * How many stores a scope has, if it is a group.
 *
 * @param {number} stores
 */
export const storesText = (stores) => many(stores, "store");
