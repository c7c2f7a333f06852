import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "America/New_York"; // before the import: the zone is chosen there
const format = await import("../../plugins/store_uptime_web/static/js/format.js");

test("numbers", () => {
  assert.equal(format.count(13891), "13,891");
  assert.equal(format.count(0), "0");
  assert.equal(format.count(null), "–");
  assert.equal(format.many(1, "store"), "1 store");
  assert.equal(format.many(2000, "store"), "2,000 stores");
  assert.equal(format.percent("0.00"), "0.00%");
  assert.equal(format.percent(null), "–");
});

test("a count in few characters", () => {
  const shown = [0, 999, 9999, 10000, 12345, 99999, 100000, 123456].map(format.compact);
  assert.deepEqual(shown, ["0", "999", "9,999", "10.0k", "12.3k", "100.0k", "100k", "123k"]);
});

test("a change has its sign, whatever it is", () => {
  assert.deepEqual(["0.31", "-0.31", "0.00", "-0.00", "+1.50"].map(format.points), [
    "+0.31",
    "−0.31",
    "±0.00",
    "±0.00",
    "+1.50",
  ]);
});

test("amounts keep all digits that the API gives", () => {
  assert.equal(format.amount("60.00", "last_hour"), "60.00 min");
  assert.equal(format.amount("1234.50", "last_week"), "1,234.50 h");
  assert.equal(format.amount("9007199254740993.07", "last_day"), "9,007,199,254,740,993.07 h");
});

test("microseconds as hours, as a number and as text", () => {
  assert.equal(format.hours(5_400_000_000), "1.50 h");
  assert.equal(format.hours("3600000000000"), "1,000.00 h");
  assert.equal(format.hours(0), "0.00 h");
});

test("durations in the two largest units", () => {
  const shown = [0, 4.24, 9.96, 10, 59.4, 60, 200, 3599.6, 3600, 7500, 86_400, 93_600, 172_800].map(format.duration);
  assert.deepEqual(shown, [
    "0.0 s",
    "4.2 s",
    "10.0 s",
    "10 s",
    "59 s",
    "1 min",
    "3 min 20 s",
    "1 h",
    "1 h",
    "2 h 5 min",
    "1 d",
    "1 d 2 h",
    "2 d",
  ]);
  assert.equal(format.duration(null), "–");
  assert.equal(format.duration(Number.NaN), "–");
});

test("a max gap has a unit to read", () => {
  assert.deepEqual(["2h", "90m", "5400s", "1d", "PT7200.500000S"].map(format.maxGap), [
    "2 h",
    "90 min",
    "5,400 s",
    "1 d",
    "PT7200.500000S",
  ]);
});

test("who requested a report", () => {
  assert.equal(format.requester("admin"), "by admin");
  assert.equal(format.requester("make report"), "with make report");
});

test("a part is all or nothing only where it is exactly so", () => {
  /** @type {[number, number, string][]} */
  const cases = [
    [0, 7, "0.00%"],
    [1, 1_000_000, "0.01%"],
    [999_999, 1_000_000, "99.99%"],
    [7, 7, "100.00%"],
    [1, 3, "33.33%"],
    [12_350, 1_000_000, "1.24%"],
    [Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER, "99.99%"],
  ];
  for (const [part, whole, shown] of cases) assert.equal(format.partPercent(part, whole), shown);
});

test("coverage is said in words, where it can be told", () => {
  assert.equal(format.known("52.31"), "52.31% of open time known");
  assert.equal(format.known("52.31", { isShort: true }), "52.31% known");
  assert.equal(format.known(null), null);
});

test("bytes", () => {
  assert.deepEqual([0, 999, 1000, 1234, 12_345, 1_500_000, 2_400_000_000].map(format.bytes), [
    "0 bytes",
    "999 bytes",
    "1.0 kB",
    "1.2 kB",
    "12 kB",
    "1.5 MB",
    "2.4 GB",
  ]);
  assert.equal(format.bytes(null), "–");
});

test("how long ago", () => {
  const now = Date.parse("2023-03-15T18:00:00Z");
  /** @param {number} seconds */
  const ago = (seconds) => format.ago(new Date(now - seconds * 1000).toISOString(), now);
  assert.deepEqual([0, 44, 50, 60, 150, 3600, 7200, 86_400, 200_000].map(ago), [
    "just now",
    "just now",
    "1 minute ago",
    "1 minute ago",
    "3 minutes ago",
    "1 hour ago",
    "2 hours ago",
    "yesterday",
    "2 days ago",
  ]);
});

test("seconds between two instants, where both are there", () => {
  assert.equal(format.secondsBetween("2023-03-15T18:00:00.000000Z", "2023-03-15T18:00:02.500000Z"), 2.5);
  assert.equal(format.secondsBetween("2023-03-15T18:00:00.000000Z", null), null);
});

test("instants are shown in the chosen zone, with the offset of that day", () => {
  assert.equal(format.ZONE, "America/New_York");
  assert.equal(format.instant("2023-01-25T18:13:22.479220Z", { seconds: true }), "25 Jan 2023, 13:13:22 GMT-5");
  assert.equal(format.instant("2023-07-25T18:13:22.479220Z"), "25 Jul 2023, 14:13 GMT-4");
  assert.equal(format.instant("2023-01-25T05:00:00Z", { zone: false }), "25 Jan 2023, 00:00");
  assert.equal(format.instant(null), "–");
});

test("a wall clock time of the chosen zone is one instant", () => {
  assert.equal(format.fromZone("2023-01-25T13:13:22"), "2023-01-25T18:13:22Z");
  assert.equal(format.fromZone("2023-07-25T13:13"), "2023-07-25T17:13:00Z");
  assert.equal(format.fromZone("2023-03-12T01:59:59"), "2023-03-12T06:59:59Z", "before the clocks go forward");
  assert.equal(format.fromZone("2023-03-12T03:00:00"), "2023-03-12T07:00:00Z", "after it");
  assert.equal(format.fromZone("2023-11-05T12:00:00"), "2023-11-05T17:00:00Z", "after they went back");
});

test("periods", () => {
  assert.deepEqual(format.PERIOD_NAMES, ["last_hour", "last_day", "last_week"]);
  assert.ok(format.isPeriod("last_day"));
  assert.ok(!format.isPeriod("toString"));
  assert.ok(!format.isPeriod(null));
});
