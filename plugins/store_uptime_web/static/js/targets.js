// @ts-check
// Targets: what was promised in a calendar period, how much of each budget is spent, and whether it will last.

import { boundsText, exhaustedCell, remainingCell, VERDICTS, verdictCell } from "./budget.js";
import { burnChart } from "./burn.js";
import { shownPercent } from "./calendar.js";
import { chip, h } from "./dom.js";
import { count, hours, many, percent } from "./format.js";
import { periodPage, storesText } from "./period_page.js";
import { storeLink } from "./table.js";
import { address } from "./urls.js";

/** @import { Target, TargetsPage } from "../../api_types.d.ts" */
/** @import { Dates } from "./dates.js" */
/** @import { Column } from "./table.js" */

/**
 * @param {string} by
 * @param {Dates} dates
 * @returns {Column<Target>[]}
 */
function columns(by, dates) {
  return [
    {
      title: by === "store" ? "Store" : "Scope",
      row: true,
      kind: "id",
      sort: "scope",
      cell: (target) => [
        by === "store" ? storeLink(target.scope) : target.scope,
        by !== "store" && h("span", { class: "sub" }, storesText(target.stores)),
      ],
    },
    {
      title: "Target",
      kind: "number narrow-hide",
      cell: (target) => [
        target.target_percent === null ? "several" : percent(String(target.target_percent)),
        target.days_without_target > 0 &&
          h("span", { class: "sub" }, `${many(target.days_without_target, "day")} without`),
      ],
    },
    {
      title: "Uptime",
      kind: "number narrow-hide",
      sort: "uptime_percent",
      cell: (target) => [
        shownPercent(target.uptime_percent),
        target.unknown_us !== "0" && h("span", { class: "sub" }, boundsText(target)),
      ],
    },
    {
      title: "Budget",
      kind: "number narrow-hide",
      sort: "budget",
      first: "desc",
      cell: (target) => hours(target.budget_us ?? "0"),
    },
    {
      title: "Spent",
      kind: "number",
      sort: "spent_percent",
      first: "desc",
      cell: (target) => [percent(target.spent_percent), h("span", { class: "sub" }, hours(target.spent_us))],
    },
    {
      title: "Left",
      kind: "number narrow-hide",
      sort: "remaining",
      cell: remainingCell,
    },
    { title: "Burn", kind: "narrow-hide", cell: (target) => burnChart(target, dates) },
    { title: "Exhausted", kind: "when narrow-hide", cell: exhaustedCell },
    { title: "Verdict", cell: verdictCell },
  ];
}

periodPage({
  title: "Targets",
  path: "v1/targets",
  defaults: { by: "store", sort: "scope" },
  scopes: [
    ["store", "By store"],
    ["all", "All stores"],
  ],
  filters: VERDICTS.map(([name, , , text]) => [name, text]),
  noun: "with a target",
  parameters: ({ by, filter }) => ({ by, verdict: filter }),
  rows: (/** @type {TargetsPage} */ answer) => answer.targets,
  columns: ({ by }, dates) => columns(by, dates),
  summary: (answer, choose, state) => [
    h(
      "ul",
      { class: "verdicts", "aria-label": "By verdict" },
      VERDICTS.map(([name, kind, iconName, text]) =>
        h(
          "li",
          null,
          h(
            "button",
            { type: "button", "aria-pressed": String(state.filter === name), onclick: () => choose(name) },
            h("strong", null, count(answer.verdicts[name])),
            chip(kind, iconName, text),
          ),
        ),
      ),
    ),
    answer.without_target > 0 &&
      h("p", { class: "facts" }, h("span", null, `${count(answer.without_target)} without a target in this period`)),
  ],
  nothing: ({ filter, search }) =>
    filter || search
      ? ["None found", "No scope of this selection has a target in this period."]
      : ["No target", "Nothing is promised in this period, or it has no days. Targets come from the file targets.csv."],
  downloads: ({ by }, { from, until }) =>
    h(
      "div",
      { class: "group" },
      ["csv", "xlsx", "pdf"].map((format) =>
        h(
          "a",
          { class: "button", href: address("v1/availability", { from, until, by, format }).href, download: "" },
          format === "xlsx" ? "Excel" : format.toUpperCase(),
        ),
      ),
    ),
});
