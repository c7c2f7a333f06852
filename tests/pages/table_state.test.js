import assert from "node:assert/strict";
import { test } from "node:test";
import {
  rememberedParameters,
  requestParameters,
  sortIn,
  stateOf,
} from "../../plugins/store_uptime_web/static/js/table_state.js";
import { withParameters } from "../../plugins/store_uptime_web/static/js/urls.js";

/** @param {string} query */
const read = (query) => stateOf(new URLSearchParams(query));

test("without parameters the table is as it starts, and its address is short", () => {
  const state = read("");
  assert.deepEqual(state, { search: "", by: "store_id", order: "asc", limit: 25, cursor: null, from: 0, bin: null });
  assert.equal(withParameters(new URL("https://example.org/?id=7"), rememberedParameters(state)).search, "?id=7");
});

test("what is remembered is read again", () => {
  const state = {
    ...read(""),
    search: "a&b",
    by: "downtime_last_day",
    order: /** @type {const} */ ("desc"),
    limit: 100,
  };
  const url = withParameters(new URL("https://example.org/?id=7&limit=50"), rememberedParameters(state));
  assert.deepEqual(stateOf(url.searchParams), state);
});

test("an address that somebody changed does no harm", () => {
  assert.equal(read("limit=101").limit, 25);
  assert.equal(read("limit=x").limit, 25);
  assert.equal(read("order=sideways").order, "asc");
});

test("the API gets the page, and the bar of the histogram with its period", () => {
  const state = { ...read("sort=open_last_hour&search=x"), cursor: "abc", from: 25 };
  const page = { search: "x", sort: "open_last_hour", order: "asc", limit: 25, cursor: "abc" };
  assert.deepEqual(requestParameters(state, "last_day"), page);
  const bin = { from: 0, to: 5, stores: 3 };
  assert.deepEqual(requestParameters({ ...state, bin }, "last_day"), {
    ...page,
    percent_from: 0,
    percent_to: 5,
    period: "last_day",
  });
});

test("the same column is sorted by in another period", () => {
  assert.equal(sortIn("uptime_percent_last_week", "last_hour"), "uptime_percent_last_hour");
  assert.equal(sortIn("open_last_hour", "last_hour"), "open_last_hour");
  assert.equal(sortIn("store_id", "last_day"), "store_id");
});
