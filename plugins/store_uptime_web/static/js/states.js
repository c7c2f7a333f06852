// @ts-check
// The words, shapes and colours of a report's and a task's state.

import { chip, h, icon } from "./dom.js";
import { count, duration, many } from "./format.js";

/** @import { ReportDetail, ReportState, ReportTask } from "../../api_types.d.ts" */
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
 * Warnings by their tiers: those that change figures, or else all as information.
 *
 * @param {number} warnings
 * @param {number} changing How many of them change figures.
 */
export function warningsChip(warnings, changing) {
  const [kind, text] = warningsText(warnings, changing);
  return chip(kind, "alert", text);
}

/**
 * @param {number} warnings
 * @param {number} changing
 */
export function warningsText(warnings, changing) {
  if (!changing) return ["warn", many(warnings, "warning")];
  return [
    "bad",
    `${changing === warnings ? "" : `${many(warnings, "warning")}, `}${count(changing)} change${changing === 1 ? "s" : ""} figures`,
  ];
}

/**
 * What a reader can do about a failed report, by the task that failed; the cause says what was wrong.
 *
 * @param {Pick<ReportDetail, "failed_task" | "cause" | "parameters" | "may">} report
 */
export function whatToDo({ failed_task: task, cause, parameters, may }) {
  const again = may.run_again ? "run it again" : "request a new report";
  if (!task && cause?.startsWith("Canceled by ")) return `it was canceled; ${again} if it is still needed.`;
  if (!task) return `read the logs of the DAG run in Airflow, then ${again}.`;
  if (task === "ingest") return `correct the file, folder or parameter that the cause names, then ${again}.`;
  if (task === "validate" && parameters.as_of) {
    return `correct the files that the cause names, or request another as-of, then ${again}.`;
  }
  if (task === "validate") {
    return `correct the files that the cause names, then ${again}: a file with other content is read as a new one.`;
  }
  return `${again}. If it fails again, the log of the task in Airflow has the details.`;
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
