// @ts-check
// What the pages about a calendar period show: read from the page's address and written to it, and asked of the API.

import { dateOf, isUnit, periodOf } from "./dates.js";

/** @import { Unit } from "./dates.js" */
/** @import { Parameters } from "./urls.js" */

/**
 * @typedef {object} PeriodState
 * @property {Unit} unit
 * @property {string | null} on A date of the period; null: the one at as-of.
 * @property {string} by What a row is about: store, all, timezone, or a kind of group.
 * @property {string} search
 * @property {string} filter A verdict, or another word that the API filters by; empty: none.
 * @property {string} sort
 * @property {"asc" | "desc"} order
 * @property {number} limit
 * @property {string | null} cursor
 * @property {number} from Rows on the pages before.
 */

export const SIZES = [25, 50, 100];
const DEFAULTS = { unit: "month", order: "asc" };

/**
 * @param {URLSearchParams} parameters Of the page's address.
 * @param {{by: string, sort: string}} defaults
 * @returns {PeriodState}
 */
export function stateOf(parameters, { by, sort }) {
  const limit = Number(parameters.get("limit"));
  const unit = parameters.get("period");
  return {
    unit: isUnit(unit) ? unit : "month",
    on: dateOf(parameters.get("on")),
    by: parameters.get("by") || by,
    search: parameters.get("search") ?? "",
    filter: parameters.get("verdict") ?? "",
    sort: parameters.get("sort") || sort,
    order: parameters.get("order") === "desc" ? "desc" : "asc",
    limit: SIZES.includes(limit) ? limit : SIZES[0],
    cursor: null,
    from: 0,
  };
}

/**
 * For the page's address, which leaves out what is so by default.
 *
 * @param {PeriodState} state
 * @param {{by: string, sort: string}} defaults
 * @returns {Parameters}
 */
export function remembered({ unit, on, by, search, filter, sort, order, limit }, defaults) {
  return {
    period: unit === DEFAULTS.unit ? null : unit,
    on,
    by: by === defaults.by ? null : by,
    search,
    verdict: filter,
    sort: sort === defaults.sort ? null : sort,
    order: order === DEFAULTS.order ? null : order,
    limit: limit === SIZES[0] ? null : limit,
  };
}

/**
 * The dates of the period that is shown.
 *
 * @param {PeriodState} state
 * @param {string} asOf An instant of the API.
 */
export function datesOf({ unit, on }, asOf) {
  return periodOf(on ?? asOf.slice(0, 10), unit);
}
