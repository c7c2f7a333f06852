// Charts, drawn by D3 as SVG: colours come from the style sheet, so they follow the theme by themselves.

import { s } from "./dom.js";
import { count, many } from "./format.js";

const d3 = globalThis.d3;
const narrow = window.matchMedia("(width < 700px)");

/** Fills `container` with what `draw` draws, again whenever the window becomes narrow or wide. */
export function responsive(container, draw) {
  const show = () => container.replaceChildren(draw(narrow.matches));
  narrow.addEventListener("change", show);
  show();
}

/**
 * How many stores fall into each band of uptime.
 *
 * `summary` is the API's; a bar is a link that calls `choose(bin)`.
 * Few bad stores beside many good ones make tiny bars, so every bar bears its number (on a phone only the longest
 * has room for it) and is clickable at full height.
 */
export function histogram(summary, { choose, isNarrow }) {
  const width = isNarrow ? 340 : 640;
  const height = isNarrow ? 220 : 300;
  const margin = { top: 20, right: 4, bottom: 38, left: 4 };
  const bins = summary.histogram;
  const most = d3.max(bins, (bin) => bin.stores);
  const x = d3.scaleLinear([0, 100], [margin.left, width - margin.right]);
  const y = d3.scaleLinear([0, Math.max(1, most)], [height - margin.bottom, margin.top]);
  const svg = d3
    .select(s("svg", { class: "chart histogram", viewBox: `0 0 ${width} ${height}`, role: "group" }))
    .attr("aria-label", "Stores by uptime: each bar lists its stores");

  svg
    .append("g")
    .attr("transform", `translate(0,${height - margin.bottom})`)
    .attr("aria-hidden", "true")
    .call(d3.axisBottom(x).ticks(isNarrow ? 5 : 10).tickFormat((value) => `${value}%`).tickSizeOuter(0));
  svg
    .append("text")
    .attr("x", width / 2)
    .attr("y", height - 4)
    .attr("text-anchor", "middle")
    .attr("aria-hidden", "true")
    .text("Uptime, of the time whose status is known");

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
  bar
    .append("rect")
    .attr("class", (bin) => (bin.stores ? "mark" : "mark faint"))
    .attr("x", (bin) => x(bin.from) + 1.5)
    .attr("width", (bin) => x(bin.to) - x(bin.from) - 3)
    .attr("rx", 2)
    .attr("y", (bin) => (bin.stores ? Math.min(y(bin.stores), y(0) - 3) : y(0) - 1))
    .attr("height", (bin) => (bin.stores ? Math.max(3, y(0) - y(bin.stores)) : 1));
  bar
    .filter((bin) => bin.stores > 0 && (!isNarrow || bin.stores === most))
    .append("text")
    .attr("class", "value")
    .attr("aria-hidden", "true")
    .attr("text-anchor", "middle")
    .attr("x", (bin) => (x(bin.from) + x(bin.to)) / 2)
    .attr("y", (bin) => Math.min(y(bin.stores), y(0) - 3) - 5)
    .text((bin) => compact(bin.stores));
  bar.append("title").text((bin) => `${bin.from}–${bin.to}%: ${many(bin.stores, "store")}`);
  return svg.node();
}

function compact(number) {
  return number < 10000 ? count(number) : `${(number / 1000).toFixed(number < 100000 ? 1 : 0)}k`;
}

/** Share of unusable rows in each run, oldest on the left. A bar is the link that `open(run)` gives. */
export function unusableRows(runs, open, isNarrow) {
  const width = isNarrow ? 340 : 1100;
  const height = 190;
  const margin = { top: 14, right: 8, bottom: 28, left: 52 };
  const points = runs
    .filter((run) => run.rows_read > 0)
    .map((run) => ({ run, share: run.quarantined_rows / run.rows_read }))
    .reverse();
  const x = d3
    .scaleBand(points.map((_, index) => index), [margin.left, width - margin.right])
    .paddingInner(0.25)
    .paddingOuter(0.1);
  const thick = Math.min(x.bandwidth(), 26);
  const y = d3.scaleLinear([0, Math.max(0.001, d3.max(points, (point) => point.share) * 1.1)], [height - margin.bottom, margin.top]).nice(4);
  const svg = d3
    .select(s("svg", { class: "chart unusable", viewBox: `0 0 ${width} ${height}`, role: "group" }))
    .attr("aria-label", "Share of rows that could not be used, by run");
  const percent = d3.format(y.domain()[1] < 0.01 ? ".2%" : ".1%");

  svg
    .append("g")
    .attr("transform", `translate(${margin.left},0)`)
    .attr("aria-hidden", "true")
    .call(d3.axisLeft(y).ticks(4).tickFormat(percent).tickSize(-(width - margin.left - margin.right)))
    .call((axis) => axis.select(".domain").remove());
  const bar = svg
    .selectAll("a.bin")
    .data(points)
    .join("a")
    .attr("class", "bin")
    .attr("href", (point) => open(point.run).href);
  bar
    .append("rect")
    .attr("class", "hit")
    .attr("x", (_, index) => x(index))
    .attr("width", x.bandwidth())
    .attr("y", margin.top)
    .attr("height", height - margin.top - margin.bottom);
  bar
    .append("rect")
    .attr("class", "mark")
    .attr("x", (_, index) => x(index) + (x.bandwidth() - thick) / 2)
    .attr("width", thick)
    .attr("rx", 2)
    .attr("y", (point) => Math.min(y(point.share), y(0) - 2))
    .attr("height", (point) => Math.max(2, y(0) - y(point.share)));
  bar.append("title").text((point) => `${open(point.run).label}: ${percent(point.share)} of the rows (${count(point.run.quarantined_rows)}) could not be used`);
  const ends = points.length > 1 && !isNarrow ? [[0, "start"], [points.length - 1, "end"]] : [[points.length - 1, "end"]];
  for (const [index, anchor] of ends) {
    svg
      .append("text")
      .attr("aria-hidden", "true")
      .attr("text-anchor", anchor)
      .attr("x", anchor === "start" ? margin.left : width - margin.right)
      .attr("y", height - 8)
      .text(open(points[index].run).label);
  }
  return svg.node();
}
