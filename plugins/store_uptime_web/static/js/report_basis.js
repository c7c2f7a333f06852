// @ts-check
// How a report was computed: its tasks, input and parameters.

import { h } from "./dom.js";
import { bytes, count, duration, instant, many, maxGap } from "./format.js";
import { table } from "./table.js";

/** @import { ReportDetail, ReportTask, Snapshot, SourceFile } from "../../api_types.d.ts" */
/** @import { Child } from "./dom.js" */

const MAX_FILES = 10;

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
  // Snapshots are chosen together with as_of, like polls; a report that failed before has none of them.
  /** @param {Snapshot | null} file */
  const snapshot = (file) =>
    file ? h("span", { title: file.content_sha256 }, file.name) : "none: the default applies";
  const { as_of: asOf, max_gap: gap, no_data: noData } = report.parameters;
  return h(
    "section",
    { class: "card" },
    h("header", null, h("h2", null, "Input and parameters")),
    h(
      "dl",
      { class: "terms" },
      report.data_folder && term("Data folder", [report.data_folder]),
      term("Polls", polls(report), report.as_of ? "loaded by earlier DAG runs" : "none found"),
      term("Business hours", report.as_of && [snapshot(report.snapshots.business_hours)]),
      term("Time zones", report.as_of && [snapshot(report.snapshots.store_timezones)]),
      term("As of", [asOf ? instant(asOf, { seconds: true }) : "newest poll"]),
      term("Max gap", [gap ? maxGap(gap) : "no limit"]),
      term("Time without data", [noData === "down" ? "counts as down" : "is unknown"]),
      report.csv && term("CSV", [`${bytes(report.csv.bytes)}, SHA-256 `, h("code", null, report.csv.sha256)]),
      term("Report ID", [h("code", null, report.report_id)]),
    ),
  );
}

/**
 * @param {string} name
 * @param {Child[] | null | ""} values
 */
function term(name, values, otherwise = "–") {
  return [h("dt", null, name), h("dd", null, values?.length ? values : otherwise)];
}

/**
 * The status files that were found last, whatever their names and times are: ids count up.
 *
 * @param {SourceFile[]} sources
 */
export function newestStatusFiles(sources, most = MAX_FILES) {
  return sources
    .filter((file) => file.kind === "store_status")
    .sort((one, other) => one.file_id - other.file_id)
    .slice(-most);
}

/**
 * The newest status files, and how many others there are.
 *
 * @param {ReportDetail} report
 */
function polls(report) {
  const files = newestStatusFiles(report.sources);
  const others = report.status_files - files.length;
  return [...files.map(source), ...(others > 0 ? [h("div", null, `${many(others, "earlier file")}`)] : [])];
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
