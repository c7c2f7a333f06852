// @ts-check
// What the page of anomalies shows: read from the page's address and written to it; and how an anomaly is written.

import { dateOf, lastDates, whole } from "./outages_state.js";

/** @import { Anomaly } from "../../api_types.d.ts" */
/** @import { Parameters } from "./urls.js" */

/**
 * @typedef {object} AnomaliesState
 * @property {string} from The first date; empty: as by default.
 * @property {string} until The last date; empty: as by default.
 * @property {string} kind Only a group of this kind, with its stores …
 * @property {string} name … and name; both are empty for all.
 * @property {string} store Only this store; empty: all.
 * @property {number} limit Rows on a page.
 * @property {string | null} cursor
 * @property {number} row Rows on the pages before.
 */

export const SIZES = [25, 50, 100];
export const UNFILTERED = { kind: "", name: "", store: "" };
const DAYS = 30;
/** @type {Record<Anomaly["kind"], string>} */
export const KINDS = {
  downtime: "Downtime",
  opened_late: "Opened late",
  closed_early: "Closed early",
  common_cause: "Common cause",
  data: "Polls",
};

/**
 * @param {URLSearchParams} parameters Of the page's address.
 * @returns {AnomaliesState}
 */
export function stateOf(parameters) {
  const [kind, name] = [parameters.get("kind") ?? "", parameters.get("name") ?? ""];
  const isGroup = kind !== "" && name !== "";
  const limit = Number(parameters.get("limit"));
  return {
    from: dateOf(parameters.get("from")),
    until: dateOf(parameters.get("until")),
    kind: isGroup ? kind : "",
    name: isGroup ? name : "",
    store: isGroup ? "" : (parameters.get("store_id") ?? ""),
    limit: SIZES.includes(limit) ? limit : SIZES[0],
    cursor: parameters.get("cursor"),
    row: parameters.get("cursor") === null ? 0 : (whole(parameters.get("row"), 0, 1e9) ?? 0),
  };
}

/**
 * For the page's address, which leaves out what is so by default.
 *
 * @param {AnomaliesState} state
 * @returns {Parameters}
 */
export function rememberedParameters(state) {
  return {
    from: state.from,
    until: state.until,
    ...filterParameters(state),
    limit: state.limit === SIZES[0] ? null : state.limit,
    cursor: state.cursor,
    row: state.row || null,
  };
}

/**
 * The dates that are asked about: by default the 30 that end with that of `asOf`, in UTC.
 *
 * @param {Pick<AnomaliesState, "from" | "until">} state
 * @param {string} asOf
 */
export function datesOf({ from, until }, asOf) {
  return lastDates(DAYS, { from, until: until || asOf.slice(0, 10) });
}

/**
 * @param {Pick<AnomaliesState, "kind" | "name" | "store">} state
 * @returns {Parameters}
 */
export function filterParameters({ kind, name, store }) {
  return { kind, name, store_id: store };
}

/** @param {Pick<AnomaliesState, "kind" | "store">} state */
export function isFiltered({ kind, store }) {
  return kind !== "" || store !== "";
}

/**
 * What was observed or expected, with its unit: hours, but of polls their number.
 *
 * @param {Anomaly["kind"]} kind
 * @param {number} amount
 */
export function amountOf(kind, amount) {
  return kind === "data" ? Math.round(amount).toLocaleString("en-US") : `${amount.toFixed(1)} h`;
}

/**
 * A q-value: how much of what is shown at most is expected to be chance.
 *
 * @param {number} score
 */
export function scoreOf(score) {
  return score < 0.001 ? "under 0.1%" : `${(score * 100).toFixed(1)}%`;
}
