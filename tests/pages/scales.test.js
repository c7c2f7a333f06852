import assert from "node:assert/strict";
import { test } from "node:test";
import "./d3.js";

const { barOf, bars, burnPoints, calendarLayout, histogramScales, unusableRatios, unusableScales } = await import(
  "../../plugins/store_uptime_web/static/js/scales.js"
);

/**
 * @param {number} rows_read
 * @param {number} quarantined_rows
 */
const validation = (rows_read, quarantined_rows) =>
  /** @type {import("../../plugins/store_uptime_web/api_types.d.ts").Validation} */ ({ rows_read, quarantined_rows });

test("the histogram fills its picture from 0 to 100 percent and up to its longest bar", () => {
  const bins = [0, 50].map((from) => ({ from, to: from + 50, stores: from * 10 }));
  for (const isNarrow of [false, true]) {
    const { width, height, margin, most, x, y } = histogramScales(bins, isNarrow);
    assert.equal(most, 500);
    assert.deepEqual([x(0), x(100)], [margin.left, width - margin.right]);
    assert.deepEqual([y(0), y(500)], [height - margin.bottom, margin.top]);
  }
});

test("a histogram without stores has a scale too", () => {
  const { most, y } = histogramScales([{ from: 0, to: 100, stores: 0 }], false);
  assert.equal(most, 0);
  assert.ok(Number.isFinite(y(0)));
});

test("a bar that is not 0 can be seen, and stands on the axis", () => {
  const { y } = histogramScales([{ from: 0, to: 100, stores: 14_000 }], false);
  const tiny = barOf(y, 1, 3);
  assert.equal(tiny.height, 3);
  assert.equal(tiny.top + tiny.height, y(0));
  const long = barOf(y, 14_000, 3);
  assert.equal(long.top, y(14_000));
  assert.equal(long.top + long.height, y(0));
});

test("ratios of the validations that read rows, oldest first", () => {
  const validations = [validation(10, 1), validation(0, 0), validation(1000, 0)];
  assert.deepEqual(
    unusableRatios(validations).map((point) => point.ratio),
    [0, 0.1],
  );
});

test("the percent of small ratios have two decimals", () => {
  assert.equal(unusableScales([{ ratio: 0.0004 }], false).percent(0.0004), "0.04%");
  assert.equal(unusableScales([{ ratio: 0.25 }], false).percent(0.25), "25.0%");
});

test("the chart of unusable rows has room for one bar, for many and for none", () => {
  for (const points of [[{ ratio: 0 }], Array.from({ length: 60 }, (_, index) => ({ ratio: index / 100 }))]) {
    const { width, margin, x, y, thick } = unusableScales(points, false);
    assert.ok(thick > 0 && thick <= 26);
    assert.ok((x(points.length - 1) ?? width) + x.bandwidth() <= width - margin.right);
    assert.ok(y(Math.max(...points.map((point) => point.ratio))) >= margin.top);
  }
});

test("the parts of a time fill its bar, and what is not nothing can be seen", () => {
  const parts = bars({ up_us: "999999999", down_us: "1", unknown_us: "0", planned_us: "0" }, 20);
  assert.deepEqual(parts, [
    { name: "down", y: 18, height: 2 },
    { name: "up", y: 0, height: 18 },
  ]);
  assert.deepEqual(bars({ up_us: "0", down_us: "0", unknown_us: "0", planned_us: "0" }, 20), []);
});

test("a calendar has a column a week, on a phone a row", () => {
  const dates = ["2023-01-21", "2023-01-22", "2023-01-23"];
  const [saturday, sunday, monday] = calendarLayout(dates, false).cells;
  assert.equal(saturday.x, sunday.x);
  assert.ok(sunday.y > saturday.y && monday.x > sunday.x && monday.y < saturday.y);
  const narrow = calendarLayout(dates, true);
  assert.equal(narrow.cells[0].y, narrow.cells[1].y);
  assert.ok(narrow.cells[2].y > narrow.cells[1].y);
  assert.ok(narrow.cells.every((cell) => cell.x + narrow.size <= narrow.width));
});

test("months are named where they begin", () => {
  const dates = ["2023-01-30", "2023-01-31", "2023-02-01"];
  assert.deepEqual(
    calendarLayout(dates, false).months.map((month) => month.date),
    ["2023-02-01"],
  );
});

test("a burn adds up, and its budget is a line that fits", () => {
  const burn = [
    { date: "2023-01-02", down_us: "10" },
    { date: "2023-01-03", down_us: "20" },
  ];
  const target = { burn, budget_us: "40", spent_us: "30", exhausted_on: "2023-01-05" };
  const { width, height, points, budgetY, exhaustedX } = burnPoints(
    target,
    { from: "2023-01-01", until: "2023-01-10" },
    10,
  );
  assert.deepEqual(
    points.map(([x]) => x),
    [width / 10, (2 * width) / 10, (3 * width) / 10],
  );
  assert.equal(points[1][1], points[2][1], "the last date is whole");
  assert.ok(points[1][1] > budgetY && budgetY > 0 && points[0][1] < height);
  assert.equal(exhaustedX, width / 2);
});
