// @ts-check
// What the pages of subscriptions and rules have in common: the state of the outbox, rows that open, logs, and fields.

import { get, Problem } from "./api.js";
import { groupValue, ONE_STORE, scopeFields } from "./delivery_request.js";
import { byId, h, note, replace, skeleton } from "./dom.js";
import { instant, many } from "./format.js";
import { announce, onPress, problemNote } from "./page.js";
import { more, table } from "./table.js";

/** @import { DeliveryMessage, GroupKinds, Outbox } from "../../api_types.d.ts" */
/** @import { Scope } from "./delivery_request.js" */
/** @import { Child } from "./dom.js" */
/** @import { Column } from "./table.js" */

/** @type {Column<{recipients: string[]}>} */
export const RECIPIENTS = {
  title: "Recipients",
  kind: "narrow-hide",
  cell: ({ recipients }) => recipients.map((recipient) => h("div", null, recipient)),
};

/**
 * Why nothing is sent, or something was not.
 *
 * @param {Outbox} outbox
 * @param {string[]} allowed
 */
export function outboxNotes(outbox, allowed) {
  return [
    !outbox.is_on && note("warn", "alert", "STORE_UPTIME_NOTIFICATIONS is off: nothing is sent."),
    outbox.is_paused &&
      note(
        "warn",
        "alert",
        h("strong", null, "Nothing is sent. "),
        `The outbox waits (${outbox.reason ?? "paused"}) until somebody triggers the DAG store_uptime_delivery with Go. ` +
          `${many(outbox.queued, "message")} would be sent.`,
      ),
    outbox.given_up > 0 &&
      note("bad", "alert", `${many(outbox.given_up, "message")} could not be sent for a day and were given up.`),
    !allowed.length && note("", "info", "Nobody may get anything here: STORE_UPTIME_ALLOW_RECIPIENTS names who may."),
  ];
}

/**
 * A table in which one row at a time is open: its name is a button, and `details` are below it.
 *
 * @template R
 * @param {object} options
 * @param {string} options.caption
 * @param {Column<R>[]} options.columns Without the one of the name.
 * @param {(row: R) => number} options.id
 * @param {(row: R) => string} options.name
 * @param {(row: R) => string} options.about A line below the name.
 * @param {(row: R) => Child} options.details
 * @param {Child} options.nothing In place of an empty table.
 */
export function openableTable({ caption, columns, id, name, about, details, nothing }) {
  const element = h("div");
  /** @type {R[]} */
  let rows = [];
  /** @type {number | null} */
  let opened = null;

  /** @type {Column<R>} */
  const nameColumn = {
    title: "Name",
    row: true,
    cell: (one) => [
      h(
        "button",
        {
          type: "button",
          class: "plain name",
          "data-row": id(one),
          "aria-expanded": String(opened === id(one)),
          onclick: () => open(opened === id(one) ? null : id(one), id(one)),
        },
        name(one),
      ),
      h("span", { class: "sub" }, about(one)),
    ],
  };

  function draw() {
    replace(
      element,
      rows.length
        ? table({
            caption,
            columns: [nameColumn, ...columns],
            rows,
            extra: (one, span) =>
              id(one) === opened && h("tr", { class: "opened" }, h("td", { colspan: span }, details(one))),
          })
        : nothing,
    );
  }

  /**
   * Opens a row, or closes all; the keyboard goes on at `focused`.
   *
   * @param {number | null} wanted
   * @param {number | null} focused
   */
  function open(wanted, focused) {
    opened = wanted;
    draw();
    /** @type {HTMLElement | null} */
    const button = element.querySelector(`button[data-row="${focused}"]`);
    button?.focus();
  }

  return {
    element,
    /**
     * @param {R[]} wanted
     * @param {number | null} [toOpen] Which row is open then; left out: the one that is.
     */
    show(wanted, toOpen) {
      rows = wanted;
      if (toOpen === undefined) draw();
      else open(toOpen, toOpen);
    },
  };
}

/**
 * A button that does `work`, and says so.
 *
 * @param {string} title
 * @param {Element} place For a problem.
 * @param {() => Promise<unknown>} work
 * @param {string} [kind] Its class.
 */
export function actionButton(title, place, work, kind) {
  return onPress(h("button", { type: "button", class: kind }, title), place, async () => {
    await work();
    announce(`${title}: done`);
  });
}

/**
 * A button that asks first. Airflow's frame forbids the browser's own question.
 *
 * @param {string} title
 * @param {string} question
 * @param {Element} place For a problem.
 * @param {() => Promise<unknown>} work
 */
export function askingButton(title, question, place, work) {
  const element = h("span", { class: "actions" });
  const first = h("button", { type: "button", onclick: () => ask() }, title);
  function ask() {
    const keep = h("button", { type: "button", onclick: () => keepIt() }, "Cancel");
    replace(element, h("span", { role: "alert" }, question), actionButton(title, place, work, "danger"), keep);
    keep.focus();
  }
  function keepIt() {
    replace(element, first);
    first.focus();
  }
  replace(element, first);
  return element;
}

/**
 * A log that grows: newest first, with a button for older lines.
 *
 * @template L
 * @param {object} options
 * @param {(cursor: string | null) => Promise<{lines: L[], next: string | null}>} options.fetch
 * @param {(line: L) => Child} options.line
 * @param {string} options.nothing
 */
export function growingLog({ fetch, line, nothing }) {
  const lines = h("ul", { class: "log" });
  const element = h("div", { class: "stack" }, skeleton(20, 20));
  /** @param {string | null} cursor */
  async function grow(cursor) {
    const page = await fetch(cursor);
    element.querySelector(".pager")?.remove();
    if (!cursor) replace(element, lines);
    if (!cursor && !page.lines.length) replace(element, h("p", { class: "muted" }, nothing));
    lines.append(...page.lines.map((one) => h("li", null, line(one))));
    if (page.next) element.append(more("Show more", () => again(page.next)));
  }
  /** @param {string | null} cursor */
  async function again(cursor) {
    try {
      await grow(cursor);
    } catch (problem) {
      element.append(problemNote(problem));
    }
  }
  return { element, start: () => grow(null) };
}

/**
 * What became of the message to each recipient.
 *
 * @param {DeliveryMessage[]} messages
 */
export function messageLines(messages) {
  return messages.map((message) =>
    h(
      "span",
      { class: "sub" },
      `${message.recipient}: `,
      message.sent_at ? `sent ${instant(message.sent_at, { seconds: true })}` : message.state.replace("_", " "),
      message.error && `; ${message.error}; tried ${many(message.attempts, "time")}`,
      message.state === "queued" && message.attempts > 0 && `; again ${instant(message.next_attempt_at)}`,
    ),
  );
}

/** @param {string[]} allowed */
export function showAllowed(allowed) {
  byId("recipients-hint").textContent = `Separated by commas or lines. Allowed: ${allowed.join(", ")}`;
}

/**
 * Fills the fields `by`, `group` and `store_id` with what is chosen, and once it is known, with what there is.
 *
 * @param {Scope & {by?: string}} chosen
 * @param {Element} problemPlace
 */
export async function fillScope(chosen, problemPlace) {
  fillScopeFrom([], chosen);
  try {
    /** @type {GroupKinds} */
    const { kinds } = await get("v1/kinds");
    const fields = /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ (
      ["by", "group", "store_id"].map((name) => byId(name))
    );
    const values = fields.map((field) => field.value); // what was chosen meanwhile stays
    fillScopeFrom(kinds, chosen);
    for (const [index, field] of fields.entries()) field.value = values[index];
    showStoreField();
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 409) replace(problemPlace, problemNote(problem));
    // 409: no days yet, so there are no groups
  }
}

/**
 * @param {GroupKinds["kinds"]} kinds
 * @param {Scope & {by?: string}} chosen
 */
function fillScopeFrom(kinds, { by = "store", ...scope }) {
  const { group, store_id: storeId } = scopeFields(scope);
  const [byField, groupField] = [byId("by", HTMLSelectElement), byId("group", HTMLSelectElement)];
  const names = ["store", "all", ...kinds.map((one) => one.kind)];
  replace(
    byField,
    [...names, !names.includes(by) && by].map(
      (kind) => kind && h("option", { value: kind }, kind === "all" ? "all stores together" : kind),
    ),
  );
  byField.value = by;
  replace(
    groupField,
    h("option", { value: "" }, "all"),
    h("option", { value: ONE_STORE }, "one store"),
    kinds.map((one) =>
      h(
        "optgroup",
        { label: one.kind },
        one.names.map(({ name }) => h("option", { value: groupValue(one.kind, name) }, name)),
      ),
    ),
  );
  if (![...groupField.options].some((option) => option.value === group)) {
    groupField.append(h("option", { value: group }, `${scope.group_kind} ${scope.group_name}`));
  }
  groupField.value = group;
  byId("store_id", HTMLInputElement).value = storeId;
  showStoreField();
}

/** The id of a store is asked for where one store is chosen. */
export function showStoreField() {
  byId("store-field").hidden = byId("group", HTMLSelectElement).value !== ONE_STORE;
}
