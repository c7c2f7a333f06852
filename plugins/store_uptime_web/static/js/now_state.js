// @ts-check
// What the page Now shows: read from the page's address and written to it, and as parameters of the API.

/** @import { StateCounts, StoreNow } from "../../api_types.d.ts" */
/** @import { Parameters } from "./urls.js" */

/**
 * @typedef {object} NowState
 * @property {string} by The kind of the groups that are counted.
 * @property {string} kind Only stores of a group of this kind …
 * @property {string} name … and name; both are empty for all.
 * @property {ListedState} state Only stores in this state.
 * @property {string} sort What they are sorted by, as the API calls it.
 * @property {"asc" | "desc"} order
 * @property {number} limit Rows on a page.
 * @property {string | null} cursor
 * @property {number} row Rows on the pages before.
 */

/** @typedef {"down" | "unknown" | "up" | "open" | "closed"} ListedState */

export const SIZES = [25, 50, 100];
/** @type {Record<ListedState, string>} */
export const STATES = { down: "Down", unknown: "Unknown", up: "Up", open: "Open", closed: "Closed" };
const SORTS = ["store_id", "since", "outage_started_at", "downtime", "last_poll_at", "next_change_at"];
/** @type {NowState} */
const DEFAULTS = {
  by: "timezone",
  kind: "",
  name: "",
  state: "down",
  sort: "outage_started_at",
  order: "asc",
  limit: SIZES[0],
  cursor: null,
  row: 0,
};

/**
 * @param {string | null} text
 * @returns {text is ListedState}
 */
const isState = (text) => text !== null && Object.hasOwn(STATES, text);

/**
 * @param {URLSearchParams} parameters Of the page's address.
 * @returns {NowState}
 */
export function stateOf(parameters) {
  const [kind, name] = [parameters.get("kind") ?? "", parameters.get("name") ?? ""];
  const isGroup = kind !== "" && name !== "";
  const state = parameters.get("state");
  const sort = parameters.get("sort") ?? DEFAULTS.sort;
  const limit = Number(parameters.get("limit"));
  const cursor = parameters.get("cursor");
  const row = Number(parameters.get("row"));
  return {
    by: parameters.get("by") || DEFAULTS.by,
    kind: isGroup ? kind : "",
    name: isGroup ? name : "",
    state: isState(state) ? state : DEFAULTS.state,
    sort: SORTS.includes(sort) ? sort : DEFAULTS.sort,
    order: parameters.get("order") === "desc" ? "desc" : "asc",
    limit: SIZES.includes(limit) ? limit : DEFAULTS.limit,
    cursor,
    row: cursor !== null && Number.isInteger(row) && row > 0 ? row : 0,
  };
}

/**
 * For the page's address, which leaves out what is so by default.
 *
 * @param {NowState} state
 * @returns {Parameters}
 */
export function rememberedParameters(state) {
  return Object.fromEntries(
    /** @type {(keyof NowState)[]} */ (Object.keys(DEFAULTS)).map((name) => [
      name,
      state[name] === DEFAULTS[name] ? null : state[name],
    ]),
  );
}

/**
 * Which stores are listed and how, for the API.
 *
 * @param {NowState} state
 * @returns {Parameters}
 */
export function requestParameters({ kind, name, state, sort, order }) {
  return { kind, name, state, sort, order };
}

/**
 * A store's state as the list has it.
 *
 * @param {Pick<StoreNow, "status" | "is_open" | "outage_started_at">} store
 * @returns {ListedState}
 */
export function listedState({ status, is_open: isOpen, outage_started_at: outage }) {
  if (outage || (isOpen && status === "down")) return "down";
  return isOpen ? /** @type {ListedState} */ (status) : "closed";
}

/**
 * How many stores the list has: of all stores, or of the group.
 *
 * @param {StateCounts} counts
 * @param {NowState} state
 */
export const matching = (counts, { state }) => counts[state];
