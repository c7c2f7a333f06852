import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dateLabel,
  dateOf,
  daysBetween,
  mondayOf,
  monthLabel,
  periodLabel,
  periodOf,
  plusDays,
  weekdayOf,
} from "../../plugins/store_uptime_web/static/js/dates.js";

test("a date is text in one spelling", () => {
  assert.equal(dateOf("2024-02-29"), "2024-02-29");
  for (const text of [null, "", "2023-02-29", "2023-2-1", "2023-01-01T00:00", "yesterday"])
    assert.equal(dateOf(text), null);
});

test("days are counted over months, years and leap days", () => {
  assert.equal(plusDays("2023-12-31", 1), "2024-01-01");
  assert.equal(plusDays("2024-03-01", -1), "2024-02-29");
  assert.equal(daysBetween("2023-01-01", "2024-01-01"), 365);
  assert.equal(daysBetween("2024-03-02", "2024-02-28"), -3);
});

test("weeks begin on Monday", () => {
  assert.equal(weekdayOf("2023-01-23"), 0);
  assert.equal(weekdayOf("2023-01-22"), 6);
  assert.equal(mondayOf("2023-01-22"), "2023-01-16");
  assert.equal(mondayOf("2023-01-16"), "2023-01-16");
});

test("dates in words have no time zone", () => {
  assert.equal(dateLabel("2023-01-25"), "Wed, 25 Jan 2023");
  assert.equal(monthLabel("2023-12-31"), "Dec");
});

test("calendar periods begin and end with their dates", () => {
  assert.deepEqual(periodOf("2024-02-10", "month"), { from: "2024-02-01", until: "2024-02-29" });
  assert.deepEqual(periodOf("2023-12-31", "quarter"), { from: "2023-10-01", until: "2023-12-31" });
  assert.deepEqual(periodOf("2023-05-05", "year"), { from: "2023-01-01", until: "2023-12-31" });
  assert.deepEqual(periodOf("2023-01-01", "week"), { from: "2022-12-26", until: "2023-01-01" });
});

test("and have names", () => {
  assert.equal(periodLabel(periodOf("2023-12-31", "quarter"), "quarter"), "Q4 2023");
  assert.equal(periodLabel(periodOf("2023-01-25", "month"), "month"), "January 2023");
  assert.equal(periodLabel(periodOf("2023-01-25", "year"), "year"), "2023");
  assert.equal(periodLabel(periodOf("2023-01-25", "week"), "week"), "Mon, 23 Jan 2023 to Sun, 29 Jan 2023");
});
