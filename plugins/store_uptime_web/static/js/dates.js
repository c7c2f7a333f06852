// @ts-check
// Local dates, as text such as "2023-01-25": a date has no time zone.

const DAY = 86_400_000;
const named = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
});
const monthLongNamed = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", month: "long" });
const monthNamed = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", month: "short" });

/**
 * The date, or null for text that is none.
 *
 * @param {string | null} text
 */
export function dateOf(text) {
  if (text === null || !/^\d{4}-\d\d-\d\d$/.test(text)) return null;
  const milliseconds = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(milliseconds) || dateAt(milliseconds) !== text ? null : text;
}

/** @param {number} milliseconds Of a clock. */
export function dateAt(milliseconds) {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/**
 * @param {string} date
 * @param {number} days
 */
export function plusDays(date, days) {
  return dateAt(Date.parse(`${date}T00:00:00Z`) + days * DAY);
}

/**
 * How many days later `until` is.
 *
 * @param {string} from
 * @param {string} until
 */
export function daysBetween(from, until) {
  return Math.round((Date.parse(`${until}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY);
}

/** 0 = Monday. @param {string} date */
export function weekdayOf(date) {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** @param {string} date */
export function mondayOf(date) {
  return plusDays(date, -weekdayOf(date));
}

/** "Wed, 25 Jan 2023". @param {string} date */
export function dateLabel(date) {
  return named.format(Date.parse(`${date}T00:00:00Z`));
}

/** "Jan". @param {string} date */
export function monthLabel(date) {
  return monthNamed.format(Date.parse(`${date}T00:00:00Z`));
}

/** Calendar periods, as the API calls them. */
export const UNITS = { week: "Week", month: "Month", quarter: "Quarter", year: "Year" };

/** @typedef {keyof typeof UNITS} Unit */
/** @typedef {{from: string, until: string}} Dates Both included. */

/**
 * @param {string | null} text
 * @returns {text is Unit}
 */
export const isUnit = (text) => text !== null && Object.hasOwn(UNITS, text);

/**
 * The calendar period that has a date.
 *
 * @param {string} date
 * @param {Unit} unit
 * @returns {Dates}
 */
export function periodOf(date, unit) {
  if (unit === "week") return { from: mondayOf(date), until: plusDays(mondayOf(date), 6) };
  const length = { month: 1, quarter: 3, year: 12 }[unit];
  const [year, month] = date.split("-").map(Number);
  const first = Math.floor((month - 1) / length) * length;
  return { from: dateAt(Date.UTC(year, first, 1)), until: dateAt(Date.UTC(year, first + length, 0)) };
}

/**
 * "January 2023", "Q1 2023", "16 to 22 Jan 2023".
 *
 * @param {Dates} dates
 * @param {Unit} unit
 */
export function periodLabel({ from, until }, unit) {
  const year = from.slice(0, 4);
  if (unit === "year") return year;
  if (unit === "quarter") return `Q${Math.ceil(Number(from.slice(5, 7)) / 3)} ${year}`;
  if (unit === "month") return `${monthLongNamed.format(Date.parse(`${from}T00:00:00Z`))} ${year}`;
  return `${dateLabel(from)} to ${dateLabel(until)}`;
}
