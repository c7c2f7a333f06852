import assert from "node:assert/strict";
import { test } from "node:test";
import { levelOf } from "../../plugins/store_uptime_web/static/js/heatmap.js";
import { datesOf } from "../../plugins/store_uptime_web/static/js/list_state.js";
import {
  isFiltered,
  matching,
  rememberedParameters,
  stateOf,
} from "../../plugins/store_uptime_web/static/js/outages_state.js";

const AS_OF = "2023-03-15T18:05:30.000000Z";
/** @param {string} text */
const read = (text) => stateOf(new URLSearchParams(text));
/** @param {ReturnType<typeof read>} state */
const written = (state) =>
  Object.fromEntries(
    Object.entries(rememberedParameters(state))
      .filter(([, value]) => value !== null && value !== "")
      .map(([name, value]) => [name, String(value)]),
  );

test("an address without parameters is the last 30 days, newest first", () => {
  const state = read("");
  assert.deepEqual(datesOf(state, AS_OF), { from: "2023-02-14", until: "2023-03-15" });
  assert.deepEqual([state.by, state.order, state.limit, state.cursor], ["started_at", "desc", 25, null]);
  assert.equal(isFiltered(state), false);
  assert.deepEqual(written(state), {});
});

test("what an address says comes back to it", () => {
  for (const text of [
    "from=2023-03-01&until=2023-03-07&kind=region&name=%3D1%2B1&running=true&longer_than=4h",
    "store_id=a%2Fb&sort=downtime&order=asc&limit=100&cursor=abc&row=200",
    "weekday=0&hour=0",
  ]) {
    const given = Object.fromEntries(new URLSearchParams(text));
    assert.deepEqual(written(read(text)), given);
    assert.equal(isFiltered(read(text)), true);
  }
});

test("what cannot be is left out", () => {
  for (const text of [
    "from=yesterday&until=2023-02-31",
    "kind=region",
    "name=West",
    "weekday=7&hour=3",
    "weekday=3",
    "longer_than=toString",
    "sort=name&order=up&limit=7&row=5",
  ]) {
    assert.deepEqual(written(read(text)), {}, text);
  }
});

test("the list has all outages, or those of the chosen hour", () => {
  const counted = { outages: 7, start_hours: [{ weekday: 2, hour: 5, outages: 3, ongoing: 0, downtime_us: "1" }] };
  assert.equal(matching(counted, { weekday: null, hour: null }), 7);
  assert.equal(matching(counted, { weekday: 2, hour: 5 }), 3);
  assert.equal(matching(counted, { weekday: 2, hour: 6 }), 0);
});

test("nothing has no colour, anything some, the most the strongest", () => {
  assert.deepEqual(
    [0, 1, 20, 21, 99, 100].map((value) => levelOf(value, 100)),
    [0, 1, 1, 2, 5, 5],
  );
});
