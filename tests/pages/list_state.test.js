import assert from "node:assert/strict";
import { test } from "node:test";
import {
  datesOf,
  isOfSome,
  lastDates,
  listOf,
  rememberedList,
} from "../../plugins/store_uptime_web/static/js/list_state.js";

/** @param {string} text */
const read = (text) => listOf(new URLSearchParams(text));
/** @param {ReturnType<typeof read>} state */
const written = (state) =>
  Object.fromEntries(
    Object.entries(rememberedList(state))
      .filter(([, value]) => value !== null && value !== "")
      .map(([name, value]) => [name, String(value)]),
  );

test("an address without parameters is the last 30 days", () => {
  const state = read("");
  assert.deepEqual(datesOf(state, "2023-03-15T18:05:30.000000Z"), { from: "2023-02-14", until: "2023-03-15" });
  assert.equal(isOfSome(state), false);
  assert.deepEqual(written(state), {});
});

test("what an address says comes back to it", () => {
  for (const text of [
    "from=2023-03-01&until=2023-03-07&kind=region&name=%3D1%2B1",
    "store_id=a%2Fb&limit=100&cursor=abc&row=200",
  ]) {
    assert.deepEqual(written(read(text)), Object.fromEntries(new URLSearchParams(text)));
    assert.equal(isOfSome(read(text)), true);
  }
});

test("what cannot be is left out", () => {
  for (const text of ["from=yesterday&until=2023-02-31", "kind=region", "name=West", "limit=7&row=5"]) {
    assert.deepEqual(written(read(text)), {}, text);
  }
});

test("a store is not asked about beside a group", () => {
  assert.deepEqual(written(read("store_id=a&kind=region&name=West")), { kind: "region", name: "West" });
});

test("dates end with the last one", () => {
  assert.deepEqual(lastDates(90, { until: "2024-03-01" }), { from: "2023-12-03", until: "2024-03-01" });
  const dates = datesOf(read("from=2023-03-01"), "2023-03-15T18:05:30.000000Z");
  assert.deepEqual(dates, { from: "2023-03-01", until: "2023-03-15" });
});
