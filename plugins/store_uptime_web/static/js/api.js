// @ts-check
// Requests to the plugin's JSON routes.

import { address } from "./urls.js";

/** @import { FieldError } from "../../api_types.d.ts" */
/** @import { Parameters } from "./urls.js" */

/** An error that the API answered with; `errors` names the fields of a 422, `retryAfter` is in seconds. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} title
   * @param {string} detail
   * @param {FieldError[]} errors
   * @param {number | null} retryAfter
   */
  constructor(status, title, detail, errors = [], retryAfter = null) {
    super(detail || title);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
    this.retryAfter = retryAfter;
  }
}

/**
 * @param {URL} url
 * @param {RequestInit} options
 */
async function request(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" }, ...options });
  } catch (cause) {
    if (cause instanceof Error && cause.name === "AbortError") throw cause;
    throw new Problem(0, "No connection", "Airflow's API server does not respond. It may be restarting.");
  }
  const isJson = response.headers.get("content-type")?.includes("json");
  const body = isJson ? await response.json() : null;
  if (response.ok && (isJson || response.status === 204)) return body;
  const retryAfter = Number(response.headers.get("retry-after")) || null;
  // A body that is not JSON comes from something in between (a proxy, a sign-in page): there is nothing to quote.
  throw new Problem(
    response.status,
    body?.title ?? "Unexpected response",
    body?.detail ?? "",
    body?.errors,
    retryAfter,
  );
}

/**
 * @param {string} path
 * @param {Parameters} [parameters]
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<any>} The JSON; a caller names its type, one of api_types.d.ts.
 */
export function get(path, parameters, { signal } = {}) {
  return request(address(path, parameters), { signal });
}

/**
 * @param {string} path
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
export function post(path, body, headers = {}) {
  return change("POST", path, body, headers);
}

/**
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<any>}
 */
export function patch(path, body) {
  return change("PATCH", path, body);
}

/** @param {string} path */
export function remove(path) {
  return change("DELETE", path);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 */
function change(method, path, body, headers = {}) {
  return request(address(path), {
    method,
    headers: { Accept: "application/json", "Content-Type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}
