import assert from "node:assert/strict";
import { test } from "node:test";
import { listedState, rememberedParameters, stateOf } from "../../plugins/store_uptime_web/static/js/now_state.js";

/** @param {string} text */
const written = (text) =>
  Object.fromEntries(
    Object.entries(rememberedParameters(stateOf(new URLSearchParams(text))))
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, String(value)]),
  );

test("an address without parameters lists what is down, the longest outage first", () => {
  const state = stateOf(new URLSearchParams());
  assert.deepEqual([state.state, state.sort, state.order, state.by], ["down", "outage_started_at", "asc", "timezone"]);
  assert.deepEqual(written(""), {});
});

test("what an address says comes back to it", () => {
  for (const text of [
    "by=region&kind=region&name=%3D1%2B1&state=unknown",
    "sort=downtime&order=desc&limit=50&cursor=abc&row=100",
  ]) {
    assert.deepEqual(written(text), Object.fromEntries(new URLSearchParams(text)));
  }
});

test("what cannot be is left out", () => {
  for (const text of ["kind=region", "name=West", "state=toString", "sort=name&order=up&limit=7", "row=5", "by="]) {
    assert.deepEqual(written(text), {}, text);
  }
});

test("down is what is open and down, or in an outage", () => {
  const since = "2023-03-15T18:05:30.000000Z";
  /** @type {["up" | "down" | "unknown", boolean, string | null, string][]} */
  const stories = [
    ["down", true, null, "down"],
    ["down", false, null, "closed"],
    ["down", false, since, "down"],
    ["up", true, null, "up"],
    ["up", true, since, "down"],
    ["unknown", true, null, "unknown"],
    ["unknown", false, null, "closed"],
  ];
  for (const [status, isOpen, outage, expected] of stories) {
    assert.equal(listedState({ status, is_open: isOpen, outage_started_at: outage }), expected);
  }
});
