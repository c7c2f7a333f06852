// @ts-check
// The form of a rule as a request.

import { fieldIn, list, number, scopeOf, text } from "./delivery_request.js";

/** @import { RuleRequest } from "../../api_types.d.ts" */
/** @import { Values } from "./delivery_request.js" */

export const NUMBERS = /** @type {const} */ ([
  ...["digest_minutes", "hourly_cap", "inactive_polls", "least_minutes", "grace_minutes", "group_percent"],
  "stale_hours",
]);
export const FIELDS = [
  ...["name", "events", "recipients", "group", "store_id", "by", "timezone", "quiet_from", "quiet_until"],
  ...NUMBERS,
];

/**
 * @param {Values} values
 * @returns {RuleRequest}
 */
export function ruleOf(values) {
  const numbers = /** @type {Record<typeof NUMBERS[number], number>} */ (
    Object.fromEntries(NUMBERS.map((name) => [name, number(values, name)]))
  );
  return {
    name: text(values, "name"),
    events: /** @type {RuleRequest["events"]} */ (values("events")),
    recipients: list(values, "recipients"),
    ...scopeOf(values),
    by: text(values, "by"),
    timezone: text(values, "timezone"),
    quiet_from: text(values, "quiet_from") || null,
    quiet_until: text(values, "quiet_until") || null,
    ...numbers,
  };
}

/** @param {string} field */
export const fieldOf = (field) => fieldIn(field, FIELDS);
