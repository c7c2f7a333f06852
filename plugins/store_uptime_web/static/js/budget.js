// @ts-check
// The words of a budget: its verdict, what uptime is at least and at most, and when it is exhausted.

import { shownPercent } from "./calendar.js";
import { dateLabel } from "./dates.js";
import { chip, h } from "./dom.js";
import { hours } from "./format.js";

/** @import { Target, TargetsPage } from "../../api_types.d.ts" */
/** @import { IconName } from "./dom.js" */

/** @type {[keyof TargetsPage["verdicts"], string, IconName, string][]} */
export const VERDICTS = [
  ["breached", "bad", "cross", "breached"],
  ["at_risk", "warn", "alert", "at risk"],
  ["undecided", "", "dash", "undecided"],
  ["on_track", "good", "clock", "on track"],
  ["met", "good", "check", "met"],
];

/** What uptime is at least and at most, whatever happened in unknown time. @param {Target} target */
export function boundsText({ uptime_percent_low, uptime_percent_high }) {
  return `${shownPercent(uptime_percent_low)} to ${shownPercent(uptime_percent_high)}`;
}

/** @param {Target} target */
export function verdictCell(target) {
  const found = VERDICTS.find(([name]) => name === target.verdict);
  return [
    found && chip(found[1], found[2], found[3]),
    target.unknown_us !== "0" && h("span", { class: "narrow-only" }, h("span", { class: "sub" }, boundsText(target))),
  ];
}

/** @param {Target} target */
export function remainingCell({ remaining_us, expected_down_us }) {
  return [
    remaining_us === null ? "–" : hours(remaining_us),
    expected_down_us !== null && h("span", { class: "sub" }, `${hours(expected_down_us)} expected`),
  ];
}

/** @param {Target} target */
export function exhaustedCell({ verdict, exhausted_on }) {
  if (exhausted_on === null) return "–";
  const when = verdict === "breached" ? "since" : "at this rate";
  return [dateLabel(exhausted_on), h("span", { class: "sub" }, when)];
}
