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

/** On a phone the navigation is wider than the window: the entry of this page is brought into it. */
function showCurrent() {
  const current = document.querySelector("header nav a[aria-current]");
  const navigation = current?.closest("ul");
  if (!current || !navigation) return;
  // Not scrollIntoView, after which the Tab key would go on from there.
  const [inner, outer] = [current.getBoundingClientRect(), navigation.getBoundingClientRect()];
  navigation.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
}
showCurrent();

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
 * @param {{isStep?: boolean}} [options] Whether the browser's Back leads to what the page shows now.
 */
export function remember(parameters, { isStep = false } = {}) {
  const url = withParameters(new URL(window.location.href), parameters);
  if (url.href === window.location.href) return;
  if (isStep) window.history.pushState(null, "", url);
  else window.history.replaceState(null, "", url);
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
 * Marks another entry of the navigation as the one that the page belongs to.
 *
 * @param {string} address
 */
export function showSection(address) {
  for (const link of document.querySelectorAll("header nav a")) {
    if (link.getAttribute("href") === address) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  showCurrent();
}

/**
 * Fills the head of a page about one thing: its title, facts in one line, and buttons.
 *
 * @param {{title: Child[], facts: Child[], actions?: Child[]}} head
 */
export function showHead({ title, facts, actions = [] }) {
  replace(
    byId("heading"),
    h(
      "div",
      { class: "heading" },
      h(
        "div",
        null,
        h("div", { class: "title" }, title),
        h(
          "p",
          { class: "facts" },
          facts.filter(Boolean).map((fact) => h("span", null, fact)),
        ),
      ),
      actions.length > 0 && h("div", { class: "actions" }, actions),
    ),
  );
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
 * Has `button` do `work`: it cannot be pressed again before that is done, unless there is a problem, which stands at the
 * top of `container`.
 *
 * @param {HTMLButtonElement} button
 * @param {Element} container
 * @param {() => Promise<unknown>} work
 */
export function onPress(button, container, work) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await work();
    } catch (problem) {
      button.disabled = false;
      container.prepend(problemNote(problem));
    }
  });
  return button;
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
