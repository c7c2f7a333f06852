// @ts-check
// The validation of one report's input: every expectation, and the unusable rows.

import { get, Problem } from "./api.js";
import { byId, chip, empty, h, icon, replace, skeleton } from "./dom.js";
import { bytes, count, instant, many } from "./format.js";
import { announce, load, parameter, problemNote, setTitle, showHead } from "./page.js";
import { warningsChip } from "./states.js";
import { more, table, whenIdle } from "./table.js";
import { address, dataDocsPage, reportPage } from "./urls.js";

/** @import { ExpectationResult, QuarantinePage, QuarantineReason, QuarantinedRow, ValidationDetail } from "../../api_types.d.ts" */
/** @import { IconName } from "./dom.js" */

/** @type {Record<string, string>} */
const KINDS = {
  store_status: "polls",
  business_hours: "business hours",
  store_timezones: "time zones",
  store_groups: "groups of stores",
  special_hours: "special hours",
  planned_downtime: "planned downtime",
  targets: "targets",
};

const id = parameter("id");
const path = `quality/${encodeURIComponent(id ?? "")}`;
const content = byId("content");

/** @param {ValidationDetail} validation */
function showHeading(validation) {
  const when = instant(validation.checked_at);
  setTitle(`Validation, ${when}`);
  byId("crumb").textContent = when;
  showHead({
    title: [h("h1", null, `Validation of ${when}`), verdicts(validation)],
    facts: [
      `${count(validation.met)} of ${many(validation.expectations, "expectation")} met`,
      `${many(validation.rows_read, "row")} read`,
      `${count(validation.quarantined_rows)} in quarantine`,
    ],
    actions: [
      h("a", { class: "button", href: reportPage(validation.report_id) }, "Report"),
      validation.data_docs && h("a", { class: "button", href: dataDocsPage(validation.data_docs) }, "Data Docs"),
    ],
  });
}

/** @param {ValidationDetail} validation */
function verdicts(validation) {
  return [
    validation.failures > 0 && chip("bad", "cross", many(validation.failures, "failure")),
    validation.warnings > 0 && warningsChip(validation.warnings, validation.warnings_that_change_figures),
    !validation.failures && !validation.warnings && chip("good", "check", "all met"),
  ];
}

// expectations ---------------------------------------------------------------------------------------------------

/** @param {ValidationDetail} validation */
function expectations(validation) {
  const list = validation.expectations_list;
  const unmet = list.filter((item) => !item.is_met).sort((one, other) => rank(one) - rank(other));
  const met = list.filter((item) => item.is_met);
  return h(
    "section",
    { class: "card flush" },
    h(
      "header",
      null,
      h("h2", null, "Expectations"),
      h(
        "p",
        null,
        "fail: the DAG run stops and publishes no report · warn: the report shows a warning, which changes your figures or is for information",
      ),
    ),
    !list.length && empty("No result", "The DAG run stopped before the validation."),
    unmet.map(expectation),
    met.length > 0 &&
      h(
        "details",
        { open: !unmet.length },
        h("summary", { class: "expectation" }, `${count(met.length)} met`),
        h("div", null, met.map(expectation)),
      ),
  );
}

/**
 * What a reason quotes: `'actve'` of `status is 'actve'; expected active or inactive`.
 *
 * @param {string} reason
 */
const quoted = (reason) => reason.match(/^\w+ is (.*); /s)?.[1] ?? reason;
/** @param {QuarantinedRow} row */
const reason = (row) =>
  !row.column || row.reason.startsWith(row.column) ? row.reason : `${row.column}: ${row.reason}`;
/** @param {ExpectationResult} item */
const rank = (item) => (item.severity === "fail" ? 0 : 1);

/** @param {ExpectationResult} item */
function expectation(item) {
  const isFailure = item.severity === "fail";
  const unmet = isFailure ? chip("bad", "cross", "not met") : chip("warn", "alert", "not met");
  return h(
    "div",
    { class: "expectation" },
    h(
      "div",
      null,
      item.is_met ? chip("good", "check", "met") : unmet,
      h("p", { class: "what" }, item.description),
      h(
        "span",
        { class: "chip", title: isFailure ? "Stops the DAG run" : "The report shows a warning" },
        icon(isFailure ? "cross" : "info"),
        item.severity,
      ),
      item.changes_figures && !item.is_met && chip("bad", "alert", "changes your figures"),
    ),
    h(
      "p",
      { class: "found" },
      [
        item.file?.name,
        item.observed_value && item.observed_value !== item.file?.name && `observed: ${item.observed_value}`,
        item.observed_value === null && item.unexpected_count && many(item.unexpected_count, "unexpected value"),
        h("span", { title: item.expectation }, item.suite),
      ]
        .filter(Boolean)
        .flatMap((part, index) => (index ? [" · ", part] : [part])),
    ),
    !item.is_met &&
      item.examples.length > 0 &&
      h(
        "div",
        { class: "examples" },
        h("span", { class: "small muted" }, "examples"),
        item.examples.map((example) =>
          h("code", null, typeof example === "string" ? example : JSON.stringify(example)),
        ),
      ),
  );
}

// files ----------------------------------------------------------------------------------------------------------

/** @param {ValidationDetail} validation */
function files(validation) {
  if (!validation.files.length) return null;
  const others = validation.status_files - validation.files.filter((file) => file.kind === "store_status").length;
  /** @type {Record<string, [string, IconName]>} */
  const states = { accepted: ["good", "check"], rejected: ["bad", "cross"], staged: ["", "clock"] };
  return h(
    "section",
    { class: "card flush" },
    h("header", null, h("h2", null, "Files")),
    table({
      caption: "Files that the report rests on",
      columns: [
        {
          title: "File",
          row: true,
          kind: "id",
          cell: (file) => [
            h("span", { title: file.content_sha256 }, file.name),
            h("span", { class: "sub" }, KINDS[file.kind]),
          ],
        },
        {
          title: "State",
          cell: (file) => {
            const [kind, iconName] = states[file.state] ?? ["", "circle"];
            return h("span", { title: file.rejected_because }, chip(kind, iconName, file.state));
          },
        },
        { title: "Rows", kind: "number", cell: (file) => count(file.rows_read) },
        { title: "Unusable", kind: "number", cell: (file) => count(file.rows_quarantined) },
        { title: "Replaced", kind: "number narrow-hide", cell: (file) => count(file.rows_replaced) },
        { title: "Stores", kind: "number narrow-hide", cell: (file) => count(file.store_count) },
        { title: "Size", kind: "number narrow-hide", cell: (file) => bytes(file.size_bytes) },
        {
          title: "Polls",
          kind: "when narrow-hide",
          cell: (file) =>
            file.first_polled_at
              ? `${instant(file.first_polled_at, { zone: false })} – ${instant(file.last_polled_at, { zone: false })}`
              : "–",
        },
      ],
      rows: validation.files,
    }),
    others > 0 && h("p", { class: "small muted" }, `and ${many(others, "earlier status file")}`),
  );
}

// quarantine ------------------------------------------------------------------------------------------------------

/** @param {ValidationDetail} validation */
function quarantine(validation) {
  const view = { kind: "", file_id: "", search: "" };
  const body = h("div");
  const total = h("p");
  const links = Object.entries({ csv: "CSV", xlsx: "Excel", json: "JSON" }).map(([format, name]) => ({
    format,
    link: h("a", { class: "button", download: "" }, format === "csv" && icon("download"), name),
  }));
  const groups = validation.quarantine;
  const choose = h(
    "select",
    {
      "aria-label": "Filter by reason",
      onchange: () => {
        const group = groups[Number(choose.value)];
        again({ kind: group?.kind ?? "", file_id: group ? String(group.file_id) : "" });
      },
    },
    h("option", { value: -1 }, `All reasons (${count(validation.quarantined_rows)})`),
    groups.map((group, index) => h("option", { value: index }, `${group.file}: ${group.kind} (${count(group.rows)})`)),
  );
  /** @param {QuarantineReason} group */
  const only = (group) => {
    choose.value = String(groups.indexOf(group));
    choose.dispatchEvent(new Event("change"));
  };
  const kinds = table({
    caption: "Reasons, by kind",
    columns: [
      {
        title: "Reason",
        row: true,
        kind: "raw",
        cell: (group) => [
          h("button", { type: "button", class: "plain link", onclick: () => only(group) }, group.kind),
          h(
            "span",
            { class: "sub" },
            "for example ",
            group.examples.map((example, index) => [index > 0 && ", ", h("code", null, quoted(example))]),
          ),
        ],
      },
      { title: "File", kind: "raw narrow-hide", cell: (group) => group.file },
      { title: "Rows", kind: "number", cell: (group) => count(group.rows) },
    ],
    rows: groups,
  });
  /** @type {HTMLInputElement} */
  const search = h("input", {
    type: "search",
    placeholder: "Search rows",
    "aria-label": "Search the rows in quarantine",
    autocomplete: "off",
    oninput: whenIdle(() => again({ search: search.value })),
  });
  /** @type {QuarantinedRow[]} */
  let rows = [];

  /** @param {Partial<typeof view>} changes */
  function again(changes) {
    Object.assign(view, changes);
    rows = [];
    for (const { format, link } of links) link.href = address(`${path}/quarantine/download`, { format, ...view }).href;
    return fetchRows(null);
  }

  /** @param {string | null} cursor */
  async function fetchRows(cursor) {
    body.classList.add("busy");
    try {
      const wanted = JSON.stringify(view);
      /** @type {QuarantinePage} */
      const answer = await get(`${path}/quarantine`, { ...view, limit: 25, cursor });
      if (wanted !== JSON.stringify(view)) return;
      rows.push(...answer.rows);
      show(answer);
    } catch (problem) {
      replace(
        body,
        problemNote(problem, () => fetchRows(cursor)),
      );
    } finally {
      body.classList.remove("busy");
    }
  }

  /** @param {QuarantinePage} answer */
  function show(answer) {
    total.textContent = many(answer.total, "row");
    announce(`${many(answer.total, "row")} in quarantine`);
    if (!rows.length) {
      replace(body, empty("No row found", "No row in quarantine matches the search."));
      return;
    }
    replace(
      body,
      table({
        caption: "Rows in quarantine",
        columns: [
          {
            title: "File, line",
            row: true,
            kind: "when",
            cell: (row) => [row.file, h("span", { class: "sub" }, `line ${count(row.line_number)}`)],
          },
          {
            title: "Row as in the file, and the reason",
            kind: "raw",
            cell: (row) => [h("code", null, row.raw_text), h("span", { class: "sub" }, reason(row))],
          },
        ],
        rows,
      }),
      answer.next && more(`Show more (${count(rows.length)} of ${count(answer.total)})`, () => fetchRows(answer.next)),
    );
  }

  const element = h(
    "section",
    { class: "card flush", id: "quarantine" },
    h("header", null, h("div", null, h("h2", null, "Quarantine"), total)),
    validation.quarantined_rows
      ? [
          kinds,
          h(
            "div",
            { class: "pager" },
            h("div", { class: "toolbar" }, choose, search),
            h(
              "div",
              { class: "group", role: "group", "aria-label": "Download these rows" },
              links.map(({ link }) => link),
            ),
          ),
          body,
        ]
      : empty("Nothing in quarantine", "All rows of the files are usable."),
  );
  if (validation.quarantined_rows) again({});
  return element;
}

load(content, h("div", { class: "stack" }, skeleton(260, 160, 260)), async () => {
  if (!id) throw new Problem(404, "No validation", "The address has no report ID.");
  /** @type {ValidationDetail} */
  const validation = await get(path);
  showHeading(validation);
  replace(content, expectations(validation), files(validation), quarantine(validation));
});
