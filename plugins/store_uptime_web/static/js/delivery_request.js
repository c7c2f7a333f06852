// @ts-check
// What the forms of subscriptions and rules have in common, as parts of requests.

/** @typedef {(name: string) => string[]} Values What a field of a form holds. */
/** @typedef {{store_id?: string | null, group_kind?: string | null, group_name?: string | null}} Scope */

/** The scope that is no group and no store. */
export const ALL = "all stores";
/** The choice that shows the field for the id of a store. */
export const ONE_STORE = "store";

/**
 * @param {Values} values
 * @param {string} name
 */
export function text(values, name) {
  return (values(name)[0] ?? "").trim();
}

/**
 * What is separated by commas, blanks or lines.
 *
 * @param {Values} values
 * @param {string} name
 */
export function list(values, name) {
  return text(values, name)
    .split(/[\s,]+/)
    .filter(Boolean);
}

/**
 * Nothing is no number: the API says that there has to be one.
 *
 * @param {Values} values
 * @param {string} name
 */
export function number(values, name) {
  const given = text(values, name);
  return given === "" ? null : Number(given);
}

/**
 * A group as the value of an option: its kind and name, whatever they are.
 *
 * @param {string} kind
 * @param {string} name
 */
export const groupValue = (kind, name) => JSON.stringify([kind, name]);

/**
 * Whose figures or events: all stores, a group, or one store.
 *
 * @param {Values} values
 */
export function scopeOf(values) {
  const chosen = values("group")[0] ?? "";
  if (chosen === ONE_STORE) return { store_id: text(values, "store_id"), group_kind: null, group_name: null };
  const [kind, name] = chosen ? JSON.parse(chosen) : [null, null];
  return { store_id: null, group_kind: kind, group_name: name };
}

/**
 * The same, back into the fields of a form.
 *
 * @param {Scope} scope
 */
export function scopeFields({ store_id: storeId, group_kind: kind, group_name: name }) {
  if (storeId) return { group: ONE_STORE, store_id: storeId };
  return { group: kind && name ? groupValue(kind, name) : "", store_id: "" };
}

/**
 * "all stores", "region West", "store 42".
 *
 * @param {Scope} scope
 */
export function scopeText({ store_id: storeId, group_kind: kind, group_name: name }) {
  if (storeId) return `store ${storeId}`;
  return kind && name ? `${kind} ${name}` : ALL;
}

/**
 * The field of a form that the API means: "formats.0" is an entry of "formats".
 *
 * @param {string} field
 * @param {string[]} fields Of the form.
 */
export function fieldIn(field, fields) {
  const own = field.startsWith("group_k") || field.startsWith("group_n") ? "group" : field.split(".")[0];
  return fields.find((name) => name === own);
}
