// What every page does the same way: loading, problems, links out of the frame, messages for screen readers.

import { Problem } from "./api.js";
import { byId, h, note, replace } from "./dom.js";
import { zoneLabel, ZONE } from "./format.js";

const main = byId("main");
const clock = byId("clock");
if (clock) clock.textContent = `Times in ${ZONE === "UTC" ? "UTC" : `${ZONE} (${zoneLabel()})`}`;

/** A parameter of the page's address. */
export function parameter(name) {
  return new URLSearchParams(window.location.search).get(name);
}

/** Puts what the page shows into its address, so that it can be reloaded and shared. */
export function remember(parameters) {
  const url = new URL(window.location.href);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined || value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  window.history.replaceState(null, "", url);
}

export function announce(text) {
  const announcer = byId("announcer");
  if (announcer) announcer.textContent = text;
}

export function setTitle(text) {
  document.title = `${text} · Store uptime`;
}

/**
 * A link to a page of Airflow itself.
 *
 * Airflow's frame has a sandbox that forbids new windows and `target=_top`. Same-origin script is allowed, so the
 * click is passed on to a link in Airflow's own document.
 */
export function airflowLink(href, attributes, ...children) {
  return h("a", { href, target: "_top", ...attributes, onclick: leaveFrame }, ...children);
}

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
    here = window.top.location.href;
  } catch {
    // framed by another origin
  }
  const login = new URL("../../auth/login", window.location.href);
  login.searchParams.set("next", here);
  return airflowLink(login.href, null, "Sign in");
}

/** Words for what went wrong, and what to do about it. */
export function problemNote(problem, retry) {
  if (!(problem instanceof Problem)) throw problem;
  const again = retry && h("p", null, h("button", { type: "button", onclick: retry }, "Try again"));
  if (problem.status === 401) return note("bad", "alert", h("strong", null, "Your session has ended. "), signInLink(), " to go on.");
  if (problem.status === 403)
    return note("bad", "alert", h("strong", null, "Not allowed. "), "Your role may not do this. Ask whoever administers Airflow.");
  if (problem.status === 429)
    return note("bad", "alert", h("strong", null, "Too many requests. "), `Try again in ${problem.retryAfter ?? 60} seconds.`, again);
  return note("bad", "alert", h("strong", null, `${problem.title}. `), problem.detail, again);
}

/** Runs `load`; until it is done the page is busy, and a problem takes the place of `container`'s content. */
export async function load(container, loading, work) {
  if (loading) replace(container, loading, h("p", { class: "visually-hidden" }, "Loading"));
  main.setAttribute("aria-busy", "true");
  try {
    return await work();
  } catch (problem) {
    replace(container, problemNote(problem, () => load(container, loading, work)));
    return undefined;
  } finally {
    main.removeAttribute("aria-busy");
  }
}
