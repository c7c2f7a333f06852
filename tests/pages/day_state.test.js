import assert from "node:assert/strict";
import { test } from "node:test";
import { remembered, requested, stateOf, yearUntil } from "../../plugins/store_uptime_web/static/js/day_state.js";

/** @param {string} query */
const state = (query) => stateOf(new URLSearchParams(query));

test("without parameters it is the newest year, all days, newest first", () => {
  const { until, on, at, only, by, order, limit, cursor } = state("");
  assert.deepEqual([until, on, at, only, by, order, limit, cursor], [null, null, null, "", "date", "desc", 14, null]);
});

test("what the address says comes back to it", () => {
  const query = "until=2023-01-25&on=2023-01-20&at=2023-01-20T18%3A00%3A00Z&only=missed&sort=down&order=asc&limit=31";
  const parameters = Object.entries(remembered(state(query))).map(([name, value]) => [name, String(value)]);
  assert.equal(new URLSearchParams(parameters).toString(), query);
});

test("what is so by default is left out of the address", () => {
  assert.deepEqual(
    Object.values(remembered(state("order=desc&limit=14&sort=date"))).filter((value) => value !== null && value !== ""),
    [],
  );
});

test("what the address cannot mean is ignored", () => {
  const { until, on, only, limit } = state("until=2023-02-30&on=x&only=toString&limit=7");
  assert.deepEqual([until, on, only, limit], [null, null, "", 14]);
});

test("a year is 53 weeks, and the table asks for its days", () => {
  const dates = yearUntil("2023-01-25");
  assert.deepEqual(dates, { from: "2022-01-20", until: "2023-01-25" });
  const asked = requested({ ...state("only=down"), cursor: "x" }, dates);
  assert.deepEqual(asked, { ...dates, only: "down", sort: "date", order: "desc", limit: 14, cursor: "x" });
});
