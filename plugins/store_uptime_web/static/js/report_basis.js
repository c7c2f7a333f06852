// @ts-check
// How a report was made: its tasks, and what it rests on.

import { h } from "./dom.js";
import { bytes, count, duration, instant, many } from "./format.js";
import { table } from "./table.js";

/** @import { ReportDetail, ReportTask, Snapshot, SourceFile } from "../../api_types.d.ts" */
/** @import { Child } from "./dom.js" */

/**
 * The tasks with what they counted.
 *
 * @param {ReportDetail} report
 */
export function tasks(report) {
  return h(
    "section",
    { class: "card flush" },
    h("header", null, h("h2", null, "Tasks")),
    table({
      caption: "Tasks of this report",
      columns: [
        { title: "Task", row: true, cell: (task) => task.task },
        { title: "Took", kind: "number", cell: (task) => duration(task.seconds) },
        { title: "Counts", cell: (task) => counts(task.counts) },
      ],
      rows: report.tasks,
    }),
  );
}

/**
 * Files, parameters and result: what it takes to get the same report again.
 *
 * @param {ReportDetail} report
 */
export function basis(report) {
  /** @param {Snapshot | null} file */
  const snapshot = (file) =>
    file ? h("span", { title: file.content_sha256 }, file.name) : "none loaded: the default holds";
  const { as_of: asOf, max_gap: gap, no_data: noData } = report.parameters;
  return h(
    "section",
    { class: "card" },
    h("header", null, h("h2", null, "What it rests on")),
    h(
      "dl",
      { class: "terms" },
      term(
        "Polls",
        report.sources.filter((file) => file.kind === "store_status").map(source),
        "already loaded before this run",
      ),
      term("Business hours", report.snapshots && [snapshot(report.snapshots.business_hours)]),
      term("Time zones", report.snapshots && [snapshot(report.snapshots.store_timezones)]),
      term("As of", [asOf ? `asked for: ${instant(asOf, { seconds: true })}` : "the newest poll"]),
      term("Longest gap", [gap ?? "no limit"]),
      term("No data", [noData === "down" ? "counts as down" : "is unknown"]),
      report.csv && term("CSV", [`${bytes(report.csv.bytes)}, SHA-256 `, h("code", null, report.csv.sha256)]),
      term("Report id", [h("code", null, report.report_id)]),
    ),
  );
}

/**
 * @param {string} name
 * @param {Child[] | null} values
 */
function term(name, values, otherwise = "–") {
  return [h("dt", null, name), h("dd", null, values?.length ? values : otherwise)];
}

/** @param {SourceFile} file */
function source(file) {
  return h(
    "div",
    { title: file.content_sha256 },
    `${file.name}: ${many(file.rows_read, "row")}`,
    file.rows_quarantined ? `, ${count(file.rows_quarantined)} unusable` : "",
    file.state === "rejected" ? h("div", { class: "small muted" }, "rejected: ", file.rejected_because) : "",
  );
}

/** @param {ReportTask["counts"]} values */
function counts(values) {
  return h(
    "span",
    { class: "small muted" },
    Object.entries(values)
      .flatMap(([name, value]) => (typeof value === "number" ? [`${name.replaceAll("_", " ")} ${count(value)}`] : []))
      .join(" · ") || "–",
  );
}
