// @ts-check
// How numbers, durations and instants read. Instants are shown in the time zone chosen in Airflow.

const numbers = new Intl.NumberFormat("en-US");
const US_PER_HOUR = 3_600_000_000;

/** @import { ReportSummary } from "../../api_types.d.ts" */
/** @typedef {ReportSummary["period"]} Period */

export const PERIODS = { last_hour: "Last hour", last_day: "Last day", last_week: "Last week" };
export const PERIOD_NAMES = /** @type {Period[]} */ (Object.keys(PERIODS));

/**
 * @param {string | null} text
 * @returns {text is Period}
 */
export const isPeriod = (text) => text !== null && Object.hasOwn(PERIODS, text);

function airflowZone() {
  try {
    const stored = JSON.parse(window.localStorage.getItem("timezone") ?? "null");
    new Intl.DateTimeFormat("en", { timeZone: stored ?? undefined });
    if (stored) return stored;
  } catch {
    // nothing stored, or not a zone: the browser's own
  }
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

export const ZONE = airflowZone();

/** @param {Intl.DateTimeFormatOptions} options */
const shown = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hourCycle: "h23", ...options });
const full = shown({
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const brief = shown({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const zoneName = shown({ timeZoneName: "short" });

/** "UTC", "GMT+1", "EST" … of the chosen zone at that instant. */
export function zoneLabel(date = new Date()) {
  return zoneName.formatToParts(date).find((part) => part.type === "timeZoneName")?.value ?? ZONE;
}

/**
 * @param {string | null} text An instant of the API.
 */
export function instant(text, { seconds = false, zone = true } = {}) {
  if (!text) return "–";
  const date = new Date(text);
  return (seconds ? full : brief).format(date) + (zone ? ` ${zoneLabel(date)}` : "");
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

/**
 * "3 minutes ago".
 *
 * @param {string} text An instant of the API.
 */
export function ago(text, now = Date.now()) {
  const seconds = (now - Date.parse(text)) / 1000;
  if (seconds < 45) return "just now";
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, length] of UNITS) {
    if (seconds >= length * 0.9) return relative.format(-Math.round(seconds / length), unit);
  }
  return relative.format(-1, "minute");
}

/**
 * The seconds from one instant of the API to another, null where one is missing.
 *
 * @param {string | null} from
 * @param {string | null} to
 */
export function secondsBetween(from, to) {
  return from && to ? (Date.parse(to) - Date.parse(from)) / 1000 : null;
}

/** @param {number | null | undefined} number */
export function count(number) {
  return number === null || number === undefined ? "–" : numbers.format(number);
}

/**
 * "1 store", "2,000 stores".
 *
 * @param {number} number
 * @param {string} one
 */
export function many(number, one, more = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : more}`;
}

/**
 * A count in few characters: "9,999", "12.3k", "120k".
 *
 * @param {number} number
 */
export function compact(number) {
  return number < 10000 ? count(number) : `${(number / 1000).toFixed(number < 100000 ? 1 : 0)}k`;
}

/** @param {string | null | undefined} text */
export function percent(text) {
  return text === null || text === undefined ? "–" : `${text}%`;
}

/**
 * `part` of `whole` in percent with two decimals, by the API's own rule: 100.00% only if nothing is missing, 0.00% only
 * if there is nothing.
 *
 * @param {number} part
 * @param {number} whole Not 0.
 */
export function partPercent(part, whole) {
  let hundredths = Number((BigInt(part) * 20_000n + BigInt(whole)) / (2n * BigInt(whole)));
  if (part > 0 && part < whole) hundredths = Math.min(Math.max(hundredths, 1), 9_999);
  return percent((hundredths / 100).toFixed(2));
}

/**
 * How much of the open time is known, to be read beside a percentage of uptime; null where that cannot be told.
 *
 * @param {string | null} coverage
 * @param {{isShort?: boolean}} [options] Whether it is one of many.
 */
export function known(coverage, { isShort = false } = {}) {
  return coverage === null ? null : `${percent(coverage)} ${isShort ? "" : "of open time "}known`;
}

/**
 * A change in percentage points, with its sign: "+0.31", "−0.31", "±0.00".
 *
 * @param {string} text
 */
export function points(text) {
  if (Number(text) === 0) return `±${Math.abs(Number(text)).toFixed(2)}`;
  return text.startsWith("-") ? `−${text.slice(1)}` : `+${text.replace("+", "")}`;
}

/**
 * The API's text ("1234.50") with its unit: minutes for the last hour, else hours.
 *
 * @param {string} text
 * @param {Period} period
 */
export function amount(text, period) {
  const [whole, fraction] = text.split(".");
  return `${numbers.format(/** @type {`${number}`} */ (whole))}.${fraction} ${period === "last_hour" ? "min" : "h"}`;
}

/** @param {number | string} microseconds As the API has them: text where the sum may be large. */
export function hours(microseconds) {
  const value = Number(microseconds) / US_PER_HOUR;
  return `${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} h`;
}

/**
 * "4.2 s", "3 min 20 s", "2 h 5 min".
 *
 * @param {number | null | undefined} seconds
 */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const total = Math.round(seconds);
  if (total < 3600) return `${Math.floor(total / 60)} min${total % 60 ? ` ${total % 60} s` : ""}`;
  const minutes = Math.round(total / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
  return `${Math.floor(minutes / 1440)} d${minutes % 1440 ? ` ${Math.round((minutes % 1440) / 60)} h` : ""}`;
}

/** @type {Record<string, string>} */
const GAP_UNITS = { d: "d", h: "h", m: "min", s: "s" };

/**
 * The API's "2h", "90m" with a unit to read: "2 h", "90 min".
 *
 * @param {string} text
 */
export function maxGap(text) {
  return text.replace(/^(\d+)([dhms])$/, (_, number, unit) => `${count(Number(number))} ${GAP_UNITS[unit]}`);
}

/**
 * Who requested a report: a user of Airflow, or a command.
 *
 * @param {string} name
 */
export function requester(name) {
  return name.startsWith("make ") ? `with ${name}` : `by ${name}`;
}

/** @type {[string, number][]} */
const SIZES = [
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
];

/** @param {number | null | undefined} number */
export function bytes(number) {
  if (number === null || number === undefined) return "–";
  for (const [unit, size] of SIZES) {
    if (number >= size) return `${(number / size).toFixed(number >= size * 10 ? 0 : 1)} ${unit}`;
  }
  return `${number} bytes`;
}

/**
 * The instant at which the clock of the chosen zone shows `text` ("2023-01-25T18:13:22"), as ISO text in UTC.
 *
 * @param {string} text
 */
export function fromZone(text) {
  const wall = new Date(`${text}Z`).getTime();
  let guess = wall;
  for (let round = 0; round < 2; round += 1) guess = wall - offsetAt(guess);
  return new Date(guess).toISOString().replace(".000Z", "Z");
}

/** @param {number} milliseconds */
function offsetAt(milliseconds) {
  const parts = Object.fromEntries(
    shown({ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" })
      .formatToParts(new Date(milliseconds))
      .map((part) => [part.type, Number(part.value)]),
  );
  const wall = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return wall - Math.floor(milliseconds / 1000) * 1000;
}
