// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { barsOf, chance, trackText } from "../../plugins/store_uptime_web/static/js/forecast_text.js";

const TRACK = {
  from_date: "2023-01-02",
  until_date: "2023-01-29",
  hours: 900,
  brier_score: 0.1,
  brier_climatology: 0.2,
  brier_persistence: 0.25,
  skill_percent: 50,
  is_better: true,
};

test("a probability is never none and never all", () => {
  assert.deepEqual([0.0001, 0.01, 0.354, 0.99, 0.9999].map(chance), ["<1%", "1%", "35%", "99%", ">99%"]);
});

test("bars are as high as probabilities, from the bottom", () => {
  const { height, rects } = barsOf([1, 0.5, 0]);
  assert.deepEqual(
    rects.map((rect) => [rect.y, rect.height]),
    [
      [0, height],
      [height / 2, height / 2],
      [height - 0.5, 0.5],
    ],
  );
  assert.ok(rects[1].x > rects[0].x + rects[0].width);
});

test("it is said how good forecasts have been, and why there is none", () => {
  const shown = trackText(TRACK, { isShown: true, whose: "this store" });
  assert.equal(
    shown,
    "How good forecasts of this store have been: 2023-01-02 to 2023-01-29 the mean squared error was 0.1000, " +
      "of each store's usual hours 0.2000, of its last hour going on 0.2500 (skill 50%).",
  );
  assert.match(trackText(TRACK, { isShown: false, whose: "this store" }), /^No forecast: for this store none has/);
  assert.match(trackText(null, { isShown: false, whose: "this store" }), /^No forecast yet/);
});
