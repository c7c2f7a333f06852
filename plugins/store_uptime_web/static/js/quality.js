// @ts-check
// Data quality over time: the validation of every report's input.

import { get } from "./api.js";
import { responsive, unusableRows } from "./charts.js";
import { byId, chip, empty, h, replace, skeleton } from "./dom.js";
import { ago, count, instant, many } from "./format.js";
import { load } from "./page.js";
import { warningsChip } from "./states.js";
import { more, table } from "./table.js";
import { dataDocsPage, reportPage, validationPage } from "./urls.js";

/** @import { Validation, ValidationPage } from "../../api_types.d.ts" */
/** @import { Column } from "./table.js" */

const CHARTED = 60;
const content = byId("content");

/** @type {Column<Validation>[]} */
const COLUMNS = [
  {
    title: "Validated",
    row: true,
    kind: "when",
    cell: (validation) => [
      h("a", { href: validationPage(validation.report_id) }, instant(validation.checked_at)),
      h("span", { class: "sub" }, ago(validation.checked_at)),
    ],
  },
  { title: "Result", cell: verdict },
  {
    title: "Met",
    kind: "number narrow-hide",
    cell: (validation) => `${count(validation.met)} of ${count(validation.expectations)}`,
  },
  { title: "Rows read", kind: "number narrow-hide", cell: (validation) => count(validation.rows_read) },
  { title: "Quarantine", kind: "number", cell: (validation) => count(validation.quarantined_rows) },
  {
    title: "Report",
    kind: "narrow-hide",
    cell: (validation) => h("a", { href: reportPage(validation.report_id) }, "Report"),
  },
];

/** @param {Validation} validation */
function verdict(validation) {
  if (validation.failures) return chip("bad", "cross", many(validation.failures, "failure"));
  return validation.warnings
    ? warningsChip(validation.warnings, validation.warnings_that_change_figures)
    : chip("good", "check", "all met");
}

/**
 * @param {Validation[]} validations
 * @param {string | null} next
 */
function show(validations, next) {
  if (!validations.length) {
    replace(
      content,
      h(
        "section",
        { class: "card" },
        empty("No validation yet", "The first report validates its input before using it."),
      ),
    );
    return;
  }
  const charted = validations.filter((validation) => validation.rows_read > 0).slice(0, CHARTED);
  const chart = h("div");
  /** @param {Validation} validation */
  const link = (validation) => ({ href: validationPage(validation.report_id), label: instant(validation.checked_at) });
  if (charted.length) responsive(chart, (isNarrow) => unusableRows(charted, link, isNarrow));
  replace(
    content,
    charted.length > 0 &&
      h(
        "section",
        { class: "card" },
        h(
          "header",
          null,
          h("h2", null, "Unusable rows"),
          h(
            "p",
            null,
            `Percentage of the rows read, ${charted.length === 1 ? "one validation" : `last ${charted.length} validations`} that read rows`,
          ),
        ),
        charted.some((validation) => validation.quarantined_rows)
          ? chart
          : empty("No unusable rows", "All rows of these validations were usable."),
      ),
    h(
      "section",
      { class: "card flush" },
      h("header", null, h("h2", null, "Validations, newest first")),
      table({ caption: "Validations, newest first", columns: COLUMNS, rows: validations }),
      next &&
        more("Show more", () =>
          load(content, null, async () => {
            /** @type {ValidationPage} */
            const answer = await get("quality", { limit: 50, cursor: next });
            show([...validations, ...answer.runs], answer.next);
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
