// @ts-check
// One store in one report: its figures, its week in local time, its business hours.

import { get, Problem } from "./api.js";
import { responsive } from "./charts.js";
import { byId, chip, empty, h, note, replace, skeleton } from "./dom.js";
import { periodCard } from "./figures.js";
import { count, duration, hours, instant, many, maxGap, PERIOD_NAMES } from "./format.js";
import { load, parameter, setTitle } from "./page.js";
import { table } from "./table.js";
import { legend, timeline } from "./timeline.js";
import { reportPage } from "./urls.js";
import { dayLabel, days, offsetLabel, wallClock } from "./week.js";

/** @import { Opening, StoreDetail } from "../../api_types.d.ts" */
/** @import { Day, Span } from "./week.js" */

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const report = parameter("report") ?? "";
const id = parameter("id") ?? "";
const heading = byId("heading");
const content = byId("content");

/** @param {StoreDetail} store */
function showHeading(store) {
  setTitle(`Store ${store.store_id}`);
  const back = byId("crumb-report", HTMLAnchorElement);
  back.href = reportPage(report);
  back.textContent = `As of ${instant(store.as_of)}`;
  replace(
    heading,
    h(
      "div",
      { class: "heading" },
      h(
        "div",
        null,
        h("h1", { class: "mono" }, store.store_id),
        h(
          "p",
          { class: "facts" },
          h("span", null, store.timezone, store.has_timezone ? "" : " (default: the input has no usable time zone)"),
          h(
            "span",
            null,
            [...new Set(store.offsets.map((segment) => offsetLabel(segment.utc_offset_seconds)))].join(", then "),
          ),
          h("span", null, `as of ${instant(store.as_of, { seconds: true })}`),
          store.max_gap && h("span", null, `max gap ${maxGap(store.max_gap)}`),
        ),
      ),
    ),
  );
}

/** @param {StoreDetail} store */
function show(store) {
  showHeading(store);
  const rows = days(store);
  const picture = h("div");
  responsive(picture, (isNarrow) => timeline(rows, isNarrow));
  const polled = rows.flatMap((row) => row.polls.map((poll) => ({ row, poll })));
  const last = polled.at(-1);
  replace(
    content,
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
  );
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
            { title: "Duration", kind: "number", cell: ({ span }) => duration((span[1] - span[0]) / 1000) },
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

load(content, h("div", { class: "stack" }, skeleton(160, 380, 240)), async () => {
  if (!report || !id) throw new Problem(404, "No store", "The address needs a report ID and a store ID.");
  show(await get(`reports/${encodeURIComponent(report)}/store`, { store_id: id }));
});
