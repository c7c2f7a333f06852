// @ts-check
// Why an instant of a store counts as what it does, in words.

import { chip, h } from "./dom.js";
import { instant, maxGap } from "./format.js";

/** @import { Explanation, OpeningRow } from "../../api_types.d.ts" */
/** @import { Child, IconName } from "./dom.js" */

/** @type {Record<string, [string, IconName]>} */
const CHIPS = {
  up: ["good", "check"],
  down: ["bad", "cross"],
  unknown: ["", "dash"],
  planned: ["live", "clock"],
  closed: ["", "circle"],
};

const RULES = {
  "special hours": "open by special hours",
  "weekly hours": "open by the hours of its week",
  "always open": "always open: it has no hours",
  "closed by special hours": "closed by special hours",
  "closed by weekly hours": "closed by the hours of its week",
};

/** What an instant counts as. @param {string | null} word */
export function countsAsChip(word) {
  if (word === null) return chip("", "dash", "no day");
  const [kind, icon] = CHIPS[word] ?? ["", "dash"];
  return chip(kind, icon, word);
}

/**
 * All of an explanation as a list of terms.
 *
 * @param {Explanation} found
 */
export function explanation(found) {
  const terms = explained(found);
  return h(
    "dl",
    { class: "terms" },
    h("dt", null, "Counts as"),
    h("dd", null, countsAsChip(found.counts_as)),
    terms.map(([name, text]) => [h("dt", null, name), h("dd", null, text)]),
  );
}

/**
 * The terms of an explanation, but for what it counts as.
 *
 * @param {Explanation} found
 * @returns {[string, Child][]}
 */
export function explained(found) {
  const [date, time] = found.local_time.split("T");
  /** @type {[string, Child][]} */
  const terms = [
    ["Store's clock", `${date}, ${time.replace(/\.0+$/, "")} in ${found.timezone} (UTC${found.utc_offset})`],
    [
      "Hours",
      [
        RULES[found.opening_rule],
        found.opening_rows.length > 0 && `: ${found.opening_rows.map(openingText).join("; ")}`,
      ],
    ],
  ];
  for (const row of found.planned_downtime) {
    const until = row.ends_at ? `to ${instant(row.ends_at)}` : "without an end";
    const reason = row.reason ? `, ${row.reason}` : "";
    terms.push([
      "Planned downtime",
      `${instant(row.starts_at)} ${until}${reason} (${row.scope}; ${row.file}, line ${row.line})`,
    ]);
  }
  terms.push(["Status", statusText(found)]);
  if (found.counts_as === null)
    terms.push(["Day", `no day has the instant; days are settled up to ${instant(found.as_of)}`]);
  return terms;
}

/** @param {Explanation} found */
function statusText({ status, status_rule, max_gap, poll }) {
  if (!poll) return "unknown: the store has no poll";
  const polled = `${poll.status} at ${instant(poll.polled_at, { seconds: true })} (${poll.file})`;
  if (status_rule === "beyond max gap") return `unknown: the poll ${polled} counts for ${maxGap(max_gap ?? "")} only`;
  if (status_rule === "before the first poll") return `${status}: by the first poll, ${polled}`;
  return `${status}: by the last poll, ${polled}`;
}

/** @param {OpeningRow} row */
function openingText(row) {
  const clock = [row.start_time_local, row.end_time_local].map((text) => text?.replace(/:00$/, ""));
  const hours = clock[0] ? `${clock[0]} to ${clock[1]} from ${row.date}` : `closed on ${row.date}`;
  const line = row.line === null ? "" : `, line ${row.line}`;
  return `${hours}${row.reason ? `, ${row.reason}` : ""} (${row.scope}; ${row.file}${line})`;
}
