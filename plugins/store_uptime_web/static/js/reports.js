// @ts-check
// The list of reports: live state and filter.

import { get, Problem } from "./api.js";
import { byId, chip, empty, h, replace, skeleton } from "./dom.js";
import { ago, count, duration, instant, requester, secondsBetween } from "./format.js";
import { announce, load, parameter, problemNote, remember } from "./page.js";
import { openFormBy } from "./report_form.js";
import { isLive, progressText, reportChip, steps, warningsChip } from "./states.js";
import { more, table } from "./table.js";
import { address, reportPage, validationPage } from "./urls.js";

/** @import { Report, ReportPage, ReportTask } from "../../api_types.d.ts" */
/** @import { Column } from "./table.js" */

/** @typedef {{status: string, tasks?: ReportTask[]}} Progress The data of a progress event. */

const LIVE_SECONDS = 5;
const IDLE_SECONDS = 30;
const STATES = ["Queued", "Running", "Complete", "Failed"];

const content = byId("content");
let state = STATES.find((name) => name === parameter("state")) ?? "";
let pages = 1;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {{reportId: string, source: EventSource, last: Progress | null} | null} */
let events = null;

const list = h("div");
const filter = h(
  "fieldset",
  { class: "choices" },
  h("legend", { class: "visually-hidden" }, "Show reports by state"),
  ["", ...STATES].map((value) =>
    h(
      "label",
      null,
      h("input", { type: "radio", name: "state", value, checked: value === state, onchange: () => choose(value) }),
      value || "All",
    ),
  ),
);

/** @param {string} value */
function choose(value) {
  state = value;
  pages = 1;
  remember({ state });
  refresh();
}

/** @returns {Promise<ReportPage>} */
async function fetchPages() {
  /** @type {ReportPage} */
  const answer = await get("reports", { state, limit: 50 });
  const reports = answer.reports;
  let next = answer.next;
  for (let page = 1; page < pages && next; page += 1) {
    /** @type {ReportPage} */
    const following = await get("reports", { state, limit: 50, cursor: next });
    reports.push(...following.reports);
    next = following.next;
  }
  return { ...answer, reports, next };
}

/** @type {Column<Report>[]} */
const COLUMNS = [
  { title: "State", cell: (report) => reportChip(report.state) },
  {
    title: "As of",
    row: true,
    kind: "when",
    cell: (report) => [
      h(
        "a",
        { href: reportPage(report.report_id) },
        report.as_of ? instant(report.as_of) : isLive(report.state) ? "New report" : "No result",
      ),
      h(
        "span",
        { class: "sub" },
        whyAndWho(report),
        h("span", { class: "narrow-only" }, ` · ${ago(report.created_at)}`),
      ),
      report.state === "Failed" && report.cause && h("span", { class: "sub cut", title: report.cause }, report.cause),
    ],
  },
  {
    title: "Created",
    kind: "when narrow-hide",
    cell: (report) => [h("span", { title: instant(report.created_at, { seconds: true }) }, ago(report.created_at))],
  },
  {
    title: "Took",
    kind: "number narrow-hide",
    cell: (report) => duration(secondsBetween(report.created_at, report.finished_at)),
  },
  { title: "Stores", kind: "number narrow-hide", cell: (report) => count(report.store_count) },
  { title: "Validation", kind: "narrow-hide", cell: quality },
];

/** @param {Report} report */
function whyAndWho(report) {
  if (report.state === "Failed" && report.failed_task) return `failed in ${report.failed_task}`;
  /** @type {Record<string, string>} */
  const why = {
    manual: "requested",
    scheduled: "scheduled",
    backfill: "backfill",
    asset_triggered: "triggered by new data",
  };
  return [why[report.run_type ?? ""] ?? report.run_type, report.requested_by && requester(report.requested_by)]
    .filter(Boolean)
    .join(" ");
}

/** @param {Report} report */
function quality(report) {
  if (report.warnings === null) return h("span", { class: "muted" }, "–");
  const link = { href: validationPage(report.report_id) };
  return report.warnings
    ? h("a", link, warningsChip(report.warnings, report.warnings_that_change_figures ?? 0))
    : h("a", link, chip("good", "check", "no warnings"));
}

/** @param {ReportPage} answer */
function show(answer) {
  const may = answer.may?.trigger;
  byId("new-report").hidden = !may;
  const newest = answer.reports.find((report) => isLive(report.state));
  if (!answer.reports.length) {
    replace(
      list,
      state
        ? empty(`No report is ${state.toLowerCase()}`, "Select All to list the others.")
        : empty(
            "No report yet",
            may
              ? "By default, a report covers all stores up to the newest poll."
              : "Your role may not request reports.",
          ),
    );
  } else {
    replace(
      list,
      table({
        caption: "Reports, newest first",
        columns: COLUMNS,
        rows: answer.reports,
        extra: (report, span) =>
          report === newest &&
          h("tr", { class: "live-row", hidden: true }, h("td", { colspan: span }, h("div", { id: "live" }))),
      }),
      answer.next &&
        more("Show more", () => {
          pages += 1;
          refresh();
        }),
    );
  }
  follow(newest);
  clearTimeout(timer);
  timer = setTimeout(refresh, 1000 * (newest ? LIVE_SECONDS : IDLE_SECONDS));
}

/**
 * Server-sent events of the newest live report: one connection, however many reports run.
 *
 * @param {Report | undefined} report
 */
function follow(report) {
  if (events && events.reportId === report?.report_id) {
    if (events.last) progress(events.last);
    return;
  }
  events?.source.close();
  events = null;
  if (!report) return;
  const source = new EventSource(address(`reports/${report.report_id}/events`), { withCredentials: true });
  events = { reportId: report.report_id, source, last: null };
  source.addEventListener("progress", (event) => progress(JSON.parse(event.data)));
  source.addEventListener("end", (event) => {
    source.close();
    events = null;
    announce(`Report ${JSON.parse(event.data).status.toLowerCase()}`);
    refresh();
  });
  source.addEventListener("error", () => source.close()); // the list is still requested every few seconds
}

/** @param {Progress} data */
function progress(data) {
  const live = document.querySelector("#live");
  if (events) events.last = data;
  if (live && data.tasks) {
    replace(live, steps(data.tasks, true));
    live.closest("tr")?.removeAttribute("hidden");
    announce(progressText(data.tasks));
  }
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return; // requested again when the page is visible
  try {
    show(await fetchPages());
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    replace(list, problemNote(problem, refresh));
    timer = setTimeout(refresh, 1000 * (problem.retryAfter ?? IDLE_SECONDS));
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
window.addEventListener("pagehide", () => events?.source.close());

// ------------------------------------------------------------------------------------------------------------

openFormBy(byId("new-report"));
const card = h("section", { class: "card flush" }, h("header", null, h("h2", null, "Newest first"), filter), list);
load(content, h("div", { class: "card stack" }, skeleton(34, 28, 28, 28, 28)), async () => {
  const answer = await fetchPages();
  replace(content, card);
  show(answer);
});
