// @ts-check
// Two fields that choose a group: its kind, then its name.

import { h, replace } from "./dom.js";
import { count } from "./format.js";

/** @import { GroupKinds } from "../../api_types.d.ts" */
/** @typedef {{kind: string, name: string}} Group Both are empty for all stores. */

/**
 * "Region", "Time zone": a kind as a word.
 *
 * @param {string} kind
 */
export function kindLabel(kind) {
  return kind === "timezone" ? "Time zone" : kind.charAt(0).toUpperCase() + kind.slice(1);
}

/**
 * @param {GroupKinds["kinds"]} kinds
 * @param {(group: Group) => unknown} choose
 * @returns {{element: HTMLElement, show: (group: Group) => void}}
 */
export function groupFilter(kinds, choose) {
  const kind = h("select", { "aria-label": "Kind of group" });
  const name = h("select", { "aria-label": "Group" });
  /**
   * @param {string} wantedKind
   * @param {string} wantedName
   */
  const fill = (wantedKind, wantedName) => {
    const known = kinds.map((one) => one.kind);
    replace(
      kind,
      h("option", { value: "" }, "All stores"),
      kinds.map((one) => h("option", { value: one.kind }, kindLabel(one.kind))),
      wantedKind && !known.includes(wantedKind) && h("option", { value: wantedKind }, kindLabel(wantedKind)),
    );
    kind.value = wantedKind;
    const names = kinds.find((one) => one.kind === wantedKind)?.names ?? [];
    replace(
      name,
      h("option", { value: "" }, "Select a group"),
      names.map((one) => h("option", { value: one.name }, `${one.name} (${count(one.stores)})`)),
      wantedName && !names.some((one) => one.name === wantedName) && h("option", { value: wantedName }, wantedName),
    );
    name.value = wantedName;
    name.hidden = !wantedKind;
  };
  kind.addEventListener("change", () => {
    fill(kind.value, "");
    if (kind.value) name.focus();
    else choose({ kind: "", name: "" });
  });
  name.addEventListener("change", () => choose({ kind: name.value ? kind.value : "", name: name.value }));
  return {
    element: h("span", { class: "range" }, kind, name),
    show: (group) => fill(group.kind, group.name),
  };
}
