// @ts-check
// Rules of notifications: which events are told to whom, what became of them, and a form for a rule.

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
import { byId, chip, empty, h, icon, note, replace, skeleton } from "./dom.js";
import { formMistakes } from "./form_mistakes.js";
import { ago, instant, many, ZONE } from "./format.js";
import { announce, load } from "./page.js";
import { FIELDS, fieldOf, NUMBERS, ruleOf } from "./rule_request.js";
import { EVENTS, eventsText, sentences, toldState } from "./rule_text.js";

/** @import { Notice, NoticePage, Rule, Rules } from "../../api_types.d.ts" */
/** @import { EventName } from "./rule_text.js" */

/** @typedef {Required<Rule>} Shown An answer has all fields. */

const content = byId("content");
const dialog = byId("editor", HTMLDialogElement);
const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
const problemPlace = byId("editor-problem");
const newButton = byId("new-rule", HTMLButtonElement);
const mistakes = formMistakes(form, problemPlace, FIELDS, fieldOf);
/** @type {Rules | null} */
let shown = null;
/** The rule that the form changes; null: a new one. @type {Shown | null} */
let edited = null;

const list = openableTable({
  caption: "Rules by name",
  id: (/** @type {Shown} */ one) => one.rule_id,
  name: (one) => one.name,
  about: (one) => `${scopeText(one)}: ${eventsText(one.events)}`,
  details,
  nothing: empty("No rule yet", "A rule tells people or programs what happens to stores, as soon as it is known."),
  columns: [
    RECIPIENTS,
    {
      title: "Last told",
      kind: "when narrow-hide",
      cell: (one) => (one.last_told_at ? instant(one.last_told_at) : h("span", { class: "muted" }, "–")),
    },
    { title: "State", cell: state },
  ],
});

/** @param {Shown} one */
function state(one) {
  if (one.is_paused) return chip("", "dash", "paused");
  if (one.held_back) return chip("live", "clock", `${many(one.held_back.events, "event")} held back`);
  return chip("good", "check", "watches");
}

/** @param {Shown} one */
function details(one) {
  const path = `v1/rules/${one.rule_id}`;
  const place = h("div", { class: "stack" });
  const log = growingLog({
    nothing: "Nothing has happened yet.",
    fetch: async (cursor) => {
      /** @type {NoticePage} */
      const { notices, next } = await get(`${path}/notices`, { cursor });
      return { lines: notices, next };
    },
    line: noticeLine,
  });
  const again = () => refresh(one.rule_id);
  replace(
    place,
    h(
      "div",
      null,
      h("p", { class: "muted" }, `Changed by ${one.changed_by} ${ago(one.changed_at)}.`),
      h(
        "ul",
        null,
        sentences(one).map((sentence) => h("li", null, sentence)),
      ),
    ),
    one.held_back &&
      note(
        "",
        "clock",
        `${many(one.held_back.events, "event")} held back since ${instant(one.held_back.since)}: `,
        `${one.held_back.reason ?? "told when the DAG store_uptime_delivery runs next"}.`,
      ),
    shown?.may.change &&
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", onclick: () => edit(one) }, "Edit"),
        actionButton(one.is_paused ? "Resume" : "Pause", place, async () => {
          await patch(path, { is_paused: !one.is_paused });
          await again();
        }),
        askingButton("Delete", `Delete ${one.name}, with its log?`, place, async () => {
          await remove(path);
          await refresh(null);
          newButton.focus();
        }),
      ),
    h("h3", null, "Log"),
    log.element,
  );
  load(log.element, null, log.start);
  return place;
}

/** @param {Notice} one */
function noticeLine(one) {
  const [kind, iconName, word] = toldState(one);
  return [
    chip(kind, iconName, word),
    ` ${one.line}`,
    h(
      "span",
      { class: "sub" },
      `${EVENTS[one.event]}, noticed ${instant(one.noticed_at)}`,
      one.told_at && `, told ${instant(one.told_at)}`,
    ),
    isShared(one) && h("span", { class: "sub" }, `In “${one.subject}”`),
    messageLines(one.messages),
  ];
}

/**
 * Whether the message tells of other events too.
 *
 * @param {Notice} one
 */
function isShared({ subject, line }) {
  return subject !== null && !subject.endsWith(line.replace(/\.$/, ""));
}

/** @param {number | null} opened Which rule is open afterwards. */
async function refresh(opened) {
  shown = await get("v1/rules");
  show(opened);
}

/** @param {number | null} [opened] */
function show(opened) {
  if (!shown) return;
  newButton.hidden = !shown.may.change || !shown.allowed.length;
  replace(byId("outbox"), outboxNotes(shown.outbox, shown.allowed));
  list.show(/** @type {Shown[]} */ (shown.rules), opened);
}

// The form --------------------------------------------------------------------------------------------------------

/** @param {Shown | null} one */
async function edit(one) {
  edited = one;
  form.reset();
  mistakes.clear();
  byId("editor-title").textContent = one ? "Edit rule" : "New rule";
  for (const details of form.querySelectorAll("details")) details.open = false;
  dialog.showModal();
  showAllowed(shown?.allowed ?? []);
  byId("timezone", HTMLInputElement).value = one?.timezone ?? ZONE;
  if (one) {
    for (const name of ["name", ...NUMBERS]) {
      byId(name, HTMLInputElement).value = String(one[/** @type {keyof Shown} */ (name)]);
    }
    for (const name of /** @type {const} */ (["quiet_from", "quiet_until"])) {
      byId(name, HTMLInputElement).value = one[name] ?? "";
    }
    byId("recipients", HTMLTextAreaElement).value = one.recipients.join("\n");
    for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll('input[name="events"]'))) {
      box.checked = one.events.includes(/** @type {EventName} */ (box.value));
    }
  }
  await fillScope(one ?? { by: "all" }, problemPlace);
}

function save() {
  const data = new FormData(form);
  const body = ruleOf((name) => data.getAll(name).map(String));
  return mistakes.submit(byId("editor-save", HTMLButtonElement), async () => {
    /** @type {Rule} */
    const saved = edited ? await patch(`v1/rules/${edited.rule_id}`, body) : await post("v1/rules", body);
    dialog.close();
    await refresh(saved.rule_id);
    announce("The rule is saved");
  });
}

newButton.prepend(icon("plus"));
newButton.addEventListener("click", () => edit(null));
byId("editor-close").addEventListener("click", () => dialog.close());
byId("group").addEventListener("change", showStoreField);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});

const card = h("section", { class: "card flush" }, h("header", null, h("h2", null, "By name")), list.element);
load(content, h("div", { class: "card stack" }, skeleton(34, 28, 28, 28)), async () => {
  shown = await get("v1/rules");
  replace(content, card);
  show();
});
