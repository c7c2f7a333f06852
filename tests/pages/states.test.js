import assert from "node:assert/strict";
import { test } from "node:test";
import { isLive, progressText } from "../../plugins/store_uptime_web/static/js/states.js";

/** @import { ReportTask } from "../../plugins/store_uptime_web/api_types.d.ts" */

/** @param {(string | null)[]} states */
const tasks = (...states) => states.map((state, index) => /** @type {ReportTask} */ ({ task: `task ${index}`, state }));

test("progress in words", () => {
  assert.equal(progressText(tasks("success", "running", null)), "1 of 3 tasks done, task 1 is running");
  assert.equal(progressText(tasks("success", "success", "success")), "3 of 3 tasks done");
  assert.equal(progressText(tasks(null, null)), "0 of 2 tasks done");
});

test("a report is live until it is complete or failed", () => {
  const states = /** @type {const} */ (["Queued", "Running", "Complete", "Failed"]);
  assert.deepEqual(states.filter(isLive), ["Queued", "Running"]);
});
