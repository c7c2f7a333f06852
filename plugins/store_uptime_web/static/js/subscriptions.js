// @ts-check
// Subscriptions and templates: who gets what and when, what became of it, and a form for both.

import { get, patch, post, remove } from "./api.js";
import {
  actionButton,
  askingButton,
  fillScope,
  growingLog,
  messageLines,
  openableTable,
  outboxNotes,
  RECIPIENTS,
  showAllowed,
  showStoreField,
} from "./delivery_page.js";
import { scopeText } from "./delivery_request.js";
import { byId, chip, empty, h, icon, replace, skeleton } from "./dom.js";
import { formMistakes } from "./form_mistakes.js";
import { ago, bytes, count, instant, many, ZONE } from "./format.js";
import { announce, load } from "./page.js";
import { FIELDS, fieldOf, subscriptionOf, templateOf } from "./subscription_request.js";

/** @import { Delivery, DeliveryPage, LastDelivery, Preview, Subscription } from "../../api_types.d.ts" */
/** @import { Subscriptions, Template, Templates } from "../../api_types.d.ts" */
/** @import { IconName } from "./dom.js" */

const content = byId("content");
const dialog = byId("editor", HTMLDialogElement);
const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
const problemPlace = byId("editor-problem");
const newButton = byId("new-subscription", HTMLButtonElement);
const newTemplateButton = h("button", { type: "button", hidden: true, onclick: () => edit({ template: null }) });
const templateField = byId("template_id", HTMLSelectElement);
const mistakes = formMistakes(form, problemPlace, FIELDS, fieldOf);
/** @type {Subscriptions | null} */
let shown = null;
/** @type {Template[]} */
let templates = [];
/** What the form changes; null: something new. @typedef {{subscription: Subscription | null} | {template: Template | null}} Edited */
/** @type {Edited} */
let edited = { subscription: null };

/** @type {Record<string, string>} */
const SENT_WHEN = { always: "", breach: ", on a breach", change: ", on a change" };
/** @type {Record<string, string>} */
const ANSWERS = {
  availability: "Availability",
  outages: "Outages",
  breaches: "Breached targets",
  report: "Report",
};

const list = openableTable({
  caption: "Subscriptions by name",
  id: (/** @type {Subscription} */ one) => one.subscription_id,
  name: (one) => one.name,
  about: (one) => `${one.template_name}, of the previous ${one.period}${SENT_WHEN[one.send_when]}`,
  details,
  nothing: empty("No subscription yet", "A subscription sends figures regularly, by mail or to a program."),
  columns: [
    RECIPIENTS,
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
  ],
});

const templateList = openableTable({
  caption: "Templates by name",
  id: (/** @type {Template} */ one) => one.template_id,
  name: (one) => one.name,
  about: (one) => `${ANSWERS[one.answer]} ${one.answer === "report" ? "" : `by ${one.by} `}of ${scopeText(one)}`,
  details: templateDetails,
  nothing: empty("No template yet", "A template says what is sent, and in which formats."),
  columns: [
    { title: "Formats", kind: "narrow-hide", cell: (one) => one.formats.join(", ") },
    { title: "Sent by", cell: (one) => many(one.subscriptions, "subscription") },
  ],
});

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
function details(one) {
  const path = `v1/subscriptions/${one.subscription_id}`;
  const place = h("div", { class: "stack" });
  const preview = h("div", { class: "stack" }, skeleton(20, 20));
  const log = growingLog({
    nothing: "Nothing was due yet.",
    fetch: async (cursor) => {
      /** @type {DeliveryPage} */
      const { deliveries, next } = await get(`${path}/deliveries`, { cursor });
      return { lines: deliveries, next };
    },
    line: deliveryLine,
  });
  /** @param {() => Promise<unknown>} work */
  const andRefresh = (work) => async () => {
    await work();
    await refresh({ subscription: one.subscription_id });
  };
  const template = templates.find((found) => found.template_id === one.template_id);
  replace(
    place,
    shown?.may.change &&
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", onclick: () => edit({ subscription: one }) }, "Edit"),
        template && h("button", { type: "button", onclick: () => edit({ template }) }, "Edit template"),
        actionButton(
          one.is_paused ? "Resume" : "Pause",
          place,
          andRefresh(() => patch(path, { is_paused: !one.is_paused })),
        ),
        actionButton(
          one.test_requested_at ? "Test is on its way" : "Send a test",
          place,
          andRefresh(() => post(`${path}/test`)),
        ),
        askingButton("Delete", `Delete ${one.name}, with its log?`, place, async () => {
          await remove(path);
          await refresh({ subscription: null });
          newButton.focus();
        }),
      ),
    h("p", { class: "muted" }, `Changed by ${one.changed_by} ${ago(one.changed_at)}. A message now would be:`),
    preview,
    h("h3", null, "Deliveries"),
    log.element,
  );
  load(preview, null, async () => {
    /** @type {Preview} */
    const found = await get(`${path}/preview`);
    replace(
      preview,
      h("pre", { class: "message" }, found.text),
      found.files.length > 0 &&
        h(
          "p",
          null,
          found.files.map((file) => h("span", { class: "sub" }, `${file.name}, ${bytes(file.bytes)}`)),
        ),
    );
    await load(log.element, null, log.start);
  });
  return place;
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
    messageLines(one.messages),
  ];
}

/** @param {Template} one */
function templateDetails(one) {
  const place = h("div", { class: "stack" });
  const rows = one.period === "range" ? "the whole period" : `each ${one.period}`;
  const sentence = `Rows are about ${rows}. Columns: ${one.columns?.join(", ") ?? "all"}.`;
  replace(
    place,
    h(
      "p",
      { class: "muted" },
      `${one.answer === "report" ? "" : `${sentence} `}Changed by ${one.changed_by} ${ago(one.changed_at)}.`,
    ),
    shown?.may.change &&
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", onclick: () => edit({ template: one }) }, "Edit"),
        one.subscriptions === 0 &&
          askingButton("Delete", `Delete ${one.name}?`, place, async () => {
            await remove(`v1/templates/${one.template_id}`);
            await refresh({ template: null });
            newTemplateButton.focus();
          }),
      ),
  );
  return place;
}

/**
 * What there is now, with one row open; left out: the one that is.
 *
 * @param {{subscription?: number | null, template?: number | null}} [opened]
 */
async function refresh({ subscription, template } = {}) {
  /** @type {[Subscriptions, Templates]} */
  const [found, all] = await Promise.all([get("v1/subscriptions"), get("v1/templates")]);
  shown = found;
  templates = all.templates;
  newButton.hidden = !shown.may.change || !shown.allowed.length;
  newTemplateButton.hidden = !shown.may.change;
  replace(byId("outbox"), outboxNotes(shown.outbox, shown.allowed));
  templateList.show(templates, template);
  list.show(shown.subscriptions, subscription);
}

// The form --------------------------------------------------------------------------------------------------------

/** Of a subscription what is sent is asked for only with a new template; of a template only that. */
function showParts() {
  const isTemplate = "template" in edited;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-part]"))) {
    part.hidden = part.dataset.part === "subscription" ? isTemplate : !isTemplate && templateField.value !== "";
  }
  if (!isTemplate && templateField.value !== "") return;
  const isReport = byId("answer", HTMLSelectElement).value === "report";
  for (const name of ["by", "rows"]) byId(name).closest(".field")?.toggleAttribute("hidden", isReport);
  showStoreField();
}

/** @param {Edited} what */
async function edit(what) {
  edited = what;
  form.reset();
  mistakes.clear();
  const one = "template" in what ? what.template : what.subscription;
  const noun = "template" in what ? "template" : "subscription";
  byId("editor-title").textContent = `${one ? "Edit" : "New"} ${noun}`;
  byId("name-hint").hidden = noun === "template";
  byId("name", HTMLInputElement).value = one?.name ?? "";
  byId("timezone", HTMLInputElement).value = ZONE;
  showAllowed(shown?.allowed ?? []);
  replace(
    templateField,
    h("option", { value: "" }, "New template, as below"),
    templates.map((found) => h("option", { value: found.template_id }, found.name)),
  );
  if ("subscription" in what && what.subscription) fillSubscription(what.subscription);
  if ("template" in what && what.template) fillTemplate(what.template);
  showParts();
  dialog.showModal();
  await fillScope(("template" in what && what.template) || {}, problemPlace);
  showParts();
}

/** @param {Subscription} one */
function fillSubscription(one) {
  byId("recipients", HTMLTextAreaElement).value = one.recipients.join("\n");
  templateField.value = String(one.template_id);
  for (const name of /** @type {const} */ (["cron", "timezone", "wait_hours"])) {
    byId(name, HTMLInputElement).value = String(one[name]);
  }
  for (const name of /** @type {const} */ (["period", "send_when"])) byId(name, HTMLSelectElement).value = one[name];
}

/** @param {Template} one */
function fillTemplate(one) {
  byId("answer", HTMLSelectElement).value = one.answer;
  byId("rows", HTMLSelectElement).value = one.period;
  byId("columns", HTMLInputElement).value = one.columns?.join(", ") ?? "";
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll('input[name="formats"]'))) {
    box.checked = one.formats.some((format) => format === box.value);
  }
}

function save() {
  const data = new FormData(form);
  /** @param {string} name */
  const values = (name) => data.getAll(name).map(String);
  return mistakes.submit(byId("editor-save", HTMLButtonElement), async () => {
    if ("template" in edited) await saveTemplate(edited.template, values);
    else await saveSubscription(edited.subscription, values);
  });
}

/**
 * @param {Template | null} one
 * @param {(name: string) => string[]} values
 */
async function saveTemplate(one, values) {
  const body = templateOf(values);
  /** @type {Template} */
  const saved = one ? await patch(`v1/templates/${one.template_id}`, body) : await post("v1/templates", body);
  dialog.close();
  await refresh({ subscription: null, template: saved.template_id });
  announce("The template is saved");
}

/**
 * @param {Subscription | null} one
 * @param {(name: string) => string[]} values
 */
async function saveSubscription(one, values) {
  const chosen = Number(templateField.value);
  /** @type {Template | null} */
  const made = chosen ? null : await post("v1/templates", templateOf(values));
  const body = subscriptionOf(values, made?.template_id ?? chosen);
  /** @type {Subscription} */
  let saved;
  try {
    saved = one ? await patch(`v1/subscriptions/${one.subscription_id}`, body) : await post("v1/subscriptions", body);
  } catch (problem) {
    if (made) await remove(`v1/templates/${made.template_id}`);
    throw problem;
  }
  dialog.close();
  await refresh({ subscription: saved.subscription_id });
  announce("The subscription is saved");
}

newButton.prepend(icon("plus"));
newButton.addEventListener("click", () => edit({ subscription: null }));
newTemplateButton.append(icon("plus"), "New template");
byId("editor-close").addEventListener("click", () => dialog.close());
for (const name of ["template_id", "answer", "group"]) byId(name).addEventListener("change", showParts);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});

const cards = [
  h("section", { class: "card flush" }, h("header", null, h("h2", null, "By name")), list.element),
  h(
    "section",
    { class: "card flush" },
    h("header", null, h("h2", null, "Templates"), newTemplateButton),
    templateList.element,
  ),
];
load(content, h("div", { class: "card stack" }, skeleton(34, 28, 28, 28)), async () => {
  await refresh();
  replace(content, h("div", { class: "stack" }, cards));
});
