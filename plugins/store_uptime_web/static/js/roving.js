// @ts-check
// Many links that are one tab stop: arrows go from one to the next, as in a toolbar, or in a grid of several columns.

/** @type {[string, (index: number, count: number, columns: number) => number][]} */
const KEYS = [
  ["ArrowLeft", (index) => Math.max(0, index - 1)],
  ["ArrowRight", (index, count) => Math.min(count - 1, index + 1)],
  ["ArrowUp", (index, _, columns) => (index - columns < 0 ? index : index - columns)],
  ["ArrowDown", (index, count, columns) => (index + columns < count ? index + columns : index)],
  ["Home", () => 0],
  ["End", (_, count) => count - 1],
];
const MOVES = new Map(KEYS);
/** @type {Record<string, string>} */
const TRANSPOSED = { ArrowLeft: "ArrowUp", ArrowUp: "ArrowLeft", ArrowRight: "ArrowDown", ArrowDown: "ArrowRight" };

/**
 * Which of `count` links a key leads to from the one at `index`; null for other keys.
 *
 * @param {string} key
 * @param {number} index
 * @param {number} count
 * @param {number} [columns] Of a grid; 0: a row, in which only keys across move.
 */
export function moved(key, index, count, columns = 0) {
  if (!columns && (key === "ArrowUp" || key === "ArrowDown")) return null;
  return MOVES.get(key)?.(index, count, columns) ?? null;
}

/**
 * Makes `links` one tab stop, first at the one at `start`, then where the focus was last.
 *
 * @param {(HTMLElement | SVGElement)[]} links
 * @param {number} start
 * @param {{columns?: number, isTransposed?: boolean}} [options] Of a grid its columns; transposed, the links go down a
 *   column, and so many to the next one.
 */
export function rove(links, start, { columns = 0, isTransposed = false } = {}) {
  /** @param {number} stop */
  const show = (stop) => {
    for (const [index, link] of links.entries()) link.setAttribute("tabindex", index === stop ? "0" : "-1");
  };
  show(start);
  for (const [index, link] of links.entries()) {
    link.addEventListener("focus", () => show(index));
    link.addEventListener("keydown", (event) => {
      const { key, altKey, ctrlKey, metaKey } = /** @type {KeyboardEvent} */ (event);
      const next =
        altKey || ctrlKey || metaKey
          ? null
          : moved(isTransposed ? (TRANSPOSED[key] ?? key) : key, index, links.length, columns);
      if (next === null) return;
      event.preventDefault();
      links[next].focus();
    });
  }
}
