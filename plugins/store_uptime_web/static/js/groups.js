// @ts-check
// Groups: those of a kind beside each other in a calendar period, and the stores of the one that is chosen.

import { shownPercent } from "./calendar.js";
import { dateLabel } from "./dates.js";
import { h } from "./dom.js";
import { count, hours, many, percent, points } from "./format.js";
import { parameter } from "./page.js";
import { periodPage } from "./period_page.js";
import { storeLink } from "./table.js";
import { address, groupPage } from "./urls.js";

/** @import { Availability, GroupFigures, GroupsPage, MembersPage } from "../../api_types.d.ts" */
/** @import { PeriodState } from "./period_state.js" */
/** @import { Column } from "./table.js" */

const FORMATS = { csv: "CSV", xlsx: "Excel", pdf: "PDF" };
const name = parameter("name");

/** @param {import("./urls.js").Parameters} question */
function downloads(question) {
  return h(
    "div",
    { class: "group" },
    Object.entries(FORMATS).map(([format, title]) =>
      h("a", { class: "button", href: address("v1/availability", { ...question, format }).href, download: "" }, title),
    ),
  );
}

/** @param {GroupFigures} group */
function changeCell({ change, before_percent }) {
  if (change === null) return "–";
  const kind = Number(change) > 0 ? "better" : Number(change) < 0 ? "worse" : "";
  return [h("span", { class: kind }, points(change)), h("span", { class: "sub" }, `from ${percent(before_percent)}`)];
}

/** @param {Availability} row */
function uptimeCell(row) {
  return [
    shownPercent(row.uptime_percent),
    row.unknown_us !== "0" &&
      h(
        "span",
        { class: "sub" },
        `${shownPercent(row.uptime_percent_low)} to ${shownPercent(row.uptime_percent_high)}`,
      ),
  ];
}

/**
 * @param {PeriodState} state
 * @returns {Column<GroupFigures>[]}
 */
function groupColumns(state) {
  return [
    {
      title: "Group",
      row: true,
      kind: "id",
      sort: "scope",
      cell: (group) => [
        h("a", { href: groupPage({ by: state.by, name: group.scope, period: state.unit, on: state.on }) }, group.scope),
        h("span", { class: "narrow-only" }, h("span", { class: "sub" }, many(group.stores, "store"))),
      ],
    },
    {
      title: "Stores",
      kind: "number narrow-hide",
      sort: "stores",
      first: "desc",
      cell: (group) => count(group.stores),
    },
    { title: "Uptime", kind: "number", sort: "uptime_percent", cell: uptimeCell },
    {
      title: "Mean of stores",
      kind: "number narrow-hide",
      sort: "mean_percent",
      cell: (group) => percent(group.mean_percent),
    },
    {
      title: "Tenth percentile",
      kind: "number narrow-hide",
      sort: "tenth_percentile_percent",
      cell: (group) => percent(group.tenth_percentile_percent),
    },
    {
      title: "Meeting target",
      kind: "number narrow-hide",
      sort: "meeting_percent",
      cell: (group) => [
        percent(group.meeting_percent),
        group.stores_with_target > 0 &&
          h("span", { class: "sub" }, `${count(group.stores_meeting_target)} of ${count(group.stores_with_target)}`),
      ],
    },
    {
      title: "Downtime",
      kind: "number narrow-hide",
      sort: "down",
      first: "desc",
      cell: (group) => [hours(group.down_us), h("span", { class: "sub" }, `${percent(group.downtime_percent)} of all`)],
    },
    { title: "Change", kind: "number", sort: "change", cell: changeCell },
  ];
}

/** @type {Column<Availability>[]} */
const memberColumns = [
  {
    title: "Store",
    row: true,
    kind: "id",
    sort: "scope",
    cell: (row) => storeLink(row.scope),
  },
  { title: "Uptime", kind: "number", sort: "uptime_percent", cell: uptimeCell },
  { title: "Open", kind: "number narrow-hide", sort: "open", first: "desc", cell: (row) => hours(row.open_us) },
  { title: "Down", kind: "number", sort: "down", first: "desc", cell: (row) => hours(row.down_us) },
  {
    title: "Unknown",
    kind: "number narrow-hide",
    sort: "unknown",
    first: "desc",
    cell: (row) => hours(row.unknown_us),
  },
  { title: "Outages", kind: "number narrow-hide", sort: "outages", first: "desc", cell: (row) => count(row.outages) },
  {
    title: "Budget left",
    kind: "number narrow-hide",
    sort: "remaining",
    cell: (row) => (row.remaining_us === null ? "–" : hours(row.remaining_us)),
  },
];

if (name === null) {
  periodPage({
    title: "Groups",
    path: "v1/groups",
    defaults: { by: "timezone", sort: "scope" },
    scopes: [],
    filters: [],
    noun: "groups",
    parameters: ({ by }) => ({ kind: by }),
    rows: (/** @type {GroupsPage} */ answer) => answer.groups,
    columns: (state) => groupColumns(state),
    summary: (answer) =>
      h(
        "p",
        { class: "facts" },
        h(
          "span",
          null,
          `change: since ${dateLabel(answer.before.from_date)} to ${dateLabel(answer.before.until_date)}, up to the same open time`,
        ),
      ),
    nothing: ({ search }) =>
      search
        ? ["No group found", `No name of a group contains “${search}”.`]
        : ["No group", "No store of a group of this kind has a day in this period."],
    downloads: ({ by }, { from, until }) => downloads({ from, until, by }),
  });
} else {
  periodPage({
    title: name,
    up: h("a", { href: "groups" }, "All groups"),
    path: "v1/groups/members",
    defaults: { by: "timezone", sort: "scope" },
    scopes: [],
    filters: [],
    isOfOneKind: true,
    noun: "stores",
    parameters: ({ by }) => ({ kind: by, name }),
    rows: (/** @type {MembersPage} */ answer) => answer.members,
    columns: () => memberColumns,
    summary: () => null,
    nothing: ({ search }) =>
      search
        ? ["No store found", `No store ID contains “${search}”.`]
        : ["No store", "No store of the group has a day in this period."],
    downloads: ({ by }, { from, until }) => downloads({ from, until, by: "store", kind: by, name }),
  });
}
