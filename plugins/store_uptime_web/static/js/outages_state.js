// @ts-check
// What the page of outages shows: read from the page's address and written to it, and as parameters of the API.

/** @import { OutageStartHours } from "../../api_types.d.ts" */
/** @import { Parameters } from "./urls.js" */

/**
 * @typedef {object} OutagesState
 * @property {string} from The first date; empty: as by default.
 * @property {string} until The last date; empty: as by default.
 * @property {string} kind Only stores of a group of this kind …
 * @property {string} name … and name; both are empty for all.
 * @property {string} store Only this store; empty: all.
 * @property {boolean} running Only those that are ongoing.
 * @property {string} longer Only those with more downtime, as the API has it; empty: all.
 * @property {number | null} weekday Only those that start on this weekday (0: Monday) …
 * @property {number | null} hour … and in this hour; both are null for all.
 * @property {string} by What they are sorted by, as the API calls it.
 * @property {"asc" | "desc"} order
 * @property {number} limit Rows on a page.
 * @property {string | null} cursor
 * @property {number} row Rows on the pages before.
 */

export const SIZES = [25, 50, 100];
export const LONGER = { "": "any", "15m": "15 min", "1h": "1 h", "4h": "4 h", "1d": "24 h" };
export const UNFILTERED = { kind: "", name: "", store: "", running: false, longer: "", weekday: null, hour: null };
const SORTS = ["started_at", "downtime", "elapsed", "store_id"];
const DEFAULTS = { by: "started_at", order: "desc", limit: SIZES[0] };
const DAYS = 30;
const DATE = /^\d{4}-\d\d-\d\d$/;

/**
 * @param {string | null} text
 * @param {number} least
 * @param {number} most
 */
export function whole(text, least, most) {
  const number = text !== null && /^\d+$/.test(text) ? Number(text) : -1;
  return number >= least && number <= most ? number : null;
}

/**
 * A date; empty for any other text.
 *
 * @param {string | null} text
 */
export function dateOf(text) {
  const date = new Date(text !== null && DATE.test(text) ? text : "");
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text ?? "") ? (text ?? "") : "";
}

/**
 * @param {URLSearchParams} parameters Of the page's address.
 * @returns {OutagesState}
 */
export function stateOf(parameters) {
  const [kind, name] = [parameters.get("kind") ?? "", parameters.get("name") ?? ""];
  const [weekday, hour] = [whole(parameters.get("weekday"), 0, 6), whole(parameters.get("hour"), 0, 23)];
  const longer = parameters.get("longer_than") ?? "";
  const by = parameters.get("sort") ?? DEFAULTS.by;
  const limit = Number(parameters.get("limit"));
  const isHour = weekday !== null && hour !== null;
  const isGroup = kind !== "" && name !== "";
  return {
    from: dateOf(parameters.get("from")),
    until: dateOf(parameters.get("until")),
    kind: isGroup ? kind : "",
    name: isGroup ? name : "",
    store: isGroup ? "" : (parameters.get("store_id") ?? ""),
    running: parameters.get("running") === "true",
    longer: Object.hasOwn(LONGER, longer) ? longer : "",
    weekday: isHour ? weekday : null,
    hour: isHour ? hour : null,
    by: SORTS.includes(by) ? by : DEFAULTS.by,
    order: parameters.get("order") === "asc" ? "asc" : "desc",
    limit: SIZES.includes(limit) ? limit : DEFAULTS.limit,
    cursor: parameters.get("cursor"),
    row: parameters.get("cursor") === null ? 0 : (whole(parameters.get("row"), 0, 1e9) ?? 0),
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
    from: state.from,
    until: state.until,
    ...hourParameters(state),
    ...filterParameters(state),
    sort: state.by === DEFAULTS.by ? null : state.by,
    order: state.order === DEFAULTS.order ? null : state.order,
    limit: state.limit === DEFAULTS.limit ? null : state.limit,
    cursor: state.cursor,
    row: state.row || null,
  };
}

/**
 * The dates that are asked about: by default the 30 that end with that of `asOf`, in UTC.
 *
 * @param {OutagesState} state
 * @param {string} asOf
 */
export function datesOf({ from, until }, asOf) {
  return lastDates(DAYS, { from, until: until || asOf.slice(0, 10) });
}

/**
 * The dates from `from`, or else the `days` dates up to `until`.
 *
 * @param {number} days
 * @param {{from?: string, until: string}} dates
 */
export function lastDates(days, { from = "", until }) {
  const first = new Date(Date.parse(until) - (days - 1) * 86_400_000).toISOString().slice(0, 10);
  return { from: from || first, until };
}

/**
 * What both the list and the heat map are filtered by, for the API.
 *
 * @param {OutagesState} state
 * @returns {Parameters}
 */
export function filterParameters({ kind, name, store, running, longer }) {
  return { kind, name, store_id: store, running: running ? "true" : null, longer_than: longer };
}

/**
 * @param {OutagesState} state
 * @returns {Parameters}
 */
export function hourParameters({ weekday, hour }) {
  return { weekday, hour };
}

/** @param {Omit<OutagesState, "from" | "until" | "by" | "order" | "limit" | "cursor" | "row">} state */
export function isFiltered({ kind, store, running, longer, weekday }) {
  return kind !== "" || store !== "" || running || longer !== "" || weekday !== null;
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
