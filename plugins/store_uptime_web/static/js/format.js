// How numbers, durations and instants read. Instants are shown in the time zone chosen in Airflow.

const numbers = new Intl.NumberFormat("en-US");
const US_PER_HOUR = 3_600_000_000;

export const PERIODS = { last_hour: "Last hour", last_day: "Last day", last_week: "Last week" };

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

const shown = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hourCycle: "h23", ...options });
const full = shown({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const brief = shown({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const zoneName = shown({ timeZoneName: "short" });

/** "UTC", "GMT+1", "EST" … of the chosen zone at that instant. */
export function zoneLabel(date = new Date()) {
  return zoneName.formatToParts(date).find((part) => part.type === "timeZoneName")?.value ?? ZONE;
}

export function instant(text, { seconds = false, zone = true } = {}) {
  if (!text) return "–";
  const date = new Date(text);
  return (seconds ? full : brief).format(date) + (zone ? ` ${zoneLabel(date)}` : "");
}

/** "3 minutes ago". */
export function ago(text) {
  const seconds = (Date.now() - new Date(text)) / 1000;
  if (seconds < 45) return "just now";
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (seconds >= length * 0.9) return relative.format(-Math.round(seconds / length), unit);
  }
  return relative.format(-1, "minute");
}

export function count(number) {
  return number === null || number === undefined ? "–" : numbers.format(number);
}

export function many(number, one, more = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : more}`;
}

export function percent(text) {
  return text === null || text === undefined ? "–" : `${text}%`;
}

/** A change in percentage points, with its sign: "+0.31", "−0.31", "±0.00". */
export function points(text) {
  if (Number(text) === 0) return `±${Math.abs(Number(text)).toFixed(2)}`;
  return text.startsWith("-") ? `−${text.slice(1)}` : `+${text.replace("+", "")}`;
}

/** The API's text ("1234.50") with its unit: minutes for the last hour, else hours. */
export function amount(text, period) {
  const [whole, fraction] = text.split(".");
  return `${numbers.format(whole)}.${fraction} ${period === "last_hour" ? "min" : "h"}`;
}

export function hours(microseconds) {
  const value = microseconds / US_PER_HOUR;
  return `${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} h`;
}

/** "4.2 s", "3 min 20 s", "2 h 5 min". */
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

export function bytes(number) {
  if (number === null || number === undefined) return "–";
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (number >= size) return `${(number / size).toFixed(number >= size * 10 ? 0 : 1)} ${unit}`;
  }
  return `${number} bytes`;
}

/** The instant at which the clock of the chosen zone shows `text` ("2023-01-25T18:13:22"), as ISO text in UTC. */
export function fromZone(text) {
  const wall = new Date(`${text}Z`).getTime();
  let guess = wall;
  for (let round = 0; round < 2; round += 1) guess = wall - offsetAt(guess);
  return new Date(guess).toISOString().replace(".000Z", "Z");
}

function offsetAt(milliseconds) {
  const parts = Object.fromEntries(
    shown({ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" })
      .formatToParts(new Date(milliseconds))
      .map((part) => [part.type, Number(part.value)]),
  );
  const wall = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return wall - Math.floor(milliseconds / 1000) * 1000;
}
