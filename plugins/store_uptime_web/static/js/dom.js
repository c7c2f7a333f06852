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

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An HTML element: h("p", {class: "muted"}, "text", child, …); null and false are left out. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** A decorative icon; the words beside it carry the meaning. */
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

export function chip(kind, iconName, text, title) {
  return h("span", { class: `chip ${kind}`, title }, icon(iconName, iconName === "turning" ? "spins" : ""), text);
}

export function note(kind, iconName, ...children) {
  return h("div", { class: `note ${kind}`, role: kind === "bad" ? "alert" : null }, icon(iconName), h("div", null, ...children));
}

export function empty(title, text, action) {
  return h("div", { class: "empty" }, icon("empty"), h("strong", null, title), text, action && h("div", null, action));
}

/** Grey bars in place of what is being loaded. */
export function skeleton(...heights) {
  return heights.map((height) => {
    const bar = h("span", { class: "skeleton", "aria-hidden": "true" });
    bar.style.height = `${height}px`;
    return bar;
  });
}

export function replace(container, ...children) {
  container.replaceChildren(...children.flat(Infinity).filter(Boolean));
}

export function byId(id) {
  return document.getElementById(id);
}
