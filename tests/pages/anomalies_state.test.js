import assert from "node:assert/strict";
import { test } from "node:test";
import {
  amountOf,
  datesOf,
  isFiltered,
  rememberedParameters,
  scoreOf,
  stateOf,
} from "../../plugins/store_uptime_web/static/js/anomalies_state.js";

/** @param {string} text */
const read = (text) => stateOf(new URLSearchParams(text));
/** @param {ReturnType<typeof read>} state */
const written = (state) =>
  Object.fromEntries(
    Object.entries(rememberedParameters(state))
      .filter(([, value]) => value !== null && value !== "")
      .map(([name, value]) => [name, String(value)]),
  );

test("an address without parameters is the last 30 days", () => {
  const state = read("");
  assert.deepEqual(datesOf(state, "2023-03-15T18:05:30.000000Z"), { from: "2023-02-14", until: "2023-03-15" });
  assert.equal(isFiltered(state), false);
  assert.deepEqual(written(state), {});
});

test("what an address says comes back to it", () => {
  for (const text of [
    "from=2023-03-01&until=2023-03-07&kind=region&name=%3D1%2B1",
    "store_id=a%2Fb&limit=100&cursor=abc&row=200",
  ]) {
    assert.deepEqual(written(read(text)), Object.fromEntries(new URLSearchParams(text)));
    assert.equal(isFiltered(read(text)), true);
  }
});

test("what cannot be is left out", () => {
  for (const text of ["from=yesterday&until=2023-02-31", "kind=region", "name=West", "limit=7&row=5"]) {
    assert.deepEqual(written(read(text)), {}, text);
  }
});

test("hours have a unit, polls are counted, and chance is a percentage", () => {
  assert.equal(amountOf("downtime", 3.25), "3.3 h");
  assert.equal(amountOf("data", 1234.4), "1,234");
  assert.deepEqual([0.0999, 0.001, 0.0000123].map(scoreOf), ["10.0%", "0.1%", "under 0.1%"]);
});
