// @ts-check
// How anomalies are written.

/** @import { Anomaly } from "../../api_types.d.ts" */

/** @type {Record<Anomaly["kind"], string>} */
export const KINDS = {
  downtime: "Downtime",
  opened_late: "Opened late",
  closed_early: "Closed early",
  common_cause: "Common cause",
  data: "Polls",
};

/**
 * What was observed or expected, with its unit: hours, but of polls their number.
 *
 * @param {Anomaly["kind"]} kind
 * @param {number} amount
 */
export function amountOf(kind, amount) {
  return kind === "data" ? Math.round(amount).toLocaleString("en-US") : `${amount.toFixed(1)} h`;
}

/**
 * A q-value: how much of what is shown at most is expected to be chance.
 *
 * @param {number} score
 */
export function scoreOf(score) {
  return score < 0.001 ? "under 0.1%" : `${(score * 100).toFixed(1)}%`;
}
