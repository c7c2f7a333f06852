// @ts-check
// What the API says of a form: each error beside its field, and the rest below.

import { Problem } from "./api.js";
import { byId, h, replace } from "./dom.js";
import { problemNote } from "./page.js";

/** @import { FieldError } from "../../api_types.d.ts" */

/**
 * Of a form whose fields have a place for their mistake: `name-mistake` for the field `name`.
 *
 * @param {HTMLFormElement} form
 * @param {Element} place For what is of no field.
 * @param {string[]} fields
 * @param {(field: string) => string | undefined} fieldOf The field of the form that the API means.
 */
export function formMistakes(form, place, fields, fieldOf) {
  function clear() {
    replace(place);
    for (const name of fields) byId(`${name}-mistake`).hidden = true;
    for (const input of form.elements) input.removeAttribute("aria-invalid");
  }

  /** @param {FieldError[]} errors */
  function show(errors) {
    clear();
    const elsewhere = [];
    for (const { field, message } of errors) {
      const name = fieldOf(field);
      if (!name) {
        elsewhere.push(`${field}: ${message}`);
        continue;
      }
      const beside = byId(`${name}-mistake`);
      beside.textContent = beside.hidden ? message : `${beside.textContent} ${message}`;
      beside.hidden = false;
      document.getElementById(name)?.setAttribute("aria-invalid", "true");
      beside.closest("details")?.setAttribute("open", "");
    }
    /** @type {HTMLElement | null} */ (form.querySelector('[aria-invalid="true"]'))?.focus();
    return elsewhere;
  }

  return {
    clear,
    /**
     * Does what the form is for, while its button is off, and shows what the API has against it.
     *
     * @param {HTMLButtonElement} button
     * @param {() => Promise<void>} work
     */
    async submit(button, work) {
      button.disabled = true;
      replace(place);
      try {
        await work();
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        const elsewhere = show(problem.errors);
        if (!problem.errors.length || elsewhere.length) {
          replace(
            place,
            problemNote(problem),
            elsewhere.map((text) => h("p", { class: "mistake" }, text)),
          );
        }
      } finally {
        button.disabled = false;
      }
    },
  };
}
