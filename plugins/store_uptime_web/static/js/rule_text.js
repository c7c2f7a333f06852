// @ts-check
// Rules of notifications in words.

import { ALL, scopeText } from "./delivery_request.js";
import { many } from "./format.js";

/** @import { Notice, Rule } from "../../api_types.d.ts" */
/** @typedef {Rule["events"][number]} EventName */

/** @type {Record<EventName, string>} */
export const EVENTS = {
  outage: "Outage",
  missed_opening: "Missed opening",
  group_outage: "Outage of a group",
  budget: "Budget",
  breach: "Breached target",
  data: "Data",
};

/**
 * "Outage, Data".
 *
 * @param {EventName[]} events
 */
export const eventsText = (events) => events.map((event) => EVENTS[event]).join(", ");

/**
 * When an event is one, and when it is told, in sentences.
 *
 * @param {Required<Rule>} rule
 */
export function sentences(rule) {
  const tells = (/** @type {EventName} */ event) => rule.events.includes(event);
  const together = scopeText(rule) === ALL ? "all stores together" : "its stores together";
  const whose = { all: together, store: "each store" }[rule.by] ?? `each ${rule.by}`;
  return [
    tells("outage") &&
      `Outages from ${many(rule.inactive_polls, "inactive poll")}${rule.least_minutes ? ` and ${rule.least_minutes} min of downtime` : ""} on.`,
    tells("missed_opening") && `Missed openings after ${rule.grace_minutes} min.`,
    tells("group_outage") && `Outages of a group from ${rule.group_percent} % of its open stores on; of ${whose}.`,
    (tells("budget") || tells("breach")) && `Budgets and targets of ${whose}.`,
    tells("data") && `Data is stale after ${rule.stale_hours} h.`,
    rule.quiet_from && `Quiet from ${rule.quiet_from} to ${rule.quiet_until} (${rule.timezone}).`,
    rule.digest_minutes > 0 && `Events are collected for ${rule.digest_minutes} min, and told in one message.`,
    `At most ${many(rule.hourly_cap, "message")} an hour.`,
  ].filter((sentence) => sentence !== false && sentence !== null);
}

/**
 * What became of a notice: its chip's kind, icon and word.
 *
 * @param {Pick<Notice, "told_at" | "messages">} notice
 * @returns {[string, "clock" | "cross" | "turning" | "check" | "dash", string]}
 */
export function toldState({ told_at: toldAt, messages }) {
  const of = (/** @type {string} */ state) => messages.filter((message) => message.state === state).length;
  if (!toldAt) return ["live", "clock", "held back"];
  if (of("given_up")) return ["bad", "cross", `${of("given_up")} given up`];
  if (of("queued")) return ["live", "turning", `${of("sent")} of ${messages.length} sent`];
  return ["good", "check", "sent"];
}
