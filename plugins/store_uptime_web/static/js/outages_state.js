// @ts-check
// What the page of outages shows: read from the page's address and written to it, and as parameters of the API.

import { ALL_STORES, isOfSome, listOf, rememberedList, scopeParameters, whole } from "./list_state.js";

/** @import { OutageStartHours } from "../../api_types.d.ts" */
/** @import { ListState } from "./list_state.js" */
/** @import { Parameters } from "./urls.js" */

/**
 * @typedef {ListState & OutagesFilter} OutagesState
 *
 * @typedef {object} OutagesFilter
 * @property {boolean} running Only those that are ongoing.
 * @property {string} longer Only those with more downtime, as the API has it; empty: all.
 * @property {number | null} weekday Only those that start on this weekday (0: Monday) …
 * @property {number | null} hour … and in this hour; both are null for all.
 * @property {string} by What they are sorted by, as the API calls it.
 * @property {"asc" | "desc"} order
 */

export const LONGER = { "": "any", "15m": "15 min", "1h": "1 h", "4h": "4 h", "1d": "24 h" };
export const UNFILTERED = { ...ALL_STORES, running: false, longer: "", weekday: null, hour: null };
const SORTS = ["started_at", "downtime", "elapsed", "store_id"];
const DEFAULTS = { by: "started_at", order: "desc" };

/**
 * @param {URLSearchParams} parameters Of the page's address.
 * @returns {OutagesState}
 */
export function stateOf(parameters) {
  const [weekday, hour] = [whole(parameters.get("weekday"), 0, 6), whole(parameters.get("hour"), 0, 23)];
  const longer = parameters.get("longer_than") ?? "";
  const by = parameters.get("sort") ?? DEFAULTS.by;
  const isHour = weekday !== null && hour !== null;
  return {
    ...listOf(parameters),
    running: parameters.get("running") === "true",
    longer: Object.hasOwn(LONGER, longer) ? longer : "",
    weekday: isHour ? weekday : null,
    hour: isHour ? hour : null,
    by: SORTS.includes(by) ? by : DEFAULTS.by,
    order: parameters.get("order") === "asc" ? "asc" : "desc",
  };
}

/**
 * For the page's address, which leaves out what is so by default.
 *
 * @param {OutagesState} state
 * @returns {Parameters}
 */
export function rememberedParameters(state) {
  return {
    ...rememberedList(state),
    ...hourParameters(state),
    ...filterParameters(state),
    sort: state.by === DEFAULTS.by ? null : state.by,
    order: state.order === DEFAULTS.order ? null : state.order,
  };
}

/**
 * What both the list and the heat map are filtered by, for the API.
 *
 * @param {OutagesState} state
 * @returns {Parameters}
 */
export function filterParameters({ running, longer, ...whose }) {
  return { ...scopeParameters(whose), running: running ? "true" : null, longer_than: longer };
}

/**
 * @param {OutagesState} state
 * @returns {Parameters}
 */
export function hourParameters({ weekday, hour }) {
  return { weekday, hour };
}

/** @param {Omit<OutagesState, "from" | "until" | "by" | "order" | "limit" | "cursor" | "row">} state */
export function isFiltered({ running, longer, weekday, ...whose }) {
  return isOfSome(whose) || running || longer !== "" || weekday !== null;
}

/**
 * How many outages the list has.
 *
 * @param {Pick<OutageStartHours, "outages" | "start_hours">} counted
 * @param {Pick<OutagesState, "weekday" | "hour">} state
 */
export function matching(counted, { weekday, hour }) {
  if (weekday === null) return counted.outages;
  return counted.start_hours.find((one) => one.weekday === weekday && one.hour === hour)?.outages ?? 0;
}
