import assert from "node:assert/strict";
import { test } from "node:test";
import { amountOf, scoreOf } from "../../plugins/store_uptime_web/static/js/anomaly_text.js";

test("hours have a unit, polls are counted, and chance is a percentage", () => {
  assert.equal(amountOf("downtime", 3.25), "3.3 h");
  assert.equal(amountOf("data", 1234.4), "1,234");
  assert.deepEqual([0.0999, 0.001, 0.0000123].map(scoreOf), ["10.0%", "0.1%", "under 0.1%"]);
});
