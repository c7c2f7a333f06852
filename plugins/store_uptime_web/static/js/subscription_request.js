// @ts-check
// The form of a new subscription, as the requests that make it: a template, and what sends it.

/** @import { SubscriptionRequest, TemplateRequest } from "../../api_types.d.ts" */

export const FIELDS = [
  ...["name", "recipients", "answer", "by", "group", "formats", "period", "cron", "timezone", "send_when"],
  "wait_hours",
];

/** @typedef {(name: string) => string[]} Values What a field of the form holds. */

/**
 * @param {Values} values
 * @returns {TemplateRequest}
 */
export function templateOf(values) {
  const [kind, name] = groupOf(values("group")[0] ?? "");
  return {
    name: text(values, "name"),
    answer: /** @type {TemplateRequest["answer"]} */ (text(values, "answer")),
    formats: /** @type {TemplateRequest["formats"]} */ (values("formats")),
    by: text(values, "by"),
    group_kind: kind,
    group_name: name,
  };
}

/**
 * @param {Values} values
 * @param {number} templateId
 * @returns {SubscriptionRequest}
 */
export function subscriptionOf(values, templateId) {
  return {
    name: text(values, "name"),
    template_id: templateId,
    recipients: text(values, "recipients")
      .split(/[\s,]+/)
      .filter(Boolean),
    cron: text(values, "cron"),
    timezone: text(values, "timezone"),
    period: /** @type {SubscriptionRequest["period"]} */ (text(values, "period")),
    send_when: /** @type {SubscriptionRequest["send_when"]} */ (text(values, "send_when")),
    wait_hours: Number(text(values, "wait_hours")),
  };
}

/**
 * A group as the value of an option, and back: its kind and name.
 *
 * @param {string} kind
 * @param {string} name
 */
export const groupValue = (kind, name) => JSON.stringify([kind, name]);

/**
 * @param {string} value
 * @returns {[string, string] | [null, null]}
 */
function groupOf(value) {
  return value ? JSON.parse(value) : [null, null];
}

/**
 * @param {Values} values
 * @param {string} name
 */
function text(values, name) {
  return (values(name)[0] ?? "").trim();
}

/**
 * The field of the form that the API means: "formats.0" is an entry of "formats".
 *
 * @param {string} field
 */
export function fieldOf(field) {
  const own = field.startsWith("group_") ? "group" : field.split(".")[0];
  return FIELDS.find((name) => name === own);
}
