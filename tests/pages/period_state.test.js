import assert from "node:assert/strict";
import { test } from "node:test";
import { datesOf, remembered, stateOf } from "../../plugins/store_uptime_web/static/js/period_state.js";

const DEFAULTS = { by: "store", sort: "scope" };
const AS_OF = "2023-01-25T18:13:22.479220Z";

/** @param {string} query */
const state = (query) => stateOf(new URLSearchParams(query), DEFAULTS);

test("without parameters it is the month of as-of, by store", () => {
  const { unit, by, filter, sort, order, limit, cursor } = state("");
  assert.deepEqual([unit, by, filter, sort, order, limit, cursor], ["month", "store", "", "scope", "asc", 25, null]);
  assert.deepEqual(datesOf(state(""), AS_OF), { from: "2023-01-01", until: "2023-01-31" });
});

test("what the address says comes back to it", () => {
  const query = "period=quarter&on=2022-12-31&by=region&search=West&verdict=at_risk&sort=spent&order=desc&limit=50";
  const parameters = Object.entries(remembered(state(query), DEFAULTS)).map(([name, value]) => [name, String(value)]);
  assert.equal(new URLSearchParams(parameters).toString(), query);
  assert.deepEqual(datesOf(state(query), AS_OF), { from: "2022-10-01", until: "2022-12-31" });
});

test("what is so by default is left out of the address", () => {
  const kept = Object.values(remembered(state("period=month&by=store&sort=scope&order=asc&limit=25"), DEFAULTS));
  assert.deepEqual(
    kept.filter((value) => value !== null && value !== ""),
    [],
  );
});

test("what the address cannot mean is ignored", () => {
  const { unit, on, by, limit } = state("period=toString&on=2023-02-30&by=&limit=7");
  assert.deepEqual([unit, on, by, limit], ["month", null, "store", 25]);
});
