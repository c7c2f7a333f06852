// @ts-check
// What lists of some dates have in common, read from the page's address and written to it: dates, whose, and the page.

import { dateOf, plusDays } from "./dates.js";

/** @import { Parameters } from "./urls.js" */

/**
 * @typedef {object} ListState
 * @property {string} from The first date; empty: as by default.
 * @property {string} until The last date; empty: as by default.
 * @property {string} kind Only a group of this kind …
 * @property {string} name … and name; both are empty for all.
 * @property {string} store Only this store; empty: all.
 * @property {number} limit Rows on a page.
 * @property {string | null} cursor
 * @property {number} row Rows on the pages before.
 */

export const SIZES = [25, 50, 100];
export const ALL_STORES = { kind: "", name: "", store: "" };
const DAYS = 30;

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
 * @param {URLSearchParams} parameters Of the page's address.
 * @returns {ListState}
 */
export function listOf(parameters) {
  const [kind, name] = [parameters.get("kind") ?? "", parameters.get("name") ?? ""];
  const isGroup = kind !== "" && name !== "";
  const limit = Number(parameters.get("limit"));
  const cursor = parameters.get("cursor");
  return {
    from: dateOf(parameters.get("from")) ?? "",
    until: dateOf(parameters.get("until")) ?? "",
    kind: isGroup ? kind : "",
    name: isGroup ? name : "",
    store: isGroup ? "" : (parameters.get("store_id") ?? ""),
    limit: SIZES.includes(limit) ? limit : SIZES[0],
    cursor,
    row: cursor === null ? 0 : (whole(parameters.get("row"), 0, 1e9) ?? 0),
  };
}

/**
 * For the page's address, which leaves out what is so by default.
 *
 * @param {ListState} state
 * @returns {Parameters}
 */
export function rememberedList({ from, until, limit, cursor, row, ...whose }) {
  return { from, until, ...scopeParameters(whose), limit: limit === SIZES[0] ? null : limit, cursor, row: row || null };
}

/**
 * Whose rows, for the API.
 *
 * @param {Pick<ListState, "kind" | "name" | "store">} state
 * @returns {Parameters}
 */
export function scopeParameters({ kind, name, store }) {
  return { kind, name, store_id: store };
}

/** @param {Pick<ListState, "kind" | "store">} state */
export function isOfSome({ kind, store }) {
  return kind !== "" || store !== "";
}

/**
 * The dates that are asked about: by default the 30 that end with that of `asOf`, in UTC.
 *
 * @param {Pick<ListState, "from" | "until">} state
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
  return { from: from || plusDays(until, 1 - days), until };
}
