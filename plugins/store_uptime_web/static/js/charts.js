// @ts-check
// Charts, drawn by D3 as SVG: colours come from the style sheet, so they follow the theme by themselves.

import { s } from "./dom.js";
import { compact, count, many, partPercent } from "./format.js";
import { rove } from "./roving.js";
import { barOf, histogramScales, unusableRatios, unusableScales } from "./scales.js";

/** @import { HistogramBin, Validation } from "../../api_types.d.ts" */

const d3 = globalThis.d3;
const narrow = window.matchMedia("(width < 700px)");

/**
 * Fills `container` with what `draw` draws, again whenever the window becomes narrow or wide.
 *
 * @param {Element} container
 * @param {(isNarrow: boolean) => Node} draw
 */
export function responsive(container, draw) {
  const show = () => container.replaceChildren(draw(narrow.matches));
  narrow.addEventListener("change", show);
  show();
}

/**
 * How many stores fall into each bin of uptime.
 *
 * A bar is a link that calls `choose`. Few bad stores beside many good ones make tiny bars, so every bar bears its
 * number (on a phone only the longest has room for it) and is clickable at full height. Together they are one tab stop.
 *
 * @param {HistogramBin[]} bins With `chosen`, if there is one.
 * @param {{choose: (bin: HistogramBin) => unknown, chosen: HistogramBin | null, isNarrow: boolean}} options
 */
export function histogram(bins, { choose, chosen, isNarrow }) {
  const { width, height, margin, most, x, y } = histogramScales(bins, isNarrow);
  const svg = d3
    .select(s("svg", { class: "chart histogram", viewBox: `0 0 ${width} ${height}`, role: "group" }))
    .attr("aria-label", "Stores by uptime: arrow keys go from bar to bar, each lists its stores");

  const axis = d3
    .axisBottom(x)
    .ticks(isNarrow ? 5 : 10)
    .tickFormat((value) => `${value}%`)
    .tickSizeOuter(0);
  svg
    .append("g")
    .attr("transform", `translate(0,${height - margin.bottom})`)
    .attr("aria-hidden", "true")
    .call(axis);
  svg
    .append("text")
    .attr("x", width / 2)
    .attr("y", height - 4)
    .attr("text-anchor", "middle")
    .attr("aria-hidden", "true")
    .text("Uptime as a percentage of known time");

  const bar = svg
    .selectAll("a.bin")
    .data(bins)
    .join("a")
    .attr("class", "bin")
    .attr("data-from", (bin) => bin.from)
    .attr("href", "#stores")
    .on("click", (event, bin) => {
      event.preventDefault();
      choose(bin);
    });
  bar
    .append("rect")
    .attr("class", "hit")
    .attr("x", (bin) => x(bin.from))
    .attr("width", (bin) => x(bin.to) - x(bin.from))
    .attr("y", margin.top - 16)
    .attr("height", height - margin.bottom - margin.top + 16);
  /** @param {HistogramBin} bin */
  const shape = (bin) => (bin.stores ? barOf(y, bin.stores, 3) : barOf(y, 0, 1));
  bar
    .append("rect")
    .attr("class", (bin) => (bin.stores ? "mark" : "mark faint"))
    .attr("x", (bin) => x(bin.from) + 1.5)
    .attr("width", (bin) => x(bin.to) - x(bin.from) - 3)
    .attr("rx", 2)
    .attr("y", (bin) => shape(bin).top)
    .attr("height", (bin) => shape(bin).height);
  bar
    .filter((bin) => bin.stores > 0 && (!isNarrow || bin.stores === most))
    .append("text")
    .attr("class", "value")
    .attr("aria-hidden", "true")
    .attr("text-anchor", "middle")
    .attr("x", (bin) => (x(bin.from) + x(bin.to)) / 2)
    .attr("y", (bin) => shape(bin).top - 5)
    .text((bin) => compact(bin.stores));
  bar.append("title").text((bin) => `${bin.from}–${bin.to}%: ${many(bin.stores, "store")}`);
  const picture = drawn(svg);
  markBar(picture, chosen);
  rove([...picture.querySelectorAll("a")], chosen ? bins.indexOf(chosen) : 0);
  return picture;
}

/**
 * Marks the bar whose stores are listed, and no other one.
 *
 * @param {Element} picture A histogram.
 * @param {HistogramBin | null} chosen
 */
export function markBar(picture, chosen) {
  for (const bar of picture.querySelectorAll("a.bin")) {
    const isChosen = bar.getAttribute("data-from") === String(chosen?.from);
    bar.classList.toggle("chosen", isChosen);
    if (isChosen) bar.setAttribute("aria-current", "true");
    else bar.removeAttribute("aria-current");
  }
}

/**
 * The unusable rows of each validation as a part of all of its rows, oldest on the left.
 *
 * @param {Validation[]} validations Newest first; at least one that read rows.
 * @param {(validation: Validation) => {href: string, label: string}} link Where a bar leads.
 * @param {boolean} isNarrow
 */
export function unusableRows(validations, link, isNarrow) {
  const points = unusableRatios(validations).map((point, index) => ({ ...point, index, ...link(point.validation) }));
  const { width, height, margin, x, y, percent, thick } = unusableScales(points, isNarrow);
  const svg = d3
    .select(s("svg", { class: "chart unusable", viewBox: `0 0 ${width} ${height}`, role: "group" }))
    .attr("aria-label", "Ratio of unusable rows, by validation: arrow keys go from bar to bar");

  const axis = d3
    .axisLeft(y)
    .ticks(4)
    .tickFormat(percent)
    .tickSize(-(width - margin.left - margin.right));
  const left = svg.append("g").attr("transform", `translate(${margin.left},0)`).attr("aria-hidden", "true").call(axis);
  left.select(".domain").remove();
  const bar = svg
    .selectAll("a.bin")
    .data(points)
    .join("a")
    .attr("class", "bin")
    .attr("href", (point) => point.href);
  bar
    .append("rect")
    .attr("class", "hit")
    .attr("x", (point) => x(point.index) ?? 0)
    .attr("width", x.bandwidth())
    .attr("y", margin.top)
    .attr("height", height - margin.top - margin.bottom);
  bar
    .append("rect")
    .attr("class", "mark")
    .attr("x", (point) => (x(point.index) ?? 0) + (x.bandwidth() - thick) / 2)
    .attr("width", thick)
    .attr("rx", 2)
    .attr("y", (point) => barOf(y, point.ratio, 2).top)
    .attr("height", (point) => barOf(y, point.ratio, 2).height);
  bar
    .append("title")
    .text(
      ({ label, validation }) =>
        `${label}: ${partPercent(validation.quarantined_rows, validation.rows_read)} of the rows (${count(validation.quarantined_rows)}) are unusable`,
    );
  const last = points.length - 1;
  for (const index of last > 0 && !isNarrow ? [0, last] : [last]) {
    const isLast = index === last;
    svg
      .append("text")
      .attr("aria-hidden", "true")
      .attr("text-anchor", isLast ? "end" : "start")
      .attr("x", isLast ? width - margin.right : margin.left)
      .attr("y", height - 8)
      .text(points[index].label);
  }
  const picture = drawn(svg);
  rove([...picture.querySelectorAll("a")], last);
  return picture;
}

/**
 * The element of a selection that has one.
 *
 * @param {import("d3").Selection<SVGSVGElement, any, any, any>} svg
 */
export function drawn(svg) {
  return /** @type {SVGSVGElement} */ (svg.node());
}
