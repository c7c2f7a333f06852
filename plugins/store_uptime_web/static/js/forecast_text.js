// @ts-check
// The words and the measures of a forecast.

/** @import { ForecastTrack } from "../../api_types.d.ts" */

const WIDTH = 120;
const HEIGHT = 28;
const HOURS = 24;

/**
 * A probability in percent: whole, but never 0 or 100, which it is not.
 *
 * @param {number} probability
 */
export function chance(probability) {
  if (probability < 0.01) return "<1%";
  return probability > 0.99 ? ">99%" : `${Math.round(probability * 100)}%`;
}

/**
 * Bars from the bottom, as high as probabilities are.
 *
 * @param {number[]} probabilities
 */
export function barsOf(probabilities) {
  const step = WIDTH / HOURS;
  const rects = probabilities.map((probability, number) => {
    const height = Math.max(probability * HEIGHT, 0.5);
    return { x: number * step + 0.5, y: HEIGHT - height, width: step - 1, height };
  });
  return { width: WIDTH, height: HEIGHT, rects };
}

/**
 * How good forecasts have been, and why none is shown.
 *
 * @param {ForecastTrack | null} track
 * @param {{isShown: boolean, whose: string}} what
 */
export function trackText(track, { isShown, whose }) {
  if (!track) return "No forecast yet: they are compared with what happened once days of five weeks are known.";
  const scores =
    `the mean squared error was ${shown(track.brier_score)}, ` +
    `of each store's usual hours ${shown(track.brier_climatology)}, ` +
    `of its last hour going on ${shown(track.brier_persistence)}`;
  const weeks = `${track.from_date} to ${track.until_date}`;
  if (!isShown)
    return `No forecast: for ${whose} none has proved better than its usual hours, or its last one. ${weeks} ${scores}.`;
  return `How good forecasts of ${whose} have been: ${weeks} ${scores} (skill ${Math.round(track.skill_percent)}%).`;
}

/** @param {number} score */
function shown(score) {
  return score.toFixed(4);
}
