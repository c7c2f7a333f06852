// @ts-check
// Builds elements. Text is always text (never markup), so nothing a file or a user wrote can become part of the page.

const ICONS = {
  check: "M3 8.5l3.2 3.2L13 4.8",
  cross: "M4 4l8 8M12 4l-8 8",
  clock: "M8 4.2V8l2.6 1.6M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0",
  circle: "M13 8A5 5 0 1 1 3 8a5 5 0 0 1 10 0",
  turning: "M14 8a6 6 0 1 1-3-5.2",
  alert: "M8 6v3.2M8 11.6v.1M8 1.8l6.6 11.9H1.4z",
  down: "M8 3v10M4 9l4 4 4-4",
  up: "M8 13V3M4 7l4-4 4 4",
  previous: "M10 3L5 8l5 5",
  next: "M6 3l5 5-5 5",
  download: "M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11",
  out: "M6 3H3v10h10v-3M9 2.5h4.5V7M13 3L7.5 8.5",
  dash: "M4 8h8",
  plus: "M8 3v10M3 8h10",
  empty: "M2 9l2.5-6h7L14 9v4.5H2zM2 9h3.5l1 2h3l1-2H14",
  info: "M8 7.2V11.4M8 4.8v.1M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0",
};

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {keyof typeof ICONS} IconName */
/** @typedef {Node | string | number | false | null | undefined | Child[]} Child */
/** @typedef {Record<string, any>} Attributes Values, and listeners by names such as onclick; null and false are left out. */

/**
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
function nodes(children) {
  return /** @type {any[]} */ (children)
    .flat(Number.POSITIVE_INFINITY)
    .filter((child) => child !== null && child !== undefined && child !== false && child !== "")
    .map((child) => (child instanceof Node ? child : String(child)));
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Attributes | null | undefined} attributes
 * @param {Child[]} children
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...nodes(children));
  return element;
}

/**
 * An HTML element: h("p", {class: "muted"}, "text", child, …); null and false are left out.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes | null} [attributes]
 * @param {Child[]} children
 */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * The same for SVG.
 *
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes | null} [attributes]
 * @param {Child[]} children
 */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * A decorative icon; the words beside it carry the meaning.
 *
 * @param {IconName} name
 */
export function icon(name, extra = "") {
  return s(
    "svg",
    { class: `icon ${extra}`.trim(), viewBox: "0 0 16 16", "aria-hidden": "true" },
    s("path", {
      d: ICONS[name],
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 1.8,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
}

/**
 * A state in a word: `kind` is "good", "bad", "warn", "live" or "".
 *
 * @param {string} kind
 * @param {IconName} iconName
 * @param {string} text
 */
export function chip(kind, iconName, text) {
  return h("span", { class: `chip ${kind}` }, icon(iconName, iconName === "turning" ? "spins" : ""), text);
}

/**
 * A message to the reader; a bad one is announced by screen readers.
 *
 * @param {string} kind
 * @param {IconName} iconName
 * @param {Child[]} children
 */
export function note(kind, iconName, ...children) {
  const role = kind === "bad" ? "alert" : null;
  return h("div", { class: `note ${kind}`, role }, icon(iconName), h("div", null, ...children));
}

/**
 * What stands in place of an empty list.
 *
 * @param {string} title
 * @param {string} text
 */
export function empty(title, text) {
  return h("div", { class: "empty" }, icon("empty"), h("strong", null, title), text);
}

/**
 * Grey bars in place of what is being loaded.
 *
 * @param {number[]} heights In pixels.
 */
export function skeleton(...heights) {
  return heights.map((height) => {
    const bar = h("span", { class: "skeleton", "aria-hidden": "true" });
    bar.style.height = `${height}px`;
    return bar;
  });
}

/**
 * Replaces the content of `container`.
 *
 * @param {Element} container
 * @param {Child[]} children
 */
export function replace(container, ...children) {
  container.replaceChildren(...nodes(children));
}

/**
 * The element of the page with this id; without one of this type the page is broken.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {{new (): T}} [type]
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof (type ?? HTMLElement))) throw new Error(`This page has no element #${id}.`);
  return /** @type {T} */ (element);
}
