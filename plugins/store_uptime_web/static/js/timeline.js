// @ts-check
// A picture of a store's week: one row a local date, midnight to midnight.

import { drawn } from "./charts.js";
import { h, s } from "./dom.js";
import { DAY, dayLabel, HOUR, instantOf, offsetLabel, wallClock } from "./week.js";

/** @import { Poll } from "../../api_types.d.ts" */
/** @import { Day, Span, SpanKind } from "./week.js" */

const d3 = globalThis.d3;
const STATUSES = /** @type {const} */ (["up", "down", "unknown", "planned"]);

/**
 * @param {Day[]} rows
 * @param {boolean} narrow
 * @param {{asOf?: string, explain?: (at: string) => unknown}} [options] The instant up to which there is time, if it is
 *   not the end; and what a click on an instant calls.
 */
export function timeline(rows, narrow, { asOf, explain } = {}) {
  const width = narrow ? 350 : 1160;
  const left = narrow ? 52 : 104;
  const pitch = narrow ? 40 : 44;
  const band = 20;
  const top = 22;
  const height = top + rows.length * pitch + 6;
  const x = d3.scaleLinear([0, DAY], [left, width - 8]);
  const svg = d3
    .select(s("svg", { class: "chart timeline", viewBox: `0 0 ${width} ${height}`, role: "img" }))
    .attr("aria-label", "The week by local date and time; the table below has the same data");
  drawn(svg).append(patterns());

  const hours = d3.range(0, 25, narrow ? 6 : 2);
  const axis = svg.append("g");
  axis
    .selectAll("text")
    .data(hours)
    .join("text")
    .attr("x", (hour) => x(hour * HOUR))
    .attr("y", 11)
    .attr("text-anchor", (hour) => (hour === 24 ? "end" : "middle"))
    .text((hour) => `${String(hour).padStart(2, "0")}:00`);

  const row = svg
    .selectAll("g.row")
    .data(rows)
    .join("g")
    .attr("class", "row")
    .attr("transform", (_, index) => `translate(0,${top + index * pitch})`);
  row
    .append("text")
    .attr("class", "day")
    .attr("y", (data) => (data.changes ? 13 : 19))
    .text((data) => (narrow ? dayLabel(data).replace(/ \w+$/, "") : dayLabel(data)));
  row
    .filter((data) => data.changes)
    .append("text")
    .attr("y", 27)
    .text((data) => offsetLabel(data.offset));
  row
    .append("rect")
    .attr("class", "track")
    .attr("x", x(0))
    .attr("width", x(DAY) - x(0))
    .attr("y", 4)
    .attr("height", band);
  row
    .append("g")
    .selectAll("line")
    .data(hours)
    .join("line")
    .attr("class", "tick")
    .attr("stroke", "var(--line)")
    .attr("x1", (hour) => x(hour * HOUR))
    .attr("x2", (hour) => x(hour * HOUR))
    .attr("y1", 4)
    .attr("y2", 4 + band);

  /**
   * @param {SpanKind} name
   * @param {number} offset
   * @param {number} size
   */
  const spans = (name, offset, size) =>
    row
      .append("g")
      .selectAll("rect")
      .data((data) => data[name].map((span) => ({ span, date: data.date })))
      .join("rect")
      .attr("class", name)
      .attr("x", ({ span, date }) => x(span[0] - date))
      .attr("width", ({ span, date }) => Math.max(0.75, x(span[1] - date) - x(span[0] - date)))
      .attr("y", offset)
      .attr("height", size);
  spans("open", 1.5, band + 5);
  spans("special", 1.5, 2.5);
  spans("unknown", 4, band);
  spans("up", 4, band);
  spans("down", 4, band);
  spans("planned", 4, band);

  const poll = row
    .append("g")
    .selectAll("path")
    .data((data) => data.polls.map((item) => ({ ...item, date: data.date })))
    .join("path")
    .attr("class", (item) => `poll-${item.status}`)
    .attr("d", (item) => mark(item.status))
    .attr("transform", (item) => `translate(${x(item.at - item.date)},${band + 11.5})`);
  poll.append("title").text((item) => `${item.status} at ${wallClock(item.at)}`);

  const until = asOf === undefined ? Number.POSITIVE_INFINITY : Date.parse(asOf);
  /** @param {Day} data */
  const end = (data) => Math.min(data.to, until + data.offset * 1000);
  const last = rows.findLast((data) => data.from <= end(data));
  const isWhole = last && last === rows.at(-1) && end(last) === last.date + DAY;
  if (last && !(isWhole && asOf)) {
    const lastEnd = end(last);
    const mark = svg
      .append("g")
      .attr("transform", `translate(${x(lastEnd - last.date)},${top + rows.indexOf(last) * pitch})`);
    mark
      .append("line")
      .attr("class", "as-of")
      .attr("y1", -1)
      .attr("y2", band + 9);
    const room = lastEnd - last.date < DAY * 0.75;
    mark
      .append("text")
      .attr("class", "as-of-label")
      .attr("x", room ? 5 : -5)
      .attr("y", 18)
      .attr("text-anchor", room ? "start" : "end")
      .text(room ? `as of ${wallClock(lastEnd)}` : "");
  }
  const layout = { x, top, pitch, band };
  if (!narrow) pointAt(svg, rows, layout);
  if (explain) {
    svg.classed("explains", true).on("click", (event) => {
      const found = pointed(svg, rows, layout, event);
      if (found) explain(instantOf(found.data, found.at));
    });
  }
  return drawn(svg);
}

/** @typedef {{x: import("d3").ScaleLinear<number, number>, top: number, pitch: number, band: number}} Layout */

/**
 * The row and the time at the pointer, if there is any.
 *
 * @param {import("d3").Selection<SVGSVGElement, any, any, any>} svg
 * @param {Day[]} rows
 * @param {Layout} layout
 * @param {PointerEvent} event
 */
function pointed(svg, rows, { x, top, pitch }, event) {
  const [px, py] = d3.pointer(event, drawn(svg));
  const data = rows[Math.floor((py - top) / pitch)];
  const at = data && data.date + x.invert(px);
  return data && at >= data.from && at < data.to ? { data, at, px } : null;
}

/**
 * Shows the status at the pointer, beside it.
 *
 * @param {import("d3").Selection<SVGSVGElement, any, any, any>} svg
 * @param {Day[]} rows
 * @param {Layout} layout
 */
function pointAt(svg, rows, layout) {
  const { top, pitch, band } = layout;
  const cursor = svg.append("line").attr("class", "cursor").attr("visibility", "hidden");
  const tip = h("div", { class: "tip", hidden: true, "aria-hidden": "true" });
  svg.on("pointermove", (event) => {
    const found = pointed(svg, rows, layout, event);
    if (!found) {
      leave();
      return;
    }
    const { data, at, px } = found;
    const y = top + rows.indexOf(data) * pitch;
    cursor
      .attr("visibility", "visible")
      .attr("x1", px)
      .attr("x2", px)
      .attr("y1", y)
      .attr("y2", y + band + 8);
    /** @param {Span[]} spans */
    const inside = (spans) => spans.find(([first, end]) => first <= at && at < end);
    const word = STATUSES.find((name) => inside(data[name]));
    const span = word && inside(data[word]);
    const before = data.polls.findLast((item) => item.at <= at);
    tip.replaceChildren(
      h("strong", null, `${dayLabel(data)}, ${wallClock(at).slice(0, 5)}`),
      h("div", null, span ? `${word}, ${wallClock(span[0], data)} to ${wallClock(span[1], data)}` : "closed"),
      before ? h("div", { class: "muted" }, `poll at ${wallClock(before.at)}: ${before.status}`) : "",
    );
    if (!tip.isConnected) document.body.append(tip);
    tip.hidden = false;
    tip.style.left = `${Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 16, window.innerHeight - tip.offsetHeight - 8)}px`;
  });
  const leave = () => {
    tip.hidden = true;
    cursor.attr("visibility", "hidden");
  };
  svg.on("pointerleave", leave);
}

/** @param {Poll["status"]} status */
function mark(status) {
  return status === "active" ? "M0 -3.5V3.5" : "M-2.6 -2.6L2.6 2.6M-2.6 2.6L2.6 -2.6";
}

export function patterns() {
  return s(
    "defs",
    null,
    s(
      "pattern",
      { id: "paint-down", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      s("rect", { class: "paint-down-ground", width: 6, height: 6 }),
      s("line", { class: "paint-down-stripe", x1: 2, y1: 0, x2: 2, y2: 6 }),
    ),
    s(
      "pattern",
      { id: "paint-unknown", width: 5, height: 5, patternUnits: "userSpaceOnUse" },
      s("rect", { class: "paint-unknown-ground", width: 5, height: 5 }),
      s("circle", { class: "paint-unknown-dot", cx: 2.5, cy: 2.5, r: 1.2 }),
    ),
    s(
      "pattern",
      { id: "paint-planned", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)" },
      s("rect", { class: "paint-planned-ground", width: 6, height: 6 }),
      s("line", { class: "paint-planned-stripe", x1: 2, y1: 0, x2: 2, y2: 6 }),
    ),
  );
}

/**
 * @param {{isOfDays?: boolean, hasPolls?: boolean}} [options] Whether it is of days, which know planned downtime and
 *   special hours, and whether polls are shown.
 */
export function legend({ isOfDays = false, hasPolls = true } = {}) {
  /** @param {Poll["status"]} status */
  const poll = (status) =>
    s(
      "svg",
      { viewBox: "-6 -6 12 12", "aria-hidden": "true" },
      s("path", { class: `poll-${status}`, d: mark(status) }),
    );
  return h(
    "div",
    { class: "legend" },
    h("span", null, h("i", { class: "swatch paint-up" }), "up"),
    h("span", null, h("i", { class: "swatch paint-down" }), "down"),
    h("span", null, h("i", { class: "swatch paint-unknown" }), "unknown"),
    isOfDays && h("span", null, h("i", { class: "swatch paint-planned" }), "planned downtime"),
    h("span", null, h("i", { class: "swatch open" }), "open hours"),
    isOfDays && hasPolls && h("span", null, h("i", { class: "swatch special" }), "special hours"),
    hasPolls && h("span", null, poll("active"), "poll: active"),
    hasPolls && h("span", null, poll("inactive"), "poll: inactive"),
  );
}
