import assert from "node:assert/strict";
import { test } from "node:test";
import { isLive, progressText, warningsText, whatToDo } from "../../plugins/store_uptime_web/static/js/states.js";

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

test("warnings by their tiers", () => {
  assert.deepEqual(warningsText(3, 0), ["warn", "3 warnings"]);
  assert.deepEqual(warningsText(3, 1), ["bad", "3 warnings, 1 changes figures"]);
  assert.deepEqual(warningsText(2, 2), ["bad", "2 change figures"]);
});

test("what to do about a failure, by the task that failed", () => {
  /**
   * @param {string | null} failed_task
   * @param {{cause?: string | null, as_of?: string | null, run_again?: boolean}} [options]
   */
  const advice = (failed_task, { cause = "a cause", as_of = null, run_again = true } = {}) =>
    whatToDo({
      failed_task,
      cause,
      parameters: {
        as_of,
        max_gap: null,
        no_data: "unknown",
        store_ids: null,
        shards: 1,
        hours_valid_from: null,
        zones_valid_from: null,
      },
      may: { cancel: false, run_again },
    });
  assert.match(advice("ingest"), /file, folder or parameter .*, then run it again/);
  assert.match(advice("ingest", { run_again: false }), /then request a new report/);
  assert.match(advice("validate"), /read as a new one/);
  assert.match(advice("validate", { as_of: "2023-01-25T18:13:22Z" }), /another as-of/);
  assert.match(advice("clip"), /log of the task/);
  assert.match(advice(null, { cause: "Canceled by admin." }), /was canceled/);
  assert.match(advice(null, { cause: null }), /logs of the DAG run/);
});
