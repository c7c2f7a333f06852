// @ts-check
// One report: how far it is, or what it found.

import { get, Problem, post } from "./api.js";
import { histogram, markBar, responsive } from "./charts.js";
import { byId, empty, h, icon, note, replace, skeleton } from "./dom.js";
import { periodCard, statusBar, uptimeCell } from "./figures.js";
import {
  ago,
  count,
  duration,
  instant,
  isPeriod,
  many,
  maxGap,
  PERIOD_NAMES,
  PERIODS,
  percent,
  points,
  requester,
  secondsBetween,
} from "./format.js";
import { airflowLink, announce, load, onPress, parameter, remember, setTitle, showHead } from "./page.js";
import { basis, tasks } from "./report_basis.js";
import { randomKey, requestAgain } from "./report_request.js";
import { isLive, progressText, reportChip, steps, whatToDo } from "./states.js";
import { storesTable } from "./stores_table.js";
import { table } from "./table.js";
import { chosenBin } from "./table_state.js";
import { address, reportPage, storePage, validationPage } from "./urls.js";

/** @import { HistogramBin, ReportDetail, ReportSummary } from "../../api_types.d.ts" */
/** @import { Period } from "./format.js" */
/** @import { StoresTable } from "./stores_table.js" */

const FORMATS = /** @type {const} */ ({ csv: "CSV", xlsx: "Excel", parquet: "Parquet", json: "JSON" });
const FORMAT_NAMES = /** @type {(keyof typeof FORMATS)[]} */ (Object.keys(FORMATS));

const id = parameter("id") ?? "";
const path = `reports/${encodeURIComponent(id)}`;
const heading = byId("heading");
const content = byId("content");
let stopFollowing = () => {};
/** Shows what the page's address says; of a complete report. */
let restore = async () => {};
/** @param {string | null} text @returns {Period} */
const periodOf = (text) => (isPeriod(text) ? text : "last_week");
let period = periodOf(parameter("period"));

// head ---------------------------------------------------------------------------------------------------------

/** @param {ReportDetail} report */
function showHeading(report) {
  const title = report.as_of ? instant(report.as_of) : isLive(report.state) ? "New report" : "Report";
  setTitle(`Report ${title}`);
  byId("crumb").textContent = title;
  const complete = report.state === "Complete";
  showHead({
    title: [h("h1", null, report.as_of ? `Uptime as of ${title}` : title), reportChip(report.state)],
    facts: facts(report),
    actions: [
      complete &&
        h(
          "div",
          { class: "group", role: "group", "aria-label": "Download all stores" },
          FORMAT_NAMES.map((format) =>
            h(
              "a",
              { class: "button", href: address(report.links[format] ?? ""), download: "" },
              format === "csv" && icon("download"),
              FORMATS[format],
            ),
          ),
        ),
      report.links.dag_run &&
        airflowLink(report.links.dag_run, { class: "button", id: "dag-run" }, "DAG run", icon("out")),
      report.may.cancel && isLive(report.state) && cancelButton(),
    ],
  });
}

/** @param {ReportDetail} report */
function facts(report) {
  const { max_gap: gap, no_data: noData, store_ids: stores, shards } = report.parameters;
  return [
    report.requested_by && `requested ${requester(report.requested_by)}`,
    h("span", { title: instant(report.created_at, { seconds: true }) }, `created ${ago(report.created_at)}`),
    report.finished_at && `took ${duration(secondsBetween(report.created_at, report.finished_at))}`,
    report.store_count !== null && many(report.store_count, "store"),
    stores && `only ${many(stores.length, "selected store")}`,
    gap && `max gap ${maxGap(gap)}`,
    noData === "down" && "time without data counts as down",
    shards > 1 && `${shards} shards`,
  ];
}

function cancelButton() {
  const button = h("button", { type: "button", class: "danger", id: "cancel" }, icon("cross"), "Cancel");
  return onPress(button, content, async () => {
    await post(`${path}/cancel`);
    await start();
  });
}

// running and failed -----------------------------------------------------------------------------------------------

/** @param {ReportDetail} report */
function showProgress(report) {
  const place = h("div", { id: "progress" }, steps(report.tasks));
  replace(
    content,
    h("section", { class: "card" }, h("header", null, h("h2", null, "Progress"), h("p", { id: "elapsed" })), place),
    note("", "info", "This page shows the figures when the report is complete. If you leave it, the report continues."),
  );
  const elapsed = () => {
    byId("elapsed").textContent = `${duration((Date.now() - Date.parse(report.created_at)) / 1000)} since the request`;
  };
  elapsed();
  const ticking = setInterval(elapsed, 1000);
  const source = new EventSource(address(report.links.events), { withCredentials: true });
  stopFollowing = () => {
    clearInterval(ticking);
    source.close();
  };
  source.addEventListener("progress", (event) => {
    const data = JSON.parse(event.data);
    replace(place, steps(data.tasks));
    announce(progressText(data.tasks));
    const title = heading.querySelector(".title");
    if (data.status === "Running" && title) replace(title, heading.querySelector("h1"), reportChip("Running"));
  });
  source.addEventListener("end", (event) => {
    announce(`Report ${JSON.parse(event.data).status.toLowerCase()}`);
    start();
  });
  source.addEventListener("error", () => {
    stopFollowing(); // the stream broke (a restart, a proxy): look again in a while
    setTimeout(start, 5000);
  });
}

/** @param {ReportDetail} report */
function showFailure(report) {
  replace(
    content,
    note(
      "bad",
      "cross",
      h("strong", null, report.failed_task ? `The report failed in ${report.failed_task}.` : "The report failed."),
      h("p", { class: "cause" }, report.cause ?? "See the log of the DAG run."),
      h("p", { class: "advice" }, h("strong", null, "What to do: "), whatToDo(report)),
      report.may.run_again && h("p", null, runAgainButton(report)),
    ),
    h("section", { class: "card" }, h("header", null, h("h2", null, "Tasks")), steps(report.tasks)),
    qualityNote(report),
    basis(report),
  );
}

/** @param {ReportDetail} report */
function runAgainButton(report) {
  const key = randomKey(); // pressed twice it is one report
  const button = h("button", { type: "button", class: "primary", id: "run-again" }, "Run again");
  return onPress(button, content, async () => {
    const request = requestAgain(report.parameters);
    const { report_id: reportId } = await post("trigger_report", request, { "Idempotency-Key": key });
    window.location.href = reportPage(reportId);
  });
}

/**
 * That files of other folders count too, if some do.
 *
 * @param {ReportDetail} report
 */
function foldersNote(report) {
  if (!report.other_folders.length) return null;
  return note(
    "warn",
    "alert",
    h("strong", null, "Data of another folder counts too: "),
    report.other_folders.map((folder, index) => [index > 0 && ", ", h("code", null, folder)]),
    ". All that was ever loaded into a home adds up. For a report of ",
    h("code", null, report.data_folder),
    " alone, set another STORE_UPTIME_HOME.",
  );
}

/**
 * What the validation found, in two tiers: what changes figures in words, the rest as a number.
 *
 * @param {ReportDetail} report
 */
function qualityNote(report) {
  if (!report.quality) return null;
  const link = h("a", { href: validationPage(id) }, "Show the validation");
  const { warnings, failures, quarantined_rows: rows } = report.quality;
  if (failures) return note("bad", "alert", h("strong", null, `${many(failures, "expectation")} failed. `), link);
  if (!warnings && !rows) return null;
  const informing = warnings - report.figure_warnings.length;
  return [
    report.figure_warnings.length > 0 &&
      note(
        "bad",
        "alert",
        h("strong", null, `Changes your figures (${count(report.figure_warnings.length)})`),
        h(
          "ul",
          { class: "warnings" },
          report.figure_warnings.map((warning) =>
            h(
              "li",
              null,
              `Not met: ${warning.description}`,
              h(
                "span",
                { class: "sub" },
                warning.observed_value,
                warning.example && ["; for example ", h("code", null, warning.example)],
              ),
            ),
          ),
        ),
        !informing && !rows && link,
      ),
    (informing > 0 || rows > 0) &&
      note(
        "warn",
        "info",
        h("strong", null, "For information: "),
        [informing && many(informing, "warning"), rows && `${many(rows, "row")} in quarantine`]
          .filter(Boolean)
          .join(", "),
        ". ",
        link,
      ),
  ];
}

// complete -----------------------------------------------------------------------------------------------------------

/** @param {ReportDetail} report */
async function showComplete(report) {
  /** @type {ReportSummary} */
  const summary = await get(`${path}/summary`, { period });
  const totals = h("div");
  const overview = h("div", { class: "stack" });
  const stores = storesTable(report, period, summary.timezones);
  replace(
    content,
    foldersNote(report),
    qualityNote(report),
    totals,
    overview,
    stores.element,
    h("div", { class: "columns two" }, tasks(report), basis(report)),
  );
  /** @param {Period} wanted */
  const showPeriod = async (wanted) => {
    period = wanted;
    overview.classList.add("busy");
    /** @type {ReportSummary | undefined} */
    const showing = await load(overview, null, () => get(`${path}/summary`, { period }));
    overview.classList.remove("busy");
    if (showing && showing.period === period) {
      showOverview(overview, showing, stores);
      announce(`Figures of the ${PERIODS[period].toLowerCase()}`);
    }
  };
  /** @param {Period} wanted */
  const choose = async (wanted) => {
    remember({ period: wanted });
    await showPeriod(wanted);
    await stores.showPeriod(period);
  };
  restore = async () => {
    const wanted = periodOf(parameter("period"));
    if (wanted !== period) {
      byId(`period-${wanted}`, HTMLInputElement).checked = true;
      await showPeriod(wanted);
    }
    await stores.restore(wanted);
  };
  showTotals(totals, summary, choose);
  showOverview(overview, summary, stores);
  await stores.refresh();
}

/**
 * @param {Element} container
 * @param {ReportSummary} summary
 * @param {(period: Period) => unknown} choose
 */
function showTotals(container, summary, choose) {
  replace(
    container,
    h(
      "fieldset",
      { class: "periods" },
      h("legend", { class: "visually-hidden" }, "All stores. Select the period that the page shows"),
      PERIOD_NAMES.map((name) =>
        periodCard(name, summary.totals[name], {
          sums: true,
          choose,
          chosen: name === period,
          aside: change(summary.before?.totals[name].uptime_percent, summary.totals[name].uptime_percent),
        }),
      ),
    ),
  );
}

/**
 * @param {string | null | undefined} before
 * @param {string | null} now
 */
function change(before, now) {
  if (before === null || before === undefined || now === null) return null;
  const difference = (Number(now) - Number(before)).toFixed(2);
  return h(
    "small",
    { class: trend(difference) },
    points(difference),
    h("span", { class: "visually-hidden" }, " percentage points since the previous report"),
  );
}

/** @param {string} points */
function trend(points) {
  if (Number(points) === 0) return "muted";
  return Number(points) < 0 ? "worse" : "better";
}

/**
 * @param {Element} container
 * @param {ReportSummary} summary
 * @param {StoresTable} stores
 */
function showOverview(container, summary, stores) {
  const name = PERIODS[period].toLowerCase();
  const chart = h("div");
  const chosen = () => chosenBin(summary.histogram, stores.state);
  /** @param {HistogramBin} bin */
  const choose = (bin) => stores.showBin(chosen() === bin ? null : bin);
  responsive(chart, (isNarrow) => histogram(summary.histogram, { choose, chosen: chosen(), isNarrow }));
  stores.onFilter = () => markBar(chart, chosen());
  replace(
    container,
    h(
      "div",
      { class: "columns wide-first" },
      h(
        "section",
        { class: "card" },
        h("header", null, h("h2", null, `Stores by uptime, ${name}`), h("p", null, "Select a bar to list its stores")),
        chart,
        h(
          "p",
          { class: "facts" },
          [
            `${count(summary.always_up)} always up`,
            `${count(summary.always_down)} always down`,
            summary.no_percent > 0 && `${count(summary.no_percent)} never open or without data`,
          ]
            .filter(Boolean)
            .map((text) => h("span", null, text)),
        ),
      ),
      h(
        "section",
        { class: "card" },
        h("header", null, h("h2", null, `Lowest uptime, ${name}`)),
        summary.worst.length
          ? h(
              "ol",
              { class: "ranked" },
              summary.worst.map((store) =>
                h(
                  "li",
                  null,
                  h("a", { href: storePage(id, store.store_id), class: "mono", title: store.store_id }, store.store_id),
                  statusBar(store[period], true),
                  h("span", { class: "number" }, uptimeCell(store[period])),
                ),
              ),
            )
          : empty(
              "Nothing to rank",
              summary.always_up ? "No store was down." : "No store had a known status while open.",
            ),
        summary.worst.length > 0 && summary.worst.length < 10 && h("p", { class: "facts" }, "No other store was down."),
      ),
    ),
    comparison(summary),
  );
}

/** @param {ReportSummary} summary */
function comparison({ before, change: difference }) {
  if (!before || !difference) return null;
  return h(
    "section",
    { class: "card flush" },
    h(
      "header",
      null,
      h("h2", null, "Change since the previous report"),
      h("p", null, "as of ", h("a", { href: reportPage(before.report_id) }, instant(before.as_of))),
    ),
    h(
      "p",
      { class: "pager" },
      h(
        "span",
        null,
        difference.uptime_percent !== null && [
          h("strong", { class: trend(difference.uptime_percent) }, `${points(difference.uptime_percent)} points`),
          " over all stores · ",
        ],
        `${count(difference.stores_better)} better · ${count(difference.stores_worse)} worse`,
        difference.stores_new ? ` · ${count(difference.stores_new)} new` : "",
        difference.stores_gone ? ` · ${count(difference.stores_gone)} gone` : "",
      ),
    ),
    difference.drops.length > 0 &&
      table({
        caption: "Stores with the largest drop in uptime",
        columns: [
          {
            title: "Largest drops",
            row: true,
            kind: "id",
            cell: (drop) =>
              h("a", { href: storePage(id, drop.store_id), class: "mono", title: drop.store_id }, drop.store_id),
          },
          { title: "Before", kind: "number", cell: (drop) => percent(drop.before) },
          { title: "Now", kind: "number", cell: (drop) => percent(drop.now) },
          { title: "Points", kind: "number", cell: (drop) => points(drop.change) },
        ],
        rows: difference.drops,
      }),
  );
}

// ------------------------------------------------------------------------------------------------------------------------

function start() {
  stopFollowing();
  return load(content, h("div", { class: "stack" }, skeleton(150, 280, 320)), async () => {
    if (!id) throw new Problem(404, "No report", "The address has no report ID.");
    /** @type {ReportDetail} */
    const report = await get(path);
    showHeading(report);
    if (isLive(report.state)) showProgress(report);
    else if (report.state === "Failed") showFailure(report);
    else await showComplete(report);
  });
}

window.addEventListener("pagehide", () => stopFollowing());
window.addEventListener("popstate", () => restore());
start();
