// @ts-check
// One store: its figures, week and business hours in a report, if the address names one, and its days.

import { get, Problem } from "./api.js";
import { responsive } from "./charts.js";
import { byId, chip, empty, h, note, replace, skeleton } from "./dom.js";
import { countsAsChip } from "./explanation.js";
import { periodCard } from "./figures.js";
import { count, duration, hours, instant, many, maxGap, PERIOD_NAMES } from "./format.js";
import { load, parameter, setTitle, showHead, showSection } from "./page.js";
import { nothingSettled } from "./settled.js";
import { storeHistory } from "./store_history.js";
import { table } from "./table.js";
import { legend, timeline } from "./timeline.js";
import { reportPage } from "./urls.js";
import { dayLabel, days, offsetLabel, wallClock } from "./week.js";

/** @import { NowPage, Opening, StoreDetail } from "../../api_types.d.ts" */
/** @import { Day, Span } from "./week.js" */

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const report = parameter("report") ?? "";
const id = parameter("id") ?? "";
const content = byId("content");

/** @param {StoreDetail} store */
function showHeading(store) {
  setTitle(`Store ${store.store_id}`);
  const back = byId("crumb-report", HTMLAnchorElement);
  back.href = reportPage(report);
  back.textContent = `As of ${instant(store.as_of)}`;
  showHead({
    title: [h("h1", { class: "mono" }, store.store_id)],
    facts: [
      [store.timezone, store.has_timezone ? "" : " (default: the input has no usable time zone)"],
      [...new Set(store.offsets.map((segment) => offsetLabel(segment.utc_offset_seconds)))].join(", then "),
      `as of ${instant(store.as_of, { seconds: true })}`,
      store.max_gap && `max gap ${maxGap(store.max_gap)}`,
    ],
  });
}

/** @param {NowPage | null} answer */
function showHeadingOfDays(answer) {
  setTitle(`Store ${id}`);
  byId("crumb-report").closest("li")?.remove();
  const section = byId("crumb-section", HTMLAnchorElement);
  section.href = "now";
  section.textContent = "Now";
  showSection("now");
  const now = answer?.now[0];
  showHead({
    title: [h("h1", { class: "mono" }, id), now && countsAsChip(now.status)],
    facts: [
      now && (now.is_open ? "open" : "closed"),
      now?.since && `${now.status} since ${instant(now.since)}`,
      now && (now.last_poll_at ? `last poll ${instant(now.last_poll_at)}` : "never polled"),
      answer && `as of ${instant(answer.as_of, { seconds: true })}`,
    ],
  });
}

/**
 * The sections about the store in the report.
 *
 * @param {StoreDetail} store
 * @param {((at: string) => unknown) | undefined} explain Called for the instant that is clicked on.
 */
function inReport(store, explain) {
  const rows = days(store);
  const picture = h("div");
  responsive(picture, (isNarrow) => timeline(rows, isNarrow, { explain }));
  const polled = rows.flatMap((row) => row.polls.map((poll) => ({ row, poll })));
  const last = polled.at(-1);
  return [
    !store.polls.length &&
      note(
        "warn",
        "alert",
        h("strong", null, "No poll in the reported week or before. "),
        store.no_data === "down" ? "All open time counts as down." : "All open time is unknown.",
      ),
    h(
      "div",
      { class: "periods" },
      PERIOD_NAMES.map((period) => periodCard(period, store[period])),
    ),
    h(
      "section",
      { class: "card" },
      h("header", null, h("h2", null, "Week in the store's local time"), legend()),
      picture,
      h(
        "p",
        { class: "facts" },
        h("span", null, many(polled.length, "poll"), " in the week"),
        last && h("span", null, `last poll: ${dayLabel(last.row)}, ${wallClock(last.poll.at)} local time`),
        store.polls_left_out > 0 && h("span", null, `${count(store.polls_left_out)} more not shown`),
      ),
    ),
    h("div", { class: "columns two" }, inWords(rows), openings(store)),
  ];
}

/** @param {Day[]} rows */
function inWords(rows) {
  /** @param {Span[]} spans */
  const sum = (spans) => spans.reduce((total, [from, to]) => total + to - from, 0) * 1000;
  const interruptions = rows
    .flatMap((row) =>
      /** @type {const} */ (["down", "unknown"]).flatMap((status) =>
        row[status].map((span) => ({ row, status, span })),
      ),
    )
    .sort((one, other) => one.span[0] - other.span[0]);
  return h(
    "section",
    { class: "card flush" },
    h("header", null, h("h2", null, "Day by day")),
    table({
      caption: "The week by local date",
      columns: [
        {
          title: "Date",
          row: true,
          kind: "when",
          cell: (row) => (row.changes ? `${dayLabel(row)}, ${offsetLabel(row.offset)}` : dayLabel(row)),
        },
        { title: "Open", kind: "number narrow-hide", cell: (row) => hours(sum(row.open)) },
        { title: "Up", kind: "number", cell: (row) => hours(sum(row.up)) },
        { title: "Down", kind: "number", cell: (row) => hours(sum(row.down)) },
        { title: "Unknown", kind: "number", cell: (row) => hours(sum(row.unknown)) },
      ],
      rows,
    }),
    interruptions.length > 0 &&
      h(
        "details",
        { class: "pager" },
        h("summary", null, `Downtime and unknown time (${count(interruptions.length)})`),
        table({
          caption: "Spans with status down or unknown",
          columns: [
            { title: "Date", row: true, kind: "when", cell: ({ row }) => dayLabel(row) },
            {
              title: "Status",
              cell: ({ status }) => (status === "down" ? chip("bad", "cross", "down") : chip("", "dash", "unknown")),
            },
            { title: "From", kind: "number", cell: ({ row, span }) => wallClock(span[0], row) },
            { title: "To", kind: "number", cell: ({ row, span }) => wallClock(span[1], row) },
            { title: "Duration", kind: "number narrow-hide", cell: ({ span }) => duration((span[1] - span[0]) / 1000) },
          ],
          rows: interruptions,
        }),
      ),
  );
}

/** @param {StoreDetail} store */
function openings(store) {
  const byDay = WEEKDAYS.map((name, weekday) => ({
    name,
    openings: store.business_hours.filter((opening) => opening.weekday === weekday),
  }));
  /** @param {string} text */
  const clock = (text) => text.replace(/:00$/, "");
  return h(
    "section",
    { class: "card flush" },
    h("header", null, h("h2", null, "Business hours")),
    store.business_hours.length
      ? table({
          caption: "Openings by weekday, local time, as in the file",
          columns: [
            { title: "Weekday", row: true, cell: (day) => day.name },
            {
              title: "Open",
              cell: (day) =>
                day.openings.length
                  ? day.openings
                      .map((opening) => `${clock(opening.start)} – ${clock(opening.end)}${overnight(opening)}`)
                      .join(", ")
                  : h("span", { class: "muted" }, "closed"),
            },
          ],
          rows: byDay,
        })
      : empty("Always open", "The input has no usable business hours for this store."),
  );
}

/** @param {Opening} opening */
function overnight({ start, end }) {
  if (start === end) return " (24 hours)";
  return end < start && end > "00:00:00" ? " (next day)" : "";
}

/**
 * The store's days, or why there are none.
 *
 * @returns {Promise<{element: Element, showAll: () => Promise<void>, explain?: (at: string) => unknown, now: NowPage | null}>}
 */
async function history() {
  try {
    /** @type {NowPage} */
    const now = await get("v1/now", { store_id: id });
    return { ...(await storeHistory(id, { asOf: now.as_of, now: now.now[0] })), now };
  } catch (problem) {
    const isToBeTold = problem instanceof Problem && (problem.status === 409 || (report && problem.status === 422));
    if (!isToBeTold) throw problem;
    const card =
      problem.status === 409 ? nothingSettled(problem) : empty("No days of this store", "No newer report has it.");
    return { element: h("section", { class: "card" }, card), showAll: async () => {}, now: null };
  }
}

load(content, h("div", { class: "stack" }, skeleton(160, 380, 240)), async () => {
  if (!id) throw new Problem(404, "No store", "The address needs a store ID.");
  /** @type {[StoreDetail | null, Awaited<ReturnType<typeof history>>]} */
  const [store, settled] = await Promise.all([
    report ? get(`reports/${encodeURIComponent(report)}/store`, { store_id: id }) : null,
    history(),
  ]);
  if (store) showHeading(store);
  else showHeadingOfDays(settled.now);
  replace(content, store && inReport(store, settled.explain), settled.element);
  await settled.showAll();
});
