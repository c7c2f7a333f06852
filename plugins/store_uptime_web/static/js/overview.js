// @ts-check
// What to look at first: how stores are now and were lately, promises, outages, groups, and the newest report.

import { get } from "./api.js";
import { availabilityCard, percentOf } from "./availability_card.js";
import { byId, chip, empty, h, replace, skeleton } from "./dom.js";
import { ago, count, hours, instant, maxGap, partPercent } from "./format.js";
import { kindLabel } from "./group_filter.js";
import { nowFigures } from "./now_figures.js";
import { announce, load, parameter, remember, showHead } from "./page.js";
import { whenResettled, whenSettled } from "./settled.js";
import { reportChip, warningsChip } from "./states.js";
import { storeLink, table } from "./table.js";
import { outagesPage, reportPage, validationPage } from "./urls.js";

/** @import { GroupDowntime, Outage, Overview, Report, ReportPage, TimeLately, Verdicts, VerdictsByMonth } from "../../api_types.d.ts" */
/** @import { IconName } from "./dom.js" */

const content = byId("content");
/** @type {string | null} */
let asOf = null;
let kind = parameter("by") ?? "";

/** @returns {Promise<[Overview, Report | null]>} */
async function fetched() {
  const newest = get("reports", { state: "Complete", limit: 1 });
  newest.catch(() => {}); // reported below, unless the overview has a problem of its own
  /** @type {Overview} */
  const overview = await get("v1/overview");
  /** @type {ReportPage} */
  const { reports } = await newest;
  return [overview, reports[0] ?? null];
}

const targets = h("div");
const targetsCard = h(
  "section",
  { class: "card flush", id: "targets" },
  h("header", null, h("h2", null, "Targets, by store")),
  targets,
);

/** Later than the rest: all dates to come of the month count for it. */
async function fillTargets() {
  await load(targets, h("div", { class: "card" }, skeleton(28, 28)), async () => {
    /** @type {VerdictsByMonth} */
    const { months } = await get("v1/overview/verdicts");
    showTargets(months);
  });
}

/** @param {[Overview, Report | null]} answer */
async function show([overview, report]) {
  asOf = overview.as_of;
  showHead({
    title: [h("h1", null, "Overview")],
    facts: [
      `as of ${instant(overview.as_of)}`,
      overview.max_gap && `a poll counts for ${maxGap(overview.max_gap)}`,
      overview.first_date && `settled from ${dateText(overview.first_date)} on`,
      "refreshes when another report is settled",
    ],
  });
  replace(
    content,
    nowCards(overview),
    h("div", { class: "columns two" }, overview.lately.map(lately)),
    h("div", { class: "columns two" }, targetsCard, newestReport(report)),
    h("div", { class: "columns two" }, outages(overview.outages), groups(overview)),
  );
  await fillTargets();
}

/**
 * "7 Mar 2023".
 *
 * @param {string} date
 */
const dateText = (date) =>
  new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" }).format(
    Date.parse(date),
  );

/** @param {Overview} overview */
function nowCards(overview) {
  return h(
    "div",
    { class: "periods numbers" },
    nowFigures(overview).map(({ name, number, text, isBad, page }) =>
      h(
        "section",
        { class: "period", "aria-label": name },
        h("h2", { class: "name" }, name),
        h(
          "span",
          { class: isBad ? "figure worse" : "figure" },
          page ? h("a", { href: page, class: "plain" }, number) : number,
        ),
        h("span", { class: "coverage" }, text),
      ),
    ),
  );
}

/** @param {TimeLately} span */
function lately(span) {
  const title = `Last ${span.days} days`;
  if (span.stores) return availabilityCard(title, span);
  return h("section", { class: "card" }, h("h2", null, title), empty("No day", "No store has a day in this time."));
}

/** @type {[keyof Verdicts & ("breached" | "at_risk" | "undecided" | "on_track" | "met"), string, string, IconName][]} */
const VERDICTS = [
  ["breached", "breached", "bad", "cross"],
  ["at_risk", "at risk", "warn", "alert"],
  ["undecided", "undecided", "", "dash"],
  ["on_track", "on track", "good", "check"],
  ["met", "met", "good", "check"],
];
const monthName = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", month: "short", year: "numeric" });

/** @param {Verdicts[]} months The one that runs first. */
function showTargets(months) {
  replace(
    targets,
    months.length
      ? table({
          caption: "Stores by verdict and month",
          columns: [
            { title: "Verdict", row: true, cell: ([, text, paint, icon]) => chip(paint, icon, text) },
            ...months.map((month, index) => ({
              title: `${monthName.format(Date.parse(month.from_date))}${index ? "" : ", so far"}`,
              kind: "number",
              /** @param {(typeof VERDICTS)[number]} verdict */
              cell: ([name]) => count(month[name]),
            })),
          ],
          rows: VERDICTS,
        })
      : empty("No target", "A file of targets in the data folder says what availability was promised."),
  );
}

/** @param {Report | null} report */
function newestReport(report) {
  return h(
    "section",
    { class: "card", id: "report" },
    h("header", null, h("h2", null, "Newest report"), report && reportChip(report.state)),
    report
      ? h(
          "dl",
          { class: "terms" },
          h("dt", null, "As of"),
          h(
            "dd",
            null,
            h("a", { href: reportPage(report.report_id) }, report.as_of ? instant(report.as_of) : "Report"),
          ),
          h("dt", null, "Created"),
          h("dd", null, ago(report.created_at)),
          h("dt", null, "Stores"),
          h("dd", null, count(report.store_count)),
          h("dt", null, "Data quality"),
          h("dd", null, quality(report)),
        )
      : empty("No report", "It was deleted; what it was computed from is settled."),
  );
}

/** @param {Report} report */
function quality(report) {
  if (report.warnings === null) return "not validated";
  return h(
    "a",
    { href: validationPage(report.report_id) },
    report.warnings
      ? warningsChip(report.warnings, report.warnings_that_change_figures ?? 0)
      : chip("good", "check", "no warnings"),
  );
}

/** @param {Outage[]} ongoing */
function outages(ongoing) {
  return h(
    "section",
    { class: "card flush", id: "outages" },
    h(
      "header",
      null,
      h("h2", null, "Longest ongoing outages"),
      h("a", { href: outagesPage({ running: "true", sort: "downtime" }) }, "All ongoing"),
    ),
    ongoing.length
      ? table({
          caption: "Ongoing outages, most downtime first",
          columns: [
            {
              title: "Store",
              row: true,
              kind: "id",
              cell: ({ store_id: id }) => storeLink(id),
            },
            { title: "Since", kind: "when", cell: (outage) => instant(outage.started_at, { zone: false }) },
            { title: "Downtime", kind: "number", cell: (outage) => hours(outage.downtime_us) },
          ],
          rows: ongoing,
        })
      : empty("No outage is ongoing", "No store is in an outage."),
  );
}

/** @param {Overview} overview */
function groups({ groups: found, lately: spans }) {
  const kinds = [...new Set(found.map((group) => group.kind))];
  const chosen = kinds.includes(kind) ? kind : (kinds.find((one) => one !== "timezone") ?? kinds[0]);
  const total = Number(spans[0].down_us);
  const list = h("div");
  /** @param {string} wanted */
  const showKind = (wanted) =>
    replace(
      list,
      table({
        caption: `Groups by ${kindLabel(wanted).toLowerCase()}, most downtime first`,
        columns: [
          {
            title: kindLabel(wanted),
            row: true,
            kind: "id",
            cell: (group) => h("a", { href: outagesPage({ kind: group.kind, name: group.name }) }, group.name),
          },
          { title: "Downtime", kind: "number", cell: (group) => hours(group.down_us) },
          {
            title: "Of all",
            kind: "number narrow-hide",
            cell: (group) => (total ? partPercent(Number(group.down_us), total) : "–"),
          },
          { title: "Uptime", kind: "number", cell: (group) => percentOf(group.uptime_percent) },
        ],
        rows: /** @type {GroupDowntime[]} */ (found.filter((group) => group.kind === wanted)),
      }),
    );
  /** @type {HTMLSelectElement} */
  const select = h(
    "select",
    {
      "aria-label": "Groups by",
      onchange: () => {
        kind = select.value;
        remember({ by: kind });
        showKind(kind);
      },
    },
    kinds.map((one) => h("option", { value: one, selected: one === chosen }, kindLabel(one))),
  );
  if (chosen) showKind(chosen);
  else replace(list, empty("No group", "No store has a day in this time."));
  return h(
    "section",
    { class: "card flush", id: "groups" },
    h(
      "header",
      null,
      h("h2", null, "Most downtime, last 30 days"),
      chosen && h("label", { class: "range" }, "By", select),
    ),
    list,
  );
}

// ------------------------------------------------------------------------------------------------------------------

function begin() {
  const loading = asOf ? null : h("div", { class: "stack" }, skeleton(110, 240, 240));
  return load(content, loading, () => whenSettled("Overview", content, fetched(), show));
}

await begin();
whenResettled(
  () => asOf,
  async () => {
    await begin();
    announce("Refreshed: another report is settled");
  },
);
