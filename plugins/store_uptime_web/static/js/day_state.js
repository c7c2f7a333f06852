// @ts-check
// What the page of a store shows of its days: read from the page's address and written to it.

import { dateOf, plusDays } from "./dates.js";

/** @import { Parameters } from "./urls.js" */

/** What the days of the table can be sorted by, and limited to, as the API calls it. */
export const FILTERS = {
  down: "With downtime",
  unknown: "With unknown time",
  planned: "With planned downtime",
  opened_late: "Opened late",
  closed_early: "Closed early",
  missed: "Missed openings",
};
export const SIZES = [14, 31, 100];
const YEAR = 371; // 53 weeks

/**
 * @typedef {object} DayState
 * @property {string | null} until The last date of the year; null: the newest.
 * @property {string | null} on The date whose week is shown; null: the last one.
 * @property {string | null} at The instant that is explained.
 * @property {string} only Of `FILTERS`; empty: all days.
 * @property {string} by
 * @property {"asc" | "desc"} order
 * @property {number} limit
 * @property {string | null} cursor
 * @property {number} from Rows on the pages before.
 */

/**
 * @param {URLSearchParams} parameters Of the page's address.
 * @returns {DayState}
 */
export function stateOf(parameters) {
  const limit = Number(parameters.get("limit"));
  const only = parameters.get("only") ?? "";
  return {
    until: dateOf(parameters.get("until")),
    on: dateOf(parameters.get("on")),
    at: parameters.get("at"),
    only: Object.hasOwn(FILTERS, only) ? only : "",
    by: parameters.get("sort") ?? "date",
    order: parameters.get("order") === "asc" ? "asc" : "desc",
    limit: SIZES.includes(limit) ? limit : SIZES[0],
    cursor: null,
    from: 0,
  };
}

/**
 * For the page's address, which leaves out what is so by default.
 *
 * @param {DayState} state
 * @returns {Parameters}
 */
export function remembered({ until, on, at, only, by, order, limit }) {
  return {
    until,
    on,
    at,
    only,
    sort: by === "date" ? null : by,
    order: order === "desc" ? null : order,
    limit: limit === SIZES[0] ? null : limit,
  };
}

/**
 * The dates of the year that ends with a date.
 *
 * @param {string} until
 */
export function yearUntil(until) {
  return { from: plusDays(until, 1 - YEAR), until };
}

/**
 * For the API: the days of the table.
 *
 * @param {DayState} state
 * @param {{from: string, until: string}} dates
 * @returns {Parameters}
 */
export function requested({ only, by, order, limit, cursor }, dates) {
  return { ...dates, only, sort: by, order, limit, cursor };
}
