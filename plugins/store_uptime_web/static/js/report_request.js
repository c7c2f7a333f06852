// @ts-check
// The form that requests a report, as a request and back.

import { fromZone } from "./format.js";

/** @import { ReportParameters, ReportRequest } from "../../api_types.d.ts" */

export const FIELDS = ["as_of", "store_ids", "max_gap", "no_data", "shards", "hours_valid_from", "zones_valid_from"];

/**
 * The body of the request; what is left empty is left out.
 *
 * @param {(name: string) => string} value What a field of the form holds.
 * @returns {ReportRequest}
 */
export function requestOf(value) {
  const ids = value("store_ids")
    .split(/\r?\n/)
    .map((id) => id.trim())
    .filter(Boolean);
  const gap = value("max_gap").trim();
  return {
    no_data: value("no_data") === "down" ? "down" : "unknown",
    ...(value("as_of") && { as_of: fromZone(value("as_of")) }),
    ...(gap && { max_gap: gap }),
    ...(ids.length && { store_ids: ids }),
    ...(value("shards") && { shards: Number(value("shards")) }),
    ...(value("hours_valid_from") && { hours_valid_from: value("hours_valid_from") }),
    ...(value("zones_valid_from") && { zones_valid_from: value("zones_valid_from") }),
  };
}

/**
 * The request of a report with the parameters of another one.
 *
 * @param {ReportParameters} parameters
 * @returns {ReportRequest}
 */
export function requestAgain(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null);
  return /** @type {ReportRequest} */ (Object.fromEntries(given));
}

/**
 * The field of the form that the API means: "store_ids.3" is an entry of "store_ids".
 *
 * @param {string} field
 */
export function fieldOf(field) {
  return FIELDS.find((name) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`));
}

/** A key by which the API recognizes a request that is sent again. */
export function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
