// The list of reports: live state, filter, and the form that starts one.

import { address, get, post, Problem } from "./api.js";
import { byId, chip, empty, h, icon, replace, skeleton } from "./dom.js";
import { ago, count, duration, fromZone, instant, many, ZONE, zoneLabel } from "./format.js";
import { announce, load, parameter, problemNote, remember } from "./page.js";
import { isLive, progressText, reportChip, steps } from "./states.js";
import { more, table } from "./table.js";

const LIVE_SECONDS = 5;
const IDLE_SECONDS = 30;
const STATES = ["Queued", "Running", "Complete", "Failed"];

const content = byId("content");
let state = STATES.includes(parameter("state")) ? parameter("state") : "";
let pages = 1;
let timer = null;
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

function choose(value) {
  state = value;
  pages = 1;
  remember({ state });
  refresh();
}

async function fetchPages() {
  const answer = await get("reports", { state, limit: 50 });
  const reports = answer.reports;
  let next = answer.next;
  for (let page = 1; page < pages && next; page += 1) {
    const following = await get("reports", { state, limit: 50, cursor: next });
    reports.push(...following.reports);
    next = following.next;
  }
  return { ...answer, reports, next };
}

const COLUMNS = [
  { title: "State", cell: (report) => reportChip(report.state) },
  {
    title: "As of",
    row: true,
    kind: "when",
    cell: (report) => [
      h("a", { href: pageOf(report) }, report.as_of ? instant(report.as_of) : isLive(report.state) ? "New report" : "No figures"),
      h("span", { class: "sub" }, whyAndWho(report), h("span", { class: "narrow-only" }, ` · ${ago(report.created_at)}`)),
      report.state === "Failed" && report.cause && h("span", { class: "sub cut", title: report.cause }, report.cause),
    ],
  },
  {
    title: "Created",
    kind: "when narrow-hide",
    cell: (report) => [h("span", { title: instant(report.created_at, { seconds: true }) }, ago(report.created_at))],
  },
  { title: "Took", kind: "number narrow-hide", cell: (report) => took(report) },
  { title: "Stores", kind: "number narrow-hide", cell: (report) => count(report.store_count) },
  { title: "Input", kind: "narrow-hide", cell: quality },
];

function pageOf(report) {
  return `report?id=${encodeURIComponent(report.report_id)}`;
}

function whyAndWho(report) {
  if (report.state === "Failed" && report.failed_task) return `failed in ${report.failed_task}`;
  const why = { manual: "asked for", scheduled: "by schedule", backfill: "backfill", asset_triggered: "by new data" };
  return [why[report.run_type] ?? report.run_type, report.requested_by && `by ${report.requested_by}`].filter(Boolean).join(" ");
}

function took(report) {
  return report.finished_at ? duration((new Date(report.finished_at) - new Date(report.created_at)) / 1000) : "–";
}

function quality(report) {
  if (report.warnings === null) return h("span", { class: "muted" }, "–");
  const link = { href: `quality_run?id=${encodeURIComponent(report.report_id)}` };
  return report.warnings
    ? h("a", link, chip("warn", "alert", many(report.warnings, "warning")))
    : h("a", link, chip("good", "check", "no warning"));
}

function show(answer) {
  const may = answer.may?.trigger;
  byId("new-report").hidden = !may;
  const newest = answer.reports.find((report) => isLive(report.state));
  if (!answer.reports.length) {
    replace(
      list,
      state
        ? empty(`No report is ${state.toLowerCase()}`, "Choose All to see the others.")
        : empty("No report yet", may ? "Start the first one: it covers every store up to the newest poll." : "Somebody who may start runs has to ask for the first one."),
    );
  } else {
    replace(
      list,
      table({
        caption: "Reports, newest first",
        columns: COLUMNS,
        rows: answer.reports,
        extra: (report, span) =>
          report === newest && h("tr", { class: "live-row", hidden: true }, h("td", { colspan: span }, h("div", { id: "live" }))),
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

/** Server-sent events of the newest live report: one connection, however many reports run. */
function follow(report) {
  if (events?.reportId === report?.report_id) {
    if (events?.last) progress(events.last);
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
  source.addEventListener("error", () => source.close()); // the list itself is still asked for every few seconds
}

function progress(data) {
  const live = byId("live");
  if (events) events.last = data;
  if (live && data.tasks) {
    replace(live, steps(data.tasks, true));
    live.closest("tr").hidden = false;
    announce(progressText(data.tasks));
  }
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return; // asked again when the page is looked at
  try {
    show(await fetchPages());
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    replace(list, problemNote(problem, refresh));
    timer = setTimeout(refresh, 1000 * (problem.retryAfter ?? IDLE_SECONDS));
  }
}

document.addEventListener("visibilitychange", () => document.hidden || refresh());
window.addEventListener("pagehide", () => events?.source.close());

// the form ----------------------------------------------------------------------------------------------------

const dialog = byId("trigger");
const form = dialog.querySelector("form");
const FIELDS = ["as_of", "store_ids", "max_gap", "no_data", "shards"];
let idempotencyKey = null;

byId("as_of-zone").textContent = ZONE === "UTC" ? "UTC" : `${ZONE} (${zoneLabel()})`;
byId("new-report").prepend(icon("plus"));
byId("new-report").addEventListener("click", () => {
  idempotencyKey = randomKey();
  mistakes([]);
  replace(byId("trigger-problem"));
  dialog.showModal();
});
byId("trigger-close").addEventListener("click", () => dialog.close());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
form.addEventListener("input", () => {
  idempotencyKey = randomKey(); // another form is another report; the same one, sent twice, is not
});

function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function body() {
  const values = new FormData(form);
  const ids = values.get("store_ids").split(/\r?\n/).map((id) => id.trim()).filter(Boolean);
  const wanted = { no_data: values.get("no_data") };
  if (values.get("as_of")) wanted.as_of = fromZone(values.get("as_of"));
  if (values.get("max_gap").trim()) wanted.max_gap = values.get("max_gap").trim();
  if (ids.length) wanted.store_ids = ids;
  if (values.get("shards")) wanted.shards = Number(values.get("shards"));
  return wanted;
}

function mistakes(errors) {
  const elsewhere = [];
  for (const name of FIELDS) byId(`${name}-mistake`).hidden = true;
  for (const input of form.elements) input.removeAttribute("aria-invalid");
  for (const { field, message } of errors) {
    const name = FIELDS.find((known) => field === known || field.startsWith(`${known}.`) || field.startsWith(`${known}[`));
    if (!name) {
      elsewhere.push(`${field}: ${message}`);
      continue;
    }
    const place = byId(`${name}-mistake`);
    place.textContent = place.hidden ? message : `${place.textContent} ${message}`;
    place.hidden = false;
    byId(name)?.setAttribute("aria-invalid", "true");
    place.closest("details")?.setAttribute("open", "");
  }
  form.querySelector('[aria-invalid="true"]')?.focus();
  return elsewhere;
}

async function start() {
  const button = byId("trigger-start");
  button.disabled = true;
  replace(byId("trigger-problem"));
  try {
    const { report_id: reportId } = await post("trigger_report", body(), { "Idempotency-Key": idempotencyKey });
    window.location.href = pageOf({ report_id: reportId });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const elsewhere = mistakes(problem.errors ?? []);
    if (!problem.errors?.length || elsewhere.length) {
      replace(byId("trigger-problem"), problemNote(problem), elsewhere.map((text) => h("p", { class: "mistake" }, text)));
    }
  } finally {
    button.disabled = false;
  }
}

// ------------------------------------------------------------------------------------------------------------

const card = h("section", { class: "card flush" }, h("header", null, h("h2", null, "Newest first"), filter), list);
load(content, h("div", { class: "card stack" }, skeleton(34, 28, 28, 28, 28)), async () => {
  const answer = await fetchPages();
  replace(content, card);
  show(answer);
});
