// @ts-check
// Data quality over time: every run that was checked.

import { get } from "./api.js";
import { responsive, unusableRows } from "./charts.js";
import { byId, chip, empty, h, replace, skeleton } from "./dom.js";
import { ago, count, instant, many } from "./format.js";
import { load } from "./page.js";
import { more, table } from "./table.js";
import { dataDocsPage, reportPage, validationPage } from "./urls.js";

/** @import { Validation, ValidationPage } from "../../api_types.d.ts" */
/** @import { Column } from "./table.js" */

const CHARTED = 60;
const content = byId("content");

/** @type {Column<Validation>[]} */
const COLUMNS = [
  {
    title: "Checked",
    row: true,
    kind: "when",
    cell: (run) => [
      h("a", { href: validationPage(run.report_id) }, instant(run.checked_at)),
      h("span", { class: "sub" }, ago(run.checked_at)),
    ],
  },
  { title: "Result", cell: verdict },
  { title: "Met", kind: "number", cell: (run) => `${count(run.met)} of ${count(run.expectations)}` },
  { title: "Rows read", kind: "number narrow-hide", cell: (run) => count(run.rows_read) },
  { title: "In quarantine", kind: "number", cell: (run) => count(run.quarantined_rows) },
  { title: "Report", kind: "narrow-hide", cell: (run) => h("a", { href: reportPage(run.report_id) }, "Report") },
];

/** @param {Validation} run */
function verdict(run) {
  if (run.failures) return chip("bad", "cross", many(run.failures, "failure"));
  return run.warnings ? chip("warn", "alert", many(run.warnings, "warning")) : chip("good", "check", "all met");
}

/**
 * @param {Validation[]} runs
 * @param {string | null} next
 */
function show(runs, next) {
  if (!runs.length) {
    replace(
      content,
      h(
        "section",
        { class: "card" },
        empty("Nothing was checked yet", "The first report's input will be checked before it is used."),
      ),
    );
    return;
  }
  const charted = runs.filter((run) => run.rows_read > 0).slice(0, CHARTED);
  const chart = h("div");
  /** @param {Validation} run */
  const link = (run) => ({ href: validationPage(run.report_id), label: instant(run.checked_at) });
  responsive(chart, (isNarrow) => unusableRows(charted, link, isNarrow));
  replace(
    content,
    charted.length > 0 &&
      h(
        "section",
        { class: "card" },
        h(
          "header",
          null,
          h("h2", null, "Rows that could not be used"),
          h(
            "p",
            null,
            `Share of the rows read, ${charted.length === 1 ? "one run" : `the last ${charted.length} runs`} that read any`,
          ),
        ),
        charted.some((run) => run.quarantined_rows)
          ? chart
          : empty("None", "Every row that these runs read could be used."),
      ),
    h(
      "section",
      { class: "card flush" },
      h("header", null, h("h2", null, "Runs, newest first")),
      table({ caption: "Runs whose input was checked, newest first", columns: COLUMNS, rows: runs }),
      next &&
        more("Show more", () =>
          load(content, null, async () => {
            /** @type {ValidationPage} */
            const answer = await get("quality", { limit: 50, cursor: next });
            show([...runs, ...answer.runs], answer.next);
          }),
        ),
    ),
  );
}

replace(byId("actions"), h("a", { class: "button", href: dataDocsPage() }, "Data Docs"));
load(content, h("div", { class: "stack" }, skeleton(220, 260)), async () => {
  /** @type {ValidationPage} */
  const answer = await get("quality", { limit: 50 });
  show(answer.runs, answer.next);
});
