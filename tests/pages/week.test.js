import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DAY,
  dayLabel,
  days,
  HOUR,
  instantOf,
  offsetLabel,
  wallClock,
  weekOf,
} from "../../plugins/store_uptime_web/static/js/week.js";

/** @import { StoreDetail } from "../../plugins/store_uptime_web/api_types.d.ts" */

/**
 * A store that is open and up all the time, from one instant to another.
 *
 * @param {[from: string, to: string, hours: number][]} segments
 * @param {Partial<StoreDetail>} [rest]
 */
function store(segments, rest = {}) {
  const [from, to] = [segments[0][0], segments[segments.length - 1][1]];
  /** @type {[string, string][]} */
  const always = [[from, to]];
  return {
    week: { from, to },
    offsets: segments.map(([start, end, hours]) => ({ from: start, to: end, utc_offset_seconds: hours * 3600 })),
    open: always,
    up: always,
    down: [],
    unknown: [],
    polls: [],
    ...rest,
  };
}

/** @param {ReturnType<typeof days>} rows */
const hoursUp = (rows) => rows.map((row) => row.up.reduce((sum, [from, to]) => sum + to - from, 0) / HOUR);

test("a week is cut at local midnights", () => {
  const rows = days(store([["2023-01-18T18:00:00Z", "2023-01-25T18:00:00Z", -5]]));
  assert.deepEqual(rows.map(dayLabel), [
    "Wed 18 Jan",
    "Thu 19 Jan",
    "Fri 20 Jan",
    "Sat 21 Jan",
    "Sun 22 Jan",
    "Mon 23 Jan",
    "Tue 24 Jan",
    "Wed 25 Jan",
  ]);
  assert.deepEqual(hoursUp(rows), [11, 24, 24, 24, 24, 24, 24, 13]);
  assert.ok(rows.every((row) => !row.changes));
});

test("a date on which clocks go forward is two rows, without the hour that is skipped", () => {
  const rows = days(
    store([
      ["2023-03-11T05:00:00Z", "2023-03-12T07:00:00Z", -5],
      ["2023-03-12T07:00:00Z", "2023-03-13T04:00:00Z", -4],
    ]),
  );
  assert.deepEqual(
    rows.map((row) => [dayLabel(row), offsetLabel(row.offset), row.changes]),
    [
      ["Sat 11 Mar", "UTC−5", false],
      ["Sun 12 Mar", "UTC−5", true],
      ["Sun 12 Mar", "UTC−4", true],
    ],
  );
  assert.deepEqual(hoursUp(rows), [24, 2, 21]);
  assert.equal(wallClock(rows[1].up[0][1]), "02:00");
  assert.equal(wallClock(rows[2].up[0][0]), "03:00");
});

test("an hour that clocks repeat is drawn twice", () => {
  const rows = days(
    store([
      ["2023-11-05T04:00:00Z", "2023-11-05T06:00:00Z", -4],
      ["2023-11-05T06:00:00Z", "2023-11-06T05:00:00Z", -5],
    ]),
  );
  assert.deepEqual(hoursUp(rows), [2, 23]);
  assert.equal(wallClock(rows[0].up[0][1]), "02:00");
  assert.equal(wallClock(rows[1].up[0][0]), "01:00");
});

test("polls and spans are on the row of their date", () => {
  /** @type {StoreDetail["polls"]} */
  const polls = [
    { at: "2023-01-18T22:59:59Z", status: "active" },
    { at: "2023-01-18T23:00:00Z", status: "inactive" },
    { at: "2023-01-17T23:00:00Z", status: "active" },
  ];
  /** @type {[string, string][]} */
  const down = [["2023-01-18T22:30:00Z", "2023-01-18T23:30:00Z"]];
  const rows = days(store([["2023-01-18T22:00:00Z", "2023-01-19T22:00:00Z", 1]], { polls, down }));
  assert.deepEqual(
    rows.map((row) => row.polls.map((poll) => poll.status)),
    [["active"], ["inactive"]],
  );
  assert.deepEqual(
    rows.map((row) => row.down.map((span) => span.map((at) => wallClock(at, row)))),
    [[["23:30", "24:00"]], [["00:00", "00:30"]]],
  );
});

test("only the end of its own date reads 24:00", () => {
  const [row] = days(store([["2023-01-18T00:00:00Z", "2023-01-19T00:00:00Z", 0]]));
  assert.equal(wallClock(row.date + DAY, row), "24:00");
  assert.equal(wallClock(row.date + DAY), "00:00");
  assert.equal(wallClock(row.date + 9 * HOUR + 61_000, row), "09:01:01");
});

test("offsets of whole hours, of minutes, and of seconds", () => {
  assert.deepEqual([0, -18_000, 20_700, 1172, -16_966].map(offsetLabel), [
    "UTC+0",
    "UTC−5",
    "UTC+5:45",
    "UTC+0:19:32",
    "UTC−4:42:46",
  ]);
});

test("dates of a timeline are rows like the week of a report, with planned downtime and special hours", () => {
  const { week, offsets, ...rest } = store([["2023-01-25T06:00:00Z", "2023-01-26T06:00:00Z", -6]]);
  const time = { ...rest, opening: rest.open, special: rest.open, planned: rest.down, offsets };
  const rows = days(weekOf(/** @type {any} */ (time)));
  assert.equal(rows.length, 1);
  assert.deepEqual(rows[0].special, rows[0].open);
  assert.deepEqual(rows[0].planned, []);
  assert.equal(instantOf(rows[0], rows[0].date + 12 * HOUR), "2023-01-25T18:00:00.000Z");
});
