// @ts-check
// How a budget is spent over a period: downtime so far against what is allowed, and on at this rate.

import { drawn } from "./charts.js";
import { daysBetween } from "./dates.js";
import { s } from "./dom.js";
import { burnPoints } from "./scales.js";

/** @import { Target } from "../../api_types.d.ts" */
/** @import { Dates } from "./dates.js" */

const d3 = globalThis.d3;

/**
 * A small chart; the numbers beside it say the same.
 *
 * @param {Target} target
 * @param {Dates} dates
 */
export function burnChart(target, dates) {
  const { width, height, points, budgetY, exhaustedX } = burnPoints(
    target,
    dates,
    daysBetween(dates.from, dates.until) + 1,
  );
  const svg = d3.select(s("svg", { class: "chart burn", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }));
  svg.append("rect").attr("class", "ground").attr("width", width).attr("height", height);
  if (points.length) {
    const area = d3
      .area(
        /** @param {[number, number]} point */ (point) => point[0],
        height,
        (point) => point[1],
      )
      .curve(d3.curveStepAfter);
    svg.append("path").attr("class", "spent").attr("d", area(points));
  }
  const last = points.at(-1);
  if (last && exhaustedX !== null && exhaustedX > last[0]) {
    svg
      .append("line")
      .attr("class", "rate")
      .attr("x1", last[0])
      .attr("y1", last[1])
      .attr("x2", exhaustedX)
      .attr("y2", budgetY);
  }
  svg.append("line").attr("class", "budget").attr("x1", 0).attr("x2", width).attr("y1", budgetY).attr("y2", budgetY);
  return drawn(svg);
}
