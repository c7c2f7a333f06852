import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { get, Problem, post } from "../../plugins/store_uptime_web/static/js/api.js";
import { ROOT } from "../../plugins/store_uptime_web/static/js/urls.js";

/** @type {() => Promise<Response>} */
let respond;
/** @type {{url: URL, options: RequestInit}[]} */
let requests;

beforeEach(() => {
  requests = [];
  // The network, which Node's own fetch cannot be: addresses of modules are files here.
  mock.method(globalThis, "fetch", (/** @type {URL} */ url, /** @type {RequestInit} */ options) => {
    requests.push({ url, options });
    return respond();
  });
});
afterEach(() => mock.restoreAll());

/**
 * @param {unknown} body
 * @param {ResponseInit} [options]
 */
const json = (body, options = {}) =>
  Promise.resolve(
    new Response(JSON.stringify(body), {
      ...options,
      headers: { "content-type": "application/problem+json", ...options.headers },
    }),
  );

test("a request and its answer", async () => {
  respond = () => json({ stores: [] });
  assert.deepEqual(await get("reports/7/stores", { search: "x", cursor: null }), { stores: [] });
  assert.equal(requests[0].url.href, new URL("reports/7/stores?search=x", ROOT).href);
  await post("trigger_report", { max_gap: "2h" }, { "Idempotency-Key": "k" });
  assert.equal(requests[1].options.body, '{"max_gap":"2h"}');
  assert.equal(new Headers(requests[1].options.headers).get("idempotency-key"), "k");
  await post("reports/7/cancel");
  assert.equal(requests[2].options.body, undefined);
});

test("a problem of the API has what the reader needs", async () => {
  const errors = [{ field: "max_gap", message: "expected a duration" }];
  respond = () => json({ title: "Unprocessable Content", detail: "max_gap: …", errors }, { status: 422 });
  await assert.rejects(get("reports"), (problem) => {
    assert.ok(problem instanceof Problem);
    assert.deepEqual([problem.status, problem.title, problem.errors], [422, "Unprocessable Content", errors]);
    return true;
  });
  respond = () => json({ title: "Too Many Requests" }, { status: 429, headers: { "retry-after": "7" } });
  await assert.rejects(get("reports"), { status: 429, message: "Too Many Requests", retryAfter: 7, errors: [] });
});

test("an answer of something in between is not quoted", async () => {
  const html = { headers: { "content-type": "text/html" } };
  respond = () => Promise.resolve(new Response("<h1>Sign in</h1>", { status: 200, ...html }));
  await assert.rejects(get("reports"), { status: 200, title: "Unexpected response", detail: "" });
  respond = () => Promise.resolve(new Response("<h1>Bad gateway</h1>", { status: 502, ...html }));
  await assert.rejects(get("reports"), { status: 502, title: "Unexpected response", detail: "" });
});

test("no connection is a problem, a canceled request is none", async () => {
  respond = () => Promise.reject(new TypeError("fetch failed"));
  await assert.rejects(get("reports"), { status: 0, title: "No connection" });
  respond = () => Promise.reject(new DOMException("aborted", "AbortError"));
  await assert.rejects(get("reports"), { name: "AbortError" });
});
