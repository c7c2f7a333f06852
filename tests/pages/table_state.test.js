import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chosenBin,
  isFiltered,
  percentOf,
  rememberedParameters,
  requestParameters,
  sortIn,
  stateOf,
  UNFILTERED,
} from "../../plugins/store_uptime_web/static/js/table_state.js";
import { withParameters } from "../../plugins/store_uptime_web/static/js/urls.js";

/** @param {string} query */
const read = (query) => stateOf(new URLSearchParams(query));

test("without parameters the table is as it starts, and its address is short", () => {
  const state = read("");
  const start = { ...UNFILTERED, by: "store_id", order: "asc", limit: 25, cursor: null, from: 0 };
  assert.deepEqual(state, start);
  assert.equal(withParameters(new URL("https://example.org/?id=7"), rememberedParameters(state)).search, "?id=7");
  assert.ok(!isFiltered(state));
});

test("what is remembered is read again", () => {
  const state = {
    ...read(""),
    search: "a&b",
    timezone: "America/Port-au-Prince",
    percentFrom: 0,
    percentTo: 99.5,
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
  for (const text of ["", "x", "-1", "100.01", "1e1", "50.123", "NaN"]) assert.equal(percentOf(text), null, text);
  assert.deepEqual(["0", "007", "99.99", "100"].map(percentOf), [0, 7, 99.99, 100]);
});

test("the API gets the page and the filter, a range of uptime with its period", () => {
  const state = { ...read("sort=open_last_hour&search=x&timezone=America/Denver"), cursor: "abc", from: 25 };
  const page = {
    search: "x",
    timezone: "America/Denver",
    sort: "open_last_hour",
    order: "asc",
    limit: 25,
    cursor: "abc",
  };
  assert.deepEqual(requestParameters(state, "last_day"), page);
  assert.deepEqual(requestParameters({ ...state, percentFrom: 0, percentTo: null }, "last_day"), {
    ...page,
    percent_from: 0,
    percent_to: null,
    period: "last_day",
  });
});

test("each filter counts as one", () => {
  for (const query of ["search=x", "timezone=UTC", "percent_from=0", "percent_to=100"]) {
    assert.ok(isFiltered(read(query)), query);
  }
});

test("the chosen bar is the one whose stores are listed", () => {
  const bins = [0, 50].map((from) => ({ from, to: from + 50, stores: 1 }));
  assert.equal(chosenBin(bins, read("percent_from=50&percent_to=100")), bins[1]);
  assert.equal(chosenBin(bins, read("percent_from=50")), null);
  assert.equal(chosenBin(bins, read("")), null);
});

test("the same column is sorted by in another period", () => {
  assert.equal(sortIn("uptime_percent_last_week", "last_hour"), "uptime_percent_last_hour");
  assert.equal(sortIn("open_last_hour", "last_hour"), "open_last_hour");
  assert.equal(sortIn("store_id", "last_day"), "store_id");
});
