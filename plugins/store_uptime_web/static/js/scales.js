// @ts-check
// The sizes and scales of charts, computed from what they show.

/** @import { HistogramBin, Validation } from "../../api_types.d.ts" */

const d3 = globalThis.d3;

/**
 * Of the histogram of stores: uptime across, stores upwards.
 *
 * @param {HistogramBin[]} bins
 * @param {boolean} isNarrow
 */
export function histogramScales(bins, isNarrow) {
  const width = isNarrow ? 340 : 640;
  const height = isNarrow ? 220 : 300;
  const margin = { top: 20, right: 4, bottom: 38, left: 4 };
  const most = d3.max(bins, (bin) => bin.stores) ?? 0;
  const x = d3.scaleLinear([0, 100], [margin.left, width - margin.right]);
  const y = d3.scaleLinear([0, Math.max(1, most)], [height - margin.bottom, margin.top]);
  return { width, height, margin, most, x, y };
}

/**
 * The top and the height of a bar from 0 to `value`: what is not 0 can be seen.
 *
 * @param {(value: number) => number} y
 * @param {number} value
 * @param {number} least In pixels.
 */
export function barOf(y, value, least) {
  return { top: Math.min(y(value), y(0) - least), height: Math.max(least, y(0) - y(value)) };
}

/**
 * The unusable rows of each validation that read any, as a part of all of its rows, oldest first.
 *
 * @param {Validation[]} validations Newest first.
 */
export function unusableRatios(validations) {
  return validations
    .filter((validation) => validation.rows_read > 0)
    .map((validation) => ({ validation, ratio: validation.quarantined_rows / validation.rows_read }))
    .reverse();
}

/**
 * Of the chart of unusable rows: validations across, ratio upwards.
 *
 * @param {{ratio: number}[]} points
 * @param {boolean} isNarrow
 */
export function unusableScales(points, isNarrow) {
  const width = isNarrow ? 340 : 1100;
  const height = 190;
  const margin = { top: 14, right: 8, bottom: 28, left: 52 };
  const x = d3
    .scaleBand(d3.range(points.length), [margin.left, width - margin.right])
    .paddingInner(0.25)
    .paddingOuter(0.1);
  const largest = d3.max(points, (point) => point.ratio) ?? 0;
  const y = d3.scaleLinear([0, Math.max(0.001, largest * 1.1)], [height - margin.bottom, margin.top]).nice(4);
  const percent = d3.format(y.domain()[1] < 0.01 ? ".2%" : ".1%");
  return { width, height, margin, x, y, percent, thick: Math.min(x.bandwidth(), 26) };
}
