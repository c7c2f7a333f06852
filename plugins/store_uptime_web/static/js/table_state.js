// @ts-check
// What the table of stores shows: read from the page's address and written to it, and as parameters of the API.

import { PERIOD_NAMES } from "./format.js";

/** @import { HistogramBin } from "../../api_types.d.ts" */
/** @import { Period } from "./format.js" */
/** @import { Parameters } from "./urls.js" */

/**
 * @typedef {object} TableState
 * @property {string} search
 * @property {string} by What the stores are sorted by, as the API calls it.
 * @property {"asc" | "desc"} order
 * @property {number} limit Rows on a page.
 * @property {string | null} cursor
 * @property {number} from Rows on the pages before.
 * @property {HistogramBin | null} bin The bar of the histogram whose stores are listed.
 */

export const SIZES = [25, 50, 100]; // the API gives at most 100 rows
const DEFAULTS = { search: "", by: "store_id", order: "asc", limit: SIZES[0] };

/**
 * @param {URLSearchParams} parameters Of the page's address.
 * @returns {TableState}
 */
export function stateOf(parameters) {
  const limit = Number(parameters.get("limit"));
  return {
    search: parameters.get("search") ?? DEFAULTS.search,
    by: parameters.get("sort") ?? DEFAULTS.by,
    order: parameters.get("order") === "desc" ? "desc" : "asc",
    limit: SIZES.includes(limit) ? limit : DEFAULTS.limit,
    cursor: null,
    from: 0,
    bin: null,
  };
}

/**
 * For the page's address, which leaves out what is so by default.
 *
 * @param {TableState} state
 * @returns {Parameters}
 */
export function rememberedParameters({ search, by, order, limit }) {
  return {
    search,
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
export function requestParameters({ search, by, order, limit, cursor, bin }, period) {
  const band = bin && { percent_from: bin.from, percent_to: bin.to, period };
  return { search, sort: by, order, limit, cursor, ...band };
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
