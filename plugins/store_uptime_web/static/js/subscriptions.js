// @ts-check
// Subscriptions: who gets what and when, what became of it, and a form for a new one.

import { get, patch, post, remove } from "./api.js";
import { byId, chip, empty, h, icon, note, replace, skeleton } from "./dom.js";
import { formMistakes } from "./form_mistakes.js";
import { ago, bytes, count, instant, many, ZONE } from "./format.js";
import { announce, load, onPress, problemNote } from "./page.js";
import { FIELDS, fieldOf, groupValue, subscriptionOf, templateOf } from "./subscription_request.js";
import { more, table } from "./table.js";

/** @import { Delivery, DeliveryPage, GroupKinds, LastDelivery, Preview, Subscription } from "../../api_types.d.ts" */
/** @import { Subscriptions, Template } from "../../api_types.d.ts" */
/** @import { IconName } from "./dom.js" */
/** @import { Column } from "./table.js" */

const content = byId("content");
const dialog = byId("editor", HTMLDialogElement);
const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
const problemPlace = byId("editor-problem");
const mistakes = formMistakes(form, problemPlace, FIELDS, fieldOf);
const list = h("div");
/** @type {Subscriptions | null} */
let shown = null;
/** @type {number | null} */
let opened = null;

/** @type {Record<string, string>} */
const SENT_WHEN = { always: "", breach: ", on a breach", change: ", on a change" };

/** @type {Column<Subscription>[]} */
const COLUMNS = [
  {
    title: "Name",
    row: true,
    cell: (one) => [
      h(
        "button",
        { type: "button", class: "plain", "aria-expanded": opened === one.subscription_id, onclick: () => open(one) },
        one.name,
      ),
      h("span", { class: "sub" }, `${one.template_name} of the previous ${one.period}${SENT_WHEN[one.send_when]}`),
    ],
  },
  {
    title: "Recipients",
    kind: "narrow-hide",
    cell: (one) => one.recipients.map((recipient) => h("div", null, recipient)),
  },
  {
    title: "Next",
    kind: "when narrow-hide",
    cell: (one) =>
      one.is_paused
        ? chip("", "dash", "paused")
        : [
            one.next_due_at ? instant(one.next_due_at) : "never",
            h("span", { class: "sub" }, `${one.cron}, ${one.timezone}`),
          ],
  },
  { title: "Last", cell: (one) => (one.last ? lastChip(one.last) : h("span", { class: "muted" }, "–")) },
];

/** @param {LastDelivery} last */
function lastChip(last) {
  const [kind, iconName, word] = stateOf(last.state, last.messages, last.sent, last.given_up);
  return [chip(kind, iconName, word), h("span", { class: "sub", title: last.reason }, last.period)];
}

/**
 * @param {Delivery["state"]} state
 * @param {number} messages
 * @param {number} sent
 * @param {number} givenUp
 * @returns {[string, IconName, string]}
 */
function stateOf(state, messages, sent, givenUp) {
  if (state === "waiting") return ["live", "clock", "waits"];
  if (state === "skipped") return ["", "dash", "not needed"];
  if (state === "failed") return ["bad", "cross", "failed"];
  if (givenUp) return ["bad", "cross", `${count(givenUp)} given up`];
  if (sent < messages) return ["live", "turning", `${count(sent)} of ${count(messages)} sent`];
  return ["good", "check", "sent"];
}

/** @param {Subscription} one */
function open(one) {
  opened = opened === one.subscription_id ? null : one.subscription_id;
  show();
}

/** @param {Subscription} one */
function details(one) {
  const path = `v1/subscriptions/${one.subscription_id}`;
  const place = h("div", { class: "stack" }, skeleton(20, 20));
  const log = h("div");
  const buttons = shown?.may.change && [
    button(one.is_paused ? "Resume" : "Pause", place, () => patch(path, { is_paused: !one.is_paused })),
    button(one.test_requested_at ? "Test is on its way" : "Send a test", place, () => post(`${path}/test`)),
    button("Delete", place, async () => {
      if (!window.confirm(`Delete ${one.name}, with its log?`)) return;
      await remove(path);
      opened = null;
    }),
  ];
  load(place, null, async () => {
    /** @type {Preview} */
    const preview = await get(`${path}/preview`);
    replace(
      place,
      h("p", { class: "muted" }, `Changed by ${one.changed_by} ${ago(one.changed_at)}. A message now would be:`),
      h("pre", { class: "message" }, preview.text),
      preview.files.length > 0 &&
        h(
          "p",
          null,
          preview.files.map((file) => h("span", { class: "sub" }, `${file.name}, ${bytes(file.bytes)}`)),
        ),
      buttons && h("p", { class: "actions" }, buttons),
      h("h3", null, "Deliveries"),
      log,
    );
    await showLog(path, log, null);
  });
  return place;
}

/**
 * @param {string} title
 * @param {Element} place
 * @param {() => Promise<unknown>} work
 */
function button(title, place, work) {
  return onPress(h("button", { type: "button" }, title), place, async () => {
    await work();
    await refresh();
    announce(`${title}: done`);
  });
}

/**
 * Shows a page of the log below what is shown of it.
 *
 * @param {string} path
 * @param {Element} place
 * @param {string | null} cursor
 */
async function showLog(path, place, cursor) {
  /** @type {DeliveryPage} */
  const page = await get(`${path}/deliveries`, { cursor });
  if (!cursor && !page.deliveries.length) {
    replace(place, h("p", { class: "muted" }, "Nothing was due yet."));
    return;
  }
  place.querySelector(".more")?.remove();
  place.append(
    h(
      "ul",
      { class: "log" },
      page.deliveries.map((one) => h("li", null, deliveryLine(one))),
    ),
  );
  if (page.next)
    place.append(
      h(
        "div",
        { class: "more" },
        more("Show more", () => showLog(path, place, page.next)),
      ),
    );
}

/** @param {Delivery} one */
function deliveryLine(one) {
  const sent = one.messages.filter((message) => message.state === "sent").length;
  const givenUp = one.messages.filter((message) => message.state === "given_up").length;
  const [kind, iconName, word] = stateOf(one.state, one.messages.length, sent, givenUp);
  return [
    chip(kind, iconName, word),
    ` ${one.period}${one.is_provisional ? ", provisional" : ""}, due ${instant(one.due_at)}`,
    one.reason && h("span", { class: "sub" }, one.reason),
    one.messages.map((message) =>
      h(
        "span",
        { class: "sub" },
        `${message.recipient}: `,
        message.sent_at ? `sent ${instant(message.sent_at, { seconds: true })}` : message.state.replace("_", " "),
        message.error && `; ${message.error}; tried ${many(message.attempts, "time")}`,
        message.state === "queued" && message.attempts > 0 && `; again ${instant(message.next_attempt_at)}`,
      ),
    ),
  ];
}

function show() {
  if (!shown) return;
  const { outbox, subscriptions, allowed, may } = shown;
  byId("new-subscription").hidden = !may.change || !allowed.length;
  replace(
    byId("outbox"),
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
  );
  replace(
    list,
    subscriptions.length
      ? table({
          caption: "Subscriptions by name",
          columns: COLUMNS,
          rows: subscriptions,
          extra: (one, span) =>
            one.subscription_id === opened && h("tr", null, h("td", { colspan: span }, details(one))),
        })
      : empty("No subscription yet", "A subscription sends figures regularly, by mail or to a program."),
  );
}

async function refresh() {
  shown = await get("v1/subscriptions");
  show();
}

// The form --------------------------------------------------------------------------------------------------------

async function fillForm() {
  byId("timezone", HTMLInputElement).value ||= ZONE;
  byId("recipients-hint").textContent = `Separated by commas or lines. Allowed: ${shown?.allowed.join(", ")}.`;
  /** @type {GroupKinds} */
  const { kinds } = await get("v1/kinds");
  replace(
    byId("by"),
    ["store", "all", ...kinds.map((one) => one.kind)].map((kind) =>
      h("option", { value: kind }, kind === "all" ? "all stores together" : kind),
    ),
  );
  replace(
    byId("group"),
    h("option", { value: "" }, "all"),
    kinds.map((one) =>
      h(
        "optgroup",
        { label: one.kind },
        one.names.map((group) => h("option", { value: groupValue(one.kind, group.name) }, group.name)),
      ),
    ),
  );
}

function save() {
  const data = new FormData(form);
  /** @param {string} name */
  const values = (name) => data.getAll(name).map(String);
  return mistakes.submit(byId("editor-save", HTMLButtonElement), async () => {
    /** @type {Template} */
    const template = await post("v1/templates", templateOf(values));
    try {
      await post("v1/subscriptions", subscriptionOf(values, template.template_id));
    } catch (problem) {
      await remove(`v1/templates/${template.template_id}`);
      throw problem;
    }
    dialog.close();
    form.reset();
    await refresh();
    announce("The subscription is saved");
  });
}

byId("new-subscription").prepend(icon("plus"));
byId("new-subscription").addEventListener("click", async () => {
  mistakes.clear();
  dialog.showModal();
  try {
    await fillForm();
  } catch (problem) {
    replace(problemPlace, problemNote(problem));
  }
});
byId("editor-close").addEventListener("click", () => dialog.close());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});

const card = h("section", { class: "card flush" }, h("header", null, h("h2", null, "By name")), list);
load(content, h("div", { class: "card stack" }, skeleton(34, 28, 28, 28)), async () => {
  shown = await get("v1/subscriptions");
  replace(content, card);
  show();
});
