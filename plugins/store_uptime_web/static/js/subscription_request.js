// @ts-check
// The form of subscriptions and templates as requests: a template, and what sends it.

import { fieldIn, list, number, scopeOf, text } from "./delivery_request.js";

/** @import { SubscriptionRequest, TemplateRequest } from "../../api_types.d.ts" */
/** @import { Values } from "./delivery_request.js" */

export const FIELDS = [
  ...["name", "recipients", "template_id", "answer", "by", "group", "store_id", "rows", "columns", "formats"],
  ...["period", "cron", "timezone", "send_when", "wait_hours"],
];

/**
 * @param {Values} values
 * @returns {TemplateRequest}
 */
export function templateOf(values) {
  const columns = list(values, "columns");
  return {
    name: text(values, "name"),
    answer: /** @type {TemplateRequest["answer"]} */ (text(values, "answer")),
    formats: /** @type {TemplateRequest["formats"]} */ (values("formats")),
    period: /** @type {TemplateRequest["period"]} */ (text(values, "rows")),
    by: text(values, "by"),
    ...scopeOf(values),
    columns: columns.length ? columns : null,
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
    recipients: list(values, "recipients"),
    cron: text(values, "cron"),
    timezone: text(values, "timezone"),
    period: /** @type {SubscriptionRequest["period"]} */ (text(values, "period")),
    send_when: /** @type {SubscriptionRequest["send_when"]} */ (text(values, "send_when")),
    wait_hours: /** @type {number} */ (number(values, "wait_hours")),
  };
}

/** @param {string} field */
export const fieldOf = (field) => fieldIn(field, FIELDS);
