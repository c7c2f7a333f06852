// @ts-check
// What the table of stores shows: read from the page's address and written to it, and as parameters of the API.

import { PERIOD_NAMES } from "./format.js";

/** @import { HistogramBin } from "../../api_types.d.ts" */
/** @import { Period } from "./format.js" */
/** @import { Parameters } from "./urls.js" */

/**
 * @typedef {object} TableState
 * @property {string} search
 * @property {string} timezone Only stores of this zone; empty: of any.
 * @property {number | null} percentFrom Only stores with at least so many percent of uptime.
 * @property {number | null} percentTo Only stores with less, but 100 includes all of the time.
 * @property {string} by What the stores are sorted by, as the API calls it.
 * @property {"asc" | "desc"} order
 * @property {number} limit Rows on a page.
 * @property {string | null} cursor
 * @property {number} from Rows on the pages before.
 */

export const SIZES = [25, 50, 100]; // the API gives at most 100 rows
const DEFAULTS = { by: "store_id", order: "asc", limit: SIZES[0] };

/** No filter: all stores. */
export const UNFILTERED = { search: "", timezone: "", percentFrom: null, percentTo: null };

/**
 * A percentage as the API takes it: 0 to 100 with at most two decimals; null for anything else.
 *
 * @param {string | null} text
 */
export function percentOf(text) {
  return text !== null && /^\d{1,3}(\.\d{1,2})?$/.test(text) && Number(text) <= 100 ? Number(text) : null;
}

/**
 * @param {URLSearchParams} parameters Of the page's address.
 * @returns {TableState}
 */
export function stateOf(parameters) {
  const limit = Number(parameters.get("limit"));
  return {
    search: parameters.get("search") ?? UNFILTERED.search,
    timezone: parameters.get("timezone") ?? UNFILTERED.timezone,
    percentFrom: percentOf(parameters.get("percent_from")),
    percentTo: percentOf(parameters.get("percent_to")),
    by: parameters.get("sort") ?? DEFAULTS.by,
    order: parameters.get("order") === "desc" ? "desc" : "asc",
    limit: SIZES.includes(limit) ? limit : DEFAULTS.limit,
    cursor: null,
    from: 0,
  };
}

/**
 * For the page's address, which leaves out what is so by default.
 *
 * @param {TableState} state
 * @returns {Parameters}
 */
export function rememberedParameters({ search, timezone, percentFrom, percentTo, by, order, limit }) {
  return {
    search,
    timezone,
    percent_from: percentFrom,
    percent_to: percentTo,
    sort: by === DEFAULTS.by ? null : by,
    order: order === DEFAULTS.order ? null : order,
    limit: limit === DEFAULTS.limit ? null : limit,
  };
}

/**
 * For the API.
 *
 * @param {TableState} state
 * @param {Period} period
 * @returns {Parameters}
 */
export function requestParameters({ search, timezone, percentFrom, percentTo, by, order, limit, cursor }, period) {
  const range = { percent_from: percentFrom, percent_to: percentTo, period };
  const isRange = percentFrom !== null || percentTo !== null;
  return { search, timezone, sort: by, order, limit, cursor, ...(isRange && range) };
}

/** @param {TableState} state */
export function isFiltered({ search, timezone, percentFrom, percentTo }) {
  return search !== "" || timezone !== "" || percentFrom !== null || percentTo !== null;
}

/**
 * The bar of the histogram whose stores are listed, if it is one bar.
 *
 * @param {HistogramBin[]} bins
 * @param {TableState} state
 */
export function chosenBin(bins, { percentFrom, percentTo }) {
  return bins.find((bin) => bin.from === percentFrom && bin.to === percentTo) ?? null;
}

/**
 * The same column in another period.
 *
 * @param {string} by
 * @param {Period} period
 */
export function sortIn(by, period) {
  const suffix = PERIOD_NAMES.map((name) => `_${name}`).find((name) => by.endsWith(name));
  return suffix ? `${by.slice(0, -suffix.length)}_${period}` : by;
}
