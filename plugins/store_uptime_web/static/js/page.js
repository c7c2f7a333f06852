// @ts-check
// What every page does the same way: loading, problems, links out of the frame, messages for screen readers.

import { Problem } from "./api.js";
import { byId, h, note, replace } from "./dom.js";
import { ZONE, zoneLabel } from "./format.js";
import { withParameters } from "./urls.js";

/** @import { Attributes, Child } from "./dom.js" */
/** @import { Parameters } from "./urls.js" */

const main = byId("main");
byId("clock").textContent = `Times in ${ZONE === "UTC" ? "UTC" : `${ZONE} (${zoneLabel()})`}`;

/**
 * A parameter of the page's address.
 *
 * @param {string} name
 */
export function parameter(name) {
  return new URLSearchParams(window.location.search).get(name);
}

/**
 * Puts what the page shows into its address, so that it can be reloaded and shared.
 *
 * @param {Parameters} parameters
 */
export function remember(parameters) {
  window.history.replaceState(null, "", withParameters(new URL(window.location.href), parameters));
}

/**
 * Has screen readers read `text`.
 *
 * @param {string} text
 */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** @param {string} text */
export function setTitle(text) {
  document.title = `${text} · Store uptime`;
}

/**
 * A link to a page of Airflow itself.
 *
 * Airflow's frame has a sandbox that forbids new windows and `target=_top`. Same-origin script is allowed, so the
 * click is passed on to a link in Airflow's own document.
 *
 * @param {string} href
 * @param {Attributes | null} attributes
 * @param {Child[]} children
 */
export function airflowLink(href, attributes, ...children) {
  return h("a", { href, target: "_top", ...attributes, onclick: leaveFrame }, ...children);
}

/** @param {MouseEvent & {currentTarget: HTMLAnchorElement}} event */
function leaveFrame(event) {
  if (window.parent === window) return;
  let outer;
  try {
    outer = window.parent.document;
  } catch {
    return; // framed by another origin: the browser decides
  }
  event.preventDefault();
  const link = outer.createElement("a");
  link.href = event.currentTarget.href;
  outer.body.append(link);
  link.click();
  link.remove();
}

export function signInLink() {
  let here = window.location.href;
  try {
    here = window.top?.location.href ?? here;
  } catch {
    // framed by another origin
  }
  const login = new URL("../../auth/login", window.location.href);
  login.searchParams.set("next", here);
  return airflowLink(login.href, null, "Sign in");
}

/**
 * What went wrong, and what to do about it; anything but a `Problem` is thrown on.
 *
 * @param {unknown} problem
 * @param {() => unknown} [retry]
 */
export function problemNote(problem, retry) {
  if (!(problem instanceof Problem)) throw problem;
  const again = retry && h("p", null, h("button", { type: "button", onclick: retry }, "Try again"));
  if (problem.status === 401)
    return note("bad", "alert", h("strong", null, "Your session has ended. "), signInLink(), " to continue.");
  if (problem.status === 403)
    return note(
      "bad",
      "alert",
      h("strong", null, "Not allowed. "),
      "Your role lacks the permission. Contact your Airflow administrator.",
    );
  if (problem.status === 429)
    return note(
      "bad",
      "alert",
      h("strong", null, "Too many requests. "),
      `Try again in ${problem.retryAfter ?? 60} seconds.`,
      again,
    );
  return note("bad", "alert", h("strong", null, `${problem.title}. `), problem.detail, again);
}

/**
 * Runs `work`; until it is done the page is busy, and a problem takes the place of the content of `container`.
 *
 * @template T
 * @param {Element} container
 * @param {Child} loading What `container` shows until then; null: what it has.
 * @param {() => Promise<T>} work
 * @returns {Promise<T | undefined>} Nothing after a problem.
 */
export async function load(container, loading, work) {
  if (loading) replace(container, loading, h("p", { class: "visually-hidden" }, "Loading"));
  main.setAttribute("aria-busy", "true");
  try {
    return await work();
  } catch (problem) {
    replace(
      container,
      problemNote(problem, () => load(container, loading, work)),
    );
    return undefined;
  } finally {
    main.removeAttribute("aria-busy");
  }
}
