// @ts-check
// What pages with a list of some dates have in common: fields for the dates, and a list that follows what is chosen.

import { byId, h } from "./dom.js";
import { SIZES } from "./list_state.js";
import { load, remember } from "./page.js";
import { goToTable, pager, pageSizes } from "./table.js";

/** @import { Dates } from "./dates.js" */
/** @import { ListState } from "./list_state.js" */
/** @import { Parameters } from "./urls.js" */

/**
 * Fields for the first and the last date; `show` writes the dates that are asked about into them.
 *
 * @param {() => Dates} dates
 * @param {(chosen: Dates) => unknown} choose
 */
export function dateRange(dates, choose) {
  /**
   * @param {string} label
   * @param {"from" | "until"} field
   */
  function dateField(label, field) {
    /** @type {HTMLInputElement} */
    const input = h("input", {
      type: "date",
      "aria-label": label,
      onchange: () => {
        const wanted = { ...dates(), [field]: input.value };
        const isOrdered = wanted.from <= wanted.until;
        input.setCustomValidity(isOrdered ? "" : "The last date is before the first one.");
        if (!input.reportValidity() || !input.value) return;
        until.setCustomValidity("");
        from.setCustomValidity("");
        choose({ from: wanted.from, until: wanted.until });
      },
    });
    return input;
  }
  const from = dateField("First date", "from");
  const until = dateField("Last date", "until");
  const show = () => Object.assign(from, { value: dates().from }) && Object.assign(until, { value: dates().until });
  return { element: h("span", { class: "range" }, from, "to", until), show };
}

/**
 * A list that is fetched again when what is chosen changes: of several requests the last one counts.
 *
 * @template {ListState} S
 * @template A
 * @param {object} list
 * @param {Element} list.content Where a problem is shown.
 * @param {S} list.state
 * @param {(state: S) => Parameters} list.remembered For the page's address.
 * @param {Element[]} list.busy What is out of date while a request runs.
 * @param {() => unknown} list.before Shows what is chosen.
 * @param {(signal: AbortSignal) => Promise<A>} list.fetch
 * @param {(answer: A) => unknown} list.show
 */
export function datedList({ content, state, remembered, busy, before, fetch, show }) {
  /** @type {AbortController | null} */
  let pending = null;

  async function refresh() {
    pending?.abort();
    pending = new AbortController();
    const { signal } = pending;
    before();
    for (const element of busy) element.classList.add("busy");
    await load(content, null, async () => {
      try {
        show(await fetch(signal));
      } catch (problem) {
        if (!(problem instanceof Error && problem.name === "AbortError")) throw problem;
        return;
      }
      for (const element of busy) element.classList.remove("busy");
    });
  }

  /**
   * @param {Partial<S>} changes
   * @param {{isStep?: boolean}} [options] Whether the browser's Back leads to what is shown now.
   */
  async function again(changes, { isStep = false } = {}) {
    Object.assign(state, { cursor: null, row: 0 }, changes);
    remember(remembered(state), { isStep });
    await refresh();
  }

  return { refresh, again };
}

/**
 * The pager of such a list, whose table is in the section `id`.
 *
 * @param {ListState} state
 * @param {{previous?: string | null, next: string | null}} page
 * @param {number} shown Rows on it.
 * @param {number} total
 * @param {string} noun
 * @param {(changes: Partial<ListState>, options?: {isStep?: boolean}) => Promise<void>} again
 * @param {string} id
 */
export function listPager(state, page, shown, total, noun, again, id) {
  /**
   * @param {string | null | undefined} cursor
   * @param {number} row
   */
  const turn = (cursor, row) =>
    cursor
      ? async () => {
          await again({ cursor, row: Math.max(0, row) }, { isStep: true });
          goToTable(byId(id));
        }
      : null;
  return pager({
    from: state.row,
    shown,
    total,
    noun,
    previous: turn(page.previous, state.row - state.limit),
    next: turn(page.next, state.row + shown),
    sizes: pageSizes(SIZES, state.limit, (limit) => again({ limit })),
  });
}
