import assert from "node:assert/strict";
import { test } from "node:test";
import { moved } from "../../plugins/store_uptime_web/static/js/roving.js";

test("arrows go to the neighbour", () => {
  assert.equal(moved("ArrowRight", 3, 20), 4);
  assert.equal(moved("ArrowLeft", 3, 20), 2);
});

test("and stop at the ends", () => {
  assert.equal(moved("ArrowRight", 19, 20), 19);
  assert.equal(moved("ArrowLeft", 0, 20), 0);
});

test("Home and End go to the ends", () => {
  assert.equal(moved("Home", 7, 20), 0);
  assert.equal(moved("End", 7, 20), 19);
});

test("other keys are the browser's", () => {
  for (const key of ["Tab", "Enter", " ", "ArrowUp", "PageDown", "toString"])
    assert.equal(moved(key, 7, 20), null, key);
});

test("in a grid arrows go up and down too, and stop at its edges", () => {
  assert.equal(moved("ArrowDown", 3, 12, 4), 7);
  assert.equal(moved("ArrowUp", 7, 12, 4), 3);
  assert.equal(moved("ArrowUp", 3, 12, 4), 3);
  assert.equal(moved("ArrowDown", 9, 12, 4), 9);
});
