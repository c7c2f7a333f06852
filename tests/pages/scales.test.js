import assert from "node:assert/strict";
import { test } from "node:test";
import "./d3.js";

const { barOf, histogramScales, unusableRatios, unusableScales } = await import(
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
