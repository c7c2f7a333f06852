// @ts-check
// A year of days as a calendar, and the hours of the week: small bars of open time, by what it counts as.

import { drawn } from "./charts.js";
import { dateLabel, monthLabel } from "./dates.js";
import { s } from "./dom.js";
import { hours, percent } from "./format.js";
import { cellLabel, hourLabel, WEEKDAYS } from "./heatmap.js";
import { rove } from "./roving.js";
import { bars, calendarLayout } from "./scales.js";
import { patterns } from "./timeline.js";

/** @import { Availability, HourOfWeek } from "../../api_types.d.ts" */

const d3 = globalThis.d3;

/**
 * A day in words.
 *
 * @param {Availability} day
 */
export function dayText(day) {
  const parts = [dateLabel(day.from_date)];
  if (day.open_us === "0") parts.push(day.planned_us === "0" ? "closed" : `${hours(day.planned_us)} planned`);
  else parts.push(`${shownPercent(day.uptime_percent)} up`, `${hours(day.down_us)} down`);
  if (day.unknown_us !== "0") parts.push(`${hours(day.unknown_us)} unknown`);
  if (day.open_us !== "0" && day.planned_us !== "0") parts.push(`${hours(day.planned_us)} planned`);
  if (!day.is_final) parts.push("so far");
  return parts.join(", ");
}

/** A percentage of the API, a number, with its two decimals. @param {number | null} number */
export function shownPercent(number) {
  return percent(number === null ? null : number.toFixed(2));
}

/**
 * The days as a calendar: a column a week, on a phone a row. Each day is a link that calls `choose`; together they are
 * one tab stop.
 *
 * @param {Availability[]} days Oldest first; at least one.
 * @param {{choose: (date: string) => unknown, chosen: string | null, isNarrow: boolean}} options
 */
export function calendar(days, { choose, chosen, isNarrow }) {
  const layout = calendarLayout(
    days.map((day) => day.from_date),
    isNarrow,
  );
  const svg = d3
    .select(s("svg", { class: "chart calendar", viewBox: `0 0 ${layout.width} ${layout.height}`, role: "group" }))
    .attr("aria-label", "Days: arrow keys go from day to day, Enter shows its week");
  drawn(svg).append(patterns());
  const axis = svg.append("g").attr("aria-hidden", "true");
  axis
    .selectAll("text.month")
    .data(layout.months)
    .join("text")
    .attr("x", (month) => month.x)
    .attr("y", (month) => month.y)
    .text((month) => monthLabel(month.date));
  axis
    .selectAll("text.weekday")
    .data(layout.weekdays)
    .join("text")
    .attr("x", (weekday) => weekday.x)
    .attr("y", (weekday) => weekday.y)
    .attr("text-anchor", isNarrow ? "middle" : "start")
    .text((weekday) => WEEKDAYS[weekday.number].slice(0, isNarrow ? 2 : 3));
  const cell = svg
    .selectAll("a.day")
    .data(days)
    .join("a")
    .attr("class", "day")
    .attr("data-date", (day) => day.from_date)
    .attr("href", "#week")
    .attr("transform", (_, index) => `translate(${layout.cells[index].x},${layout.cells[index].y})`)
    .on("click", (event, day) => {
      event.preventDefault();
      choose(day.from_date);
    });
  drawCells(cell, layout.size, layout.size);
  cell.append("title").text(dayText);
  const picture = drawn(svg);
  markDay(picture, chosen);
  const links = [...picture.querySelectorAll("a")];
  const start = days.findIndex((day) => day.from_date === chosen);
  rove(links, start < 0 ? links.length - 1 : start, { columns: 7, isTransposed: !isNarrow });
  return picture;
}

/**
 * Marks the chosen day, and no other one.
 *
 * @param {Element} picture A calendar.
 * @param {string | null} chosen
 */
export function markDay(picture, chosen) {
  for (const day of picture.querySelectorAll("a.day")) {
    const isChosen = day.getAttribute("data-date") === chosen;
    day.classList.toggle("chosen", isChosen);
    if (isChosen) day.setAttribute("aria-current", "date");
    else day.removeAttribute("aria-current");
  }
}

/**
 * The hours of the week: a row a weekday, a column an hour.
 *
 * @param {HourOfWeek[]} week
 * @param {boolean} isNarrow
 */
export function heatMap(week, isNarrow) {
  const left = isNarrow ? 26 : 44;
  const [wide, high] = isNarrow ? [13, 22] : [24, 22];
  const top = 16;
  const width = left + 24 * wide + 2;
  const height = top + 7 * (high + 2);
  const svg = d3
    .select(s("svg", { class: "chart hours", viewBox: `0 0 ${width} ${height}`, role: "img" }))
    .attr("aria-label", "Open time by weekday and hour; the table below has the uptime in percent");
  drawn(svg).append(patterns());
  svg
    .selectAll("text.hour")
    .data(d3.range(0, 24, isNarrow ? 6 : 3))
    .join("text")
    .attr("x", (hour) => left + hour * wide)
    .attr("y", 10)
    .text((hour) => hourLabel(hour));
  svg
    .selectAll("text.weekday")
    .data(WEEKDAYS)
    .join("text")
    .attr("y", (_, weekday) => top + weekday * (high + 2) + 15)
    .text((name) => name.slice(0, isNarrow ? 2 : 3));
  const cell = svg
    .selectAll("g.hour")
    .data(week)
    .join("g")
    .attr("class", "hour")
    .attr("transform", (hour) => `translate(${left + hour.hour * wide},${top + hour.weekday * (high + 2)})`);
  drawCells(cell, wide - 2, high);
  cell
    .append("title")
    .text(
      (hour) =>
        `${cellLabel(hour)}: ${
          hour.open_us === "0" ? "closed" : `${percent(hour.uptime_percent)} up, ${hours(hour.down_us)} down`
        }`,
    );
  return drawn(svg);
}

/**
 * In each cell the parts of its time, from the bottom: down, unknown, planned, up.
 *
 * @param {import("d3").Selection<any, any, any, any>} cell
 * @param {number} width
 * @param {number} height
 */
function drawCells(cell, width, height) {
  cell.append("rect").attr("class", "ground").attr("width", width).attr("height", height).attr("rx", 2);
  cell
    .selectAll("rect.part")
    .data((figures) => bars(figures, height))
    .join("rect")
    .attr("class", (part) => `part ${part.name}`)
    .attr("width", width)
    .attr("y", (part) => part.y)
    .attr("height", (part) => part.height);
}
