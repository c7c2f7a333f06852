// @ts-check
// The four numbers about now that the Overview and Airflow's own dashboard begin with.

import { ago, count, instant, many } from "./format.js";
import { nowPage } from "./urls.js";

/** @import { Overview } from "../../api_types.d.ts" */

/**
 * @typedef {object} NowFigure
 * @property {string} name
 * @property {string} number
 * @property {string} text What else there is to say.
 * @property {boolean} isBad
 * @property {string | null} page Which page lists the stores.
 */

/**
 * @param {Pick<Overview, "now" | "last_poll_at">} overview
 * @returns {NowFigure[]}
 */
export function nowFigures({ now, last_poll_at: polledAt }) {
  const closed = now.down_and_closed;
  return [
    {
      name: "Open now",
      number: count(now.open),
      text: `of ${many(now.stores, "store")}`,
      isBad: false,
      page: nowPage({ state: "open" }),
    },
    {
      name: "Down now",
      number: count(now.down),
      text: closed ? `${count(closed)} of them closed` : "",
      isBad: now.down > 0,
      page: nowPage({}),
    },
    {
      name: "Unknown",
      number: count(now.unknown),
      text: "open, and no poll counts",
      isBad: false,
      page: nowPage({ state: "unknown" }),
    },
    {
      name: "Newest poll",
      number: polledAt ? ago(polledAt) : "none",
      text: polledAt ? instant(polledAt) : "",
      isBad: false,
      page: null,
    },
  ];
}
