// @ts-check
// The words, shapes and colours of a report's and a task's state.

import { chip, h, icon } from "./dom.js";
import { count, duration } from "./format.js";

/** @import { ReportState, ReportTask } from "../../api_types.d.ts" */
/** @import { IconName } from "./dom.js" */

/** @type {Record<ReportState, [string, IconName]>} */
const REPORT = {
  Queued: ["", "clock"],
  Running: ["live", "turning"],
  Complete: ["good", "check"],
  Failed: ["bad", "cross"],
};

/** By Airflow's word for it. @type {Record<string, [string, IconName, string]>} */
const TASK = {
  success: ["good", "check", "done"],
  running: ["live", "turning", "running"],
  failed: ["bad", "cross", "failed"],
  up_for_retry: ["warn", "clock", "waiting for retry"],
  upstream_failed: ["", "dash", "not started"],
  queued: ["live", "clock", "queued"],
  scheduled: ["", "clock", "scheduled"],
  skipped: ["", "dash", "skipped"],
  restarting: ["live", "turning", "restarting"],
  removed: ["", "dash", "removed"],
  deferred: ["live", "clock", "deferred"],
};

/** @param {ReportState} state */
export const isLive = (state) => state === "Queued" || state === "Running";

/** @param {ReportState} state */
export function reportChip(state) {
  const [kind, iconName] = REPORT[state];
  return chip(kind, iconName, state);
}

/**
 * The six tasks in a row, each with its state, and how long it took.
 *
 * @param {ReportTask[]} tasks
 */
export function steps(tasks, compact = false) {
  return h(
    "ol",
    { class: compact ? "steps compact" : "steps", "aria-label": "Progress by task" },
    tasks.map((task) => {
      const [kind, iconName, word] = TASK[task.state ?? ""] ?? ["", "circle", "waiting"];
      const isSharded = task.state === "running" && task.shards > 1;
      const shards = isSharded ? ` ${count(task.shards_done)} of ${count(task.shards)}` : "";
      return h(
        "li",
        { class: kind, title: `${task.task}: ${word}` },
        h("span", { class: "task" }, icon(iconName, iconName === "turning" ? "spins" : ""), task.task),
        h("span", { class: "sub" }, task.seconds === null ? word + shards : duration(task.seconds)),
        h("span", { class: "visually-hidden" }, word),
      );
    }),
  );
}

/**
 * The same for screen readers.
 *
 * @param {ReportTask[]} tasks
 */
export function progressText(tasks) {
  const done = tasks.filter((task) => task.state === "success").length;
  const current = tasks.find((task) => task.state === "running");
  return `${done} of ${tasks.length} tasks done${current ? `, ${current.task} is running` : ""}`;
}
