// @ts-check
// The form that requests a report.

import { Problem, post } from "./api.js";
import { byId, h, icon, replace } from "./dom.js";
import { ZONE, zoneLabel } from "./format.js";
import { problemNote } from "./page.js";
import { FIELDS, fieldOf, randomKey, requestOf } from "./report_request.js";
import { reportPage } from "./urls.js";

/** @import { FieldError } from "../../api_types.d.ts" */

const dialog = byId("trigger", HTMLDialogElement);
const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
const problemPlace = byId("trigger-problem");
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
    showMistakes([]);
    replace(problemPlace);
    dialog.showModal();
  });
}

/**
 * Shows each error beside its field, and returns those of no field.
 *
 * @param {FieldError[]} errors
 */
function showMistakes(errors) {
  const elsewhere = [];
  for (const name of FIELDS) byId(`${name}-mistake`).hidden = true;
  for (const input of form.elements) input.removeAttribute("aria-invalid");
  for (const { field, message } of errors) {
    const name = fieldOf(field);
    if (!name) {
      elsewhere.push(`${field}: ${message}`);
      continue;
    }
    const place = byId(`${name}-mistake`);
    place.textContent = place.hidden ? message : `${place.textContent} ${message}`;
    place.hidden = false;
    document.getElementById(name)?.setAttribute("aria-invalid", "true");
    place.closest("details")?.setAttribute("open", "");
  }
  /** @type {HTMLElement | null} */ (form.querySelector('[aria-invalid="true"]'))?.focus();
  return elsewhere;
}

async function start() {
  const button = byId("trigger-start", HTMLButtonElement);
  button.disabled = true;
  replace(problemPlace);
  const values = new FormData(form);
  try {
    const body = requestOf((name) => String(values.get(name) ?? ""));
    const { report_id: reportId } = await post("trigger_report", body, { "Idempotency-Key": idempotencyKey });
    window.location.href = reportPage(reportId);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const elsewhere = showMistakes(problem.errors);
    if (!problem.errors.length || elsewhere.length) {
      replace(
        problemPlace,
        problemNote(problem),
        elsewhere.map((text) => h("p", { class: "mistake" }, text)),
      );
    }
  } finally {
    button.disabled = false;
  }
}
