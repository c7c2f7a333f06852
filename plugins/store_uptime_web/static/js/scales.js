// @ts-check
// The sizes and scales of charts, computed from what they show.

import { daysBetween, mondayOf, weekdayOf } from "./dates.js";

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

/** From the bottom to the top. */
const PARTS = /** @type {const} */ (["down", "unknown", "planned", "up"]);

/**
 * The parts of a time, stacked: what is not nothing has two pixels at least, so that it can be seen.
 *
 * @param {Record<"up_us" | "down_us" | "unknown_us" | "planned_us", string>} figures
 * @param {number} height
 */
export function bars(figures, height) {
  const times = PARTS.map((name) => ({ name, us: Number(figures[`${name}_us`]) })).filter((part) => part.us > 0);
  const whole = times.reduce((sum, part) => sum + part.us, 0);
  const sizes = times.map((part) => Math.max(2, (height * part.us) / whole));
  const excess = sizes.reduce((sum, size) => sum + size, 0) - height;
  if (sizes.length) sizes[sizes.indexOf(Math.max(...sizes))] -= excess;
  let bottom = height;
  return times.map(({ name }, index) => {
    bottom -= sizes[index];
    return { name, y: bottom, height: sizes[index] };
  });
}

/**
 * Of the calendar: weeks across and weekdays downwards, on a phone the other way round.
 *
 * @param {string[]} dates In order; at least one.
 * @param {boolean} isNarrow
 */
export function calendarLayout(dates, isNarrow) {
  const size = isNarrow ? 18 : 17;
  const pitch = size + 3;
  const [left, top] = isNarrow ? [40, 18] : [34, 18];
  const monday = mondayOf(dates[0]);
  /** @param {number} week @param {number} weekday */
  const place = (week, weekday) =>
    isNarrow
      ? { x: left + weekday * (pitch + 22), y: top + week * pitch }
      : { x: left + week * pitch, y: top + weekday * pitch };
  const cells = dates.map((date) => place(Math.floor(daysBetween(monday, date) / 7), weekdayOf(date)));
  const months = dates
    .map((date, index) => ({ date, index }))
    .filter(({ date, index }) => date.endsWith("-01") || (index === 0 && Number(date.slice(8)) < 22))
    .map(({ date, index }) => ({
      date,
      ...(isNarrow ? { x: 0, y: cells[index].y + 13 } : { x: cells[index].x, y: 10 }),
    }));
  const weekdays = (isNarrow ? [0, 1, 2, 3, 4, 5, 6] : [0, 2, 4, 6]).map((number) => ({
    number,
    ...(isNarrow ? { x: place(0, number).x + size / 2, y: 10 } : { x: 0, y: place(0, number).y + 13 }),
  }));
  const weeks = Math.floor(daysBetween(monday, dates[dates.length - 1]) / 7) + 1;
  const end = place(weeks, 7);
  return { size, cells, months, weekdays, width: isNarrow ? 350 : Math.max(end.x, 1110), height: end.y };
}

/**
 * Of the chart of a budget: dates across, downtime upwards, the budget at two thirds or where all of it fits.
 *
 * @param {Pick<import("../../api_types.d.ts").Target, "burn" | "budget_us" | "spent_us" | "exhausted_on">} target
 * @param {import("./dates.js").Dates} dates
 * @param {number} days How many dates there are.
 */
export function burnPoints(target, { from }, days) {
  const [width, height] = [120, 30];
  const budget = Number(target.budget_us);
  const most = Math.max(budget * 1.5, Number(target.spent_us), 1);
  const x = d3.scaleLinear([0, days], [0, width]);
  const y = d3.scaleLinear([0, most], [height, 1]);
  let sum = 0;
  /** @type {[number, number][]} */
  const points = [];
  for (const { date, down_us } of target.burn) {
    sum += Number(down_us);
    points.push([x(daysBetween(from, date)), y(sum)]);
  }
  const last = target.burn.at(-1);
  if (last) points.push([x(daysBetween(from, last.date) + 1), y(sum)]);
  const exhausted = target.exhausted_on;
  return {
    width,
    height,
    points,
    budgetY: y(budget),
    exhaustedX: exhausted === null ? null : x(daysBetween(from, exhausted) + 1),
  };
}
