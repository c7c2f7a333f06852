// @ts-check
// A store's week as days on its own wall clock.
//
// The API gives spans in UTC and the week's UTC offsets. A date on which the clocks change is two rows, one for each
// offset: an hour that happens twice is then drawn twice, and one that never happens stays empty.

/** @import { Poll, StoreDetail, StoreTimeline } from "../../api_types.d.ts" */

/** @typedef {[from: number, to: number]} Span Milliseconds of the wall clock. */
/** @typedef {"open" | "special" | "planned" | "up" | "down" | "unknown"} SpanKind */

/**
 * Time in UTC, as the API has it.
 *
 * @typedef {Pick<StoreDetail, "week" | "offsets" | "polls" | "open" | "up" | "down" | "unknown">
 *   & Partial<Pick<StoreTimeline, "special" | "planned">>} StoreWeek
 */

/**
 * @typedef {object} DayOnly
 * @property {number} date Its midnight, in milliseconds of the wall clock.
 * @property {number} offset From UTC, in seconds.
 * @property {boolean} changes Whether the date has two rows.
 * @property {number} from
 * @property {number} to
 * @property {{at: number, status: Poll["status"]}[]} polls
 */

/** @typedef {DayOnly & Record<SpanKind, Span[]>} Day */

export const DAY = 86_400_000;
export const HOUR = 3_600_000;

const dayName = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" });
const clockTime = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/**
 * The week as rows, oldest first.
 *
 * @param {StoreWeek} store
 */
export function days(store) {
  /** @type {Day[]} */
  const rows = [];
  const several = new Set(store.offsets.map((segment) => segment.utc_offset_seconds)).size > 1;
  for (const segment of store.offsets) {
    const shift = segment.utc_offset_seconds * 1000;
    const from = Math.max(Date.parse(segment.from), Date.parse(store.week.from));
    const to = Math.min(Date.parse(segment.to), Date.parse(store.week.to));
    for (let date = Math.floor((from + shift) / DAY) * DAY; date < to + shift; date += DAY) {
      const start = Math.max(date, from + shift);
      const end = Math.min(date + DAY, to + shift);
      if (start >= end) continue;
      /** @param {[string, string][]} spans */
      const cut = (spans) =>
        spans
          .map(
            /** @returns {Span} */ ([first, last]) => [
              Math.max(Date.parse(first) + shift, start),
              Math.min(Date.parse(last) + shift, end),
            ],
          )
          .filter(([first, last]) => first < last);
      rows.push({
        date,
        offset: segment.utc_offset_seconds,
        changes: several,
        from: start,
        to: end,
        open: cut(store.open),
        special: cut(store.special ?? []),
        planned: cut(store.planned ?? []),
        up: cut(store.up),
        down: cut(store.down),
        unknown: cut(store.unknown),
        polls: store.polls
          .map((poll) => ({ at: Date.parse(poll.at) + shift, status: poll.status }))
          .filter((poll) => poll.at >= start && poll.at < end),
      });
    }
  }
  const dates = rows.map((row) => row.date);
  for (const row of rows) row.changes = row.changes && dates.indexOf(row.date) !== dates.lastIndexOf(row.date);
  return rows;
}

/**
 * The time of some dates as the week of a report has it.
 *
 * @param {StoreTimeline} time With a date at least.
 * @returns {StoreWeek}
 */
export function weekOf(time) {
  const ends = time.offsets.map((segment) => segment.to);
  return { ...time, open: time.opening, week: { from: time.offsets[0].from, to: ends[ends.length - 1] } };
}

/**
 * The instant at which the clock of a row shows a time, as text for the API.
 *
 * @param {Pick<Day, "offset">} row
 * @param {number} wall Milliseconds of the wall clock.
 */
export function instantOf(row, wall) {
  return new Date(wall - row.offset * 1000).toISOString();
}

/** @param {Day} row */
export function dayLabel(row) {
  return dayName.format(row.date);
}

/**
 * "UTC−5", "UTC+5:45"; offsets of long ago have seconds.
 *
 * @param {number} seconds
 */
export function offsetLabel(seconds) {
  const total = Math.abs(seconds);
  const smaller = [Math.floor(total / 60) % 60, total % 60];
  while (smaller.at(-1) === 0) smaller.pop();
  const rest = smaller.map((number) => `:${String(number).padStart(2, "0")}`);
  return `UTC${seconds < 0 ? "−" : "+"}${Math.floor(total / 3600)}${rest.join("")}`;
}

/**
 * Wall clock as text; the end of the date of `row` reads 24:00.
 *
 * @param {number} milliseconds
 * @param {Day | null} [row]
 */
export function wallClock(milliseconds, row = null) {
  if (row && milliseconds === row.date + DAY) return "24:00";
  const text = clockTime.format(milliseconds);
  return text.endsWith(":00") ? text.slice(0, 5) : text;
}
