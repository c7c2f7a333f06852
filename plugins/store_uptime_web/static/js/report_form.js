// @ts-check
// The form that requests a report.

import { post } from "./api.js";
import { byId, icon } from "./dom.js";
import { formMistakes } from "./form_mistakes.js";
import { ZONE, zoneLabel } from "./format.js";
import { FIELDS, fieldOf, randomKey, requestOf } from "./report_request.js";
import { reportPage } from "./urls.js";

const dialog = byId("trigger", HTMLDialogElement);
const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
const mistakes = formMistakes(form, byId("trigger-problem"), FIELDS, fieldOf);
let idempotencyKey = randomKey();

byId("as_of-zone").textContent = ZONE === "UTC" ? "UTC" : `${ZONE} (${zoneLabel()})`;
byId("trigger-close").addEventListener("click", () => dialog.close());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
form.addEventListener("input", () => {
  idempotencyKey = randomKey(); // another form is another report; the same one, sent twice, is not
});

/**
 * Lets `button` open the form.
 *
 * @param {HTMLElement} button
 */
export function openFormBy(button) {
  button.prepend(icon("plus"));
  button.addEventListener("click", () => {
    idempotencyKey = randomKey();
    mistakes.clear();
    dialog.showModal();
  });
}

function start() {
  const values = new FormData(form);
  return mistakes.submit(byId("trigger-start", HTMLButtonElement), async () => {
    const body = requestOf((name) => String(values.get(name) ?? ""));
    const { report_id: reportId } = await post("trigger_report", body, { "Idempotency-Key": idempotencyKey });
    window.location.href = reportPage(reportId);
  });
}
