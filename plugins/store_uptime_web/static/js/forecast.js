// @ts-check
// How likely stores are down in their next open hours, and how good forecasts have been.

import { get } from "./api.js";
import { h, s } from "./dom.js";
import { barsOf, chance, trackText } from "./forecast_text.js";
import { hours, instant, many } from "./format.js";
import { storeLink, table } from "./table.js";

/** @import { ForecastPage, StoreForecasts } from "../../api_types.d.ts" */
/** @import { Parameters } from "./urls.js" */

const STORES = 10;

/**
 * Small bars, one for each hour; the numbers beside them say the same.
 *
 * @param {number[]} probabilities
 */
function bars(probabilities) {
  const { width, height, rects } = barsOf(probabilities);
  return s(
    "svg",
    { class: "chart burn", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    s("rect", { class: "ground", width, height }),
    rects.map((rect) => s("rect", { class: "spent", ...rect })),
  );
}

/**
 * The next open hours of a store; null where no forecast is made.
 *
 * @param {string} storeId
 * @param {{signal: AbortSignal}} options
 */
export async function storeForecast(storeId, options) {
  /** @type {ForecastPage} */
  const answer = await get("v1/forecast", { store_id: storeId, limit: 24 }, options);
  if (answer.no_forecast_because) return null;
  const rows = answer.forecast;
  return [
    h("header", null, h("h2", null, "Next open hours")),
    rows.length > 0 && [
      h(
        "p",
        { class: "facts" },
        h("span", null, `likelihood to be down, hour by hour from ${instant(rows[0].hour_start)} on`),
      ),
      bars(rows.map((row) => row.probability_down)),
      h(
        "details",
        { class: "dense" },
        h("summary", null, "Likelihood by hour"),
        table({
          caption: "Likelihood to be down in each of the next open hours",
          columns: [
            { title: "Hour from", row: true, kind: "when", cell: (row) => instant(row.hour_start) },
            { title: "Down", kind: "number", cell: (row) => chance(row.probability_down) },
          ],
          rows,
        }),
      ),
    ],
    h("p", { class: "muted" }, trackText(answer.track, { isShown: rows.length > 0, whose: "this store" })),
  ];
}

/**
 * The stores that are most likely down in one of their next open hours; null where no forecast is made.
 *
 * @param {Parameters} group Kind and name of the stores; nothing for all.
 * @param {{signal: AbortSignal}} options
 */
export async function likelyDown(group, options) {
  /** @type {StoreForecasts} */
  const answer = await get("v1/forecast/stores", { ...group, limit: STORES }, options);
  if (answer.no_forecast_because) return null;
  return [
    h(
      "header",
      null,
      h("h2", null, "Likely down next"),
      h("span", { class: "muted" }, `${many(answer.total, "store has", "stores have")} a forecast`),
    ),
    answer.total > 0 &&
      table({
        caption: "Stores by their likelihood to be down in one of their next 24 open hours",
        columns: [
          { title: "Store", row: true, kind: "id", cell: (store) => storeLink(store.store_id) },
          {
            title: "Most likely down",
            kind: "when",
            cell: (store) => [
              chance(store.probability_down),
              h("span", { class: "sub" }, instant(store.likeliest_at, { zone: false })),
            ],
          },
          { title: "Next 24 open hours", kind: "narrow-hide", cell: (store) => bars(store.probabilities) },
          { title: "Expected downtime", kind: "number", cell: (store) => hours(store.expected_down_us) },
        ],
        rows: answer.stores,
      }),
    h("p", { class: "muted pager" }, trackText(answer.track, { isShown: answer.total > 0, whose: "these stores" })),
  ];
}
