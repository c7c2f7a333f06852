// @ts-check
// The days of a store: a year as a calendar, a week of it as a timeline, the hours of the week, and why an instant counts
// as what it does.

import { get } from "./api.js";
import { boundsText, exhaustedCell, verdictCell } from "./budget.js";
import { burnChart } from "./burn.js";
import { calendar, dayText, heatMap, markDay, shownPercent } from "./calendar.js";
import { responsive } from "./charts.js";
import { dateLabel, mondayOf, periodLabel, periodOf, plusDays } from "./dates.js";
import { FILTERS, remembered, requested, SIZES, stateOf, yearUntil } from "./day_state.js";
import { empty, h, icon, replace, skeleton } from "./dom.js";
import { explanation } from "./explanation.js";
import { storeForecast } from "./forecast.js";
import { count, hours, instant, many, maxGap, percent } from "./format.js";
import { hourLabel, WEEKDAYS } from "./heatmap.js";
import { announce, problemNote, remember } from "./page.js";
import { pager, pageSizes, showTable, table } from "./table.js";
import { legend, timeline } from "./timeline.js";
import { address } from "./urls.js";
import { instantOf, days as rowsOf, weekOf } from "./week.js";

/** @import { Availability, Explanation, Outage, OutagesPage, StoreDaysPage, StoreHours, StoreNow, StoreTimeline, Target, TargetsPage } from "../../api_types.d.ts" */
/** @import { DayState } from "./day_state.js" */
/** @import { Column } from "./table.js" */
/** @import { Day } from "./week.js" */

const OUTAGE_ROWS = 10;

/**
 * The sections about the days of a store, and what explains an instant of it.
 *
 * @param {string} storeId
 * @param {{asOf: string, now: StoreNow}} settled
 */
export async function storeHistory(storeId, { asOf, now }) {
  const route = `v1/stores/${encodeURIComponent(storeId)}`;
  const state = stateOf(new URLSearchParams(window.location.search));
  const newest = plusDays(asOf.slice(0, 10), 1); // east of UTC it may be the next date already
  const year = h("div");
  const week = h("section", { class: "card", id: "week" });
  const listed = h("div");
  const promised = h("section", { class: "card", id: "target" });
  const likely = h("section", { class: "card", id: "forecast", hidden: true });
  const why = h("section", { class: "card", id: "why", "aria-label": "Why it counts as what it does", hidden: true });
  /** @type {Availability[]} */
  let shown = [];
  /** @type {Map<Element, AbortController>} */
  const pending = new Map();

  const dates = () => yearUntil(state.until ?? newest);

  /**
   * @param {Partial<DayState>} changes
   * @param {{isStep?: boolean}} [options] Whether the browser's Back leads to what is shown now.
   */
  function change(changes, { isStep = false } = {}) {
    Object.assign(state, changes);
    remember(remembered(state), { isStep });
  }

  /**
   * Fills a part of the page; a problem takes its place. An earlier question about the same part is given up.
   *
   * @param {Element} place
   * @param {(options: {signal: AbortSignal}) => Promise<unknown>} work
   */
  async function fill(place, work) {
    pending.get(place)?.abort();
    const question = new AbortController();
    pending.set(place, question);
    place.classList.add("busy");
    try {
      await work(question);
    } catch (problem) {
      if (question.signal.aborted) return;
      replace(
        place,
        problemNote(problem, () => fill(place, work)),
      );
    }
    place.classList.remove("busy");
  }

  /** @param {{signal: AbortSignal}} options */
  async function showYear(options) {
    const { from, until } = dates();
    const question = { from, until, limit: 400 };
    /** @type {[StoreDaysPage, StoreHours, OutagesPage | null]} */
    const [days, ofWeek, outages] = await Promise.all([
      get(`${route}/days`, question, options),
      get(`${route}/hours`, { from, until }, options),
      now.last_poll_at === null ? null : get("v1/outages", { from, until, store_id: storeId, limit: 1000 }, options),
    ]);
    shown = days.days;
    const step = (/** @type {string | null} */ end) => async () => {
      change({ until: end, on: null, at: null, cursor: null, from: 0 }, { isStep: true });
      await showAll();
    };
    const later = plusDays(until, 371);
    const years = h(
      "div",
      { class: "group" },
      h(
        "button",
        { type: "button", disabled: !days.total, onclick: step(plusDays(from, -1)) },
        icon("previous"),
        "Earlier",
      ),
      h(
        "button",
        { type: "button", disabled: state.until === null, onclick: step(later >= newest ? null : later) },
        "Later",
        icon("next"),
      ),
    );
    const picture = h("div");
    if (shown.length) {
      responsive(picture, (isNarrow) => calendar(shown, { choose, chosen: chosenDate(), isNarrow }));
    } else {
      replace(
        picture,
        empty(
          "No day in this year",
          now.last_poll_at === null
            ? "The store was never polled: days begin with the first poll."
            : "Days begin with the first poll.",
        ),
      );
    }
    const hourPicture = h("div");
    responsive(hourPicture, (isNarrow) => heatMap(ofWeek.hours, isNarrow));
    replace(
      year,
      h(
        "section",
        { class: "card", id: "year" },
        h(
          "header",
          null,
          h("h2", null, "Days"),
          h("div", { class: "toolbar" }, legend({ isOfDays: true, hasPolls: false }), years),
        ),
        picture,
        h(
          "p",
          { class: "facts" },
          h("span", null, many(days.total, "day")),
          shown.length > 0 &&
            h("span", null, `${dateLabel(shown[0].from_date)} to ${dateLabel(shown[shown.length - 1].from_date)}`),
          h("span", null, `as of ${instant(days.as_of, { seconds: true })}`),
          shown.length === 1 && h("span", null, "A year fills as reports are made: one day is known yet."),
        ),
      ),
    );
    replace(
      aside,
      h(
        "section",
        { class: "card", id: "hours" },
        h("header", null, h("h2", null, "Hours of the week")),
        hourPicture,
        shown.length > 0 &&
          h(
            "details",
            { class: "dense" },
            h("summary", null, "Uptime by hour, in percent"),
            table({
              caption: "Uptime by hour and weekday",
              columns: [
                { title: "Hour", row: true, cell: (hour) => hourLabel(hour) },
                ...WEEKDAYS.map((name, weekday) => ({
                  title: name.slice(0, 2),
                  kind: "number",
                  cell: (/** @type {number} */ hour) => ofWeek.hours[weekday * 24 + hour].uptime_percent ?? "–",
                })),
              ],
              rows: [...Array(24).keys()],
            }),
          ),
      ),
      outageList(outages?.outages ?? [], { from, until }),
    );
  }

  function chosenDate() {
    const known = shown.find((day) => day.from_date === state.on);
    return known?.from_date ?? shown.at(-1)?.from_date ?? null;
  }

  /** @param {string} date */
  async function choose(date) {
    change({ on: date, at: null }, { isStep: true });
    for (const picture of year.querySelectorAll("svg.calendar")) markDay(picture, date);
    fill(why, showWhy);
    await fill(week, showWeek);
    week.scrollIntoView({ block: "nearest" });
    announce(`Week of ${dateLabel(mondayOf(date))}`);
  }

  /** @param {{signal: AbortSignal}} options */
  async function showWeek(options) {
    const on = chosenDate();
    week.hidden = on === null;
    if (on === null) return;
    const monday = mondayOf(on);
    /** @type {StoreTimeline} */
    const time = await get(`${route}/timeline`, { from: monday, until: plusDays(monday, 6) }, options);
    const rows = rowsOf(weekOf(time));
    const picture = h("div");
    responsive(picture, (isNarrow) => timeline(rows, isNarrow, { asOf: time.as_of, explain }));
    const day = shown.find((one) => one.from_date === on);
    replace(
      week,
      h("header", null, h("h2", null, `Week of ${dateLabel(monday)}`), legend({ isOfDays: true })),
      picture,
      h(
        "p",
        { class: "facts" },
        day && h("span", null, dayText(day)),
        h("span", null, many(time.polls.length, "poll"), time.is_complete ? "" : " and more"),
        time.max_gap && h("span", null, `a poll counts for ${maxGap(time.max_gap)}`),
      ),
      instantForm(rows),
    );
  }

  /** @param {Day[]} rows */
  function instantForm(rows) {
    /** @param {number} wall */
    const text = (wall) => new Date(wall).toISOString().slice(0, 19);
    /** @type {HTMLInputElement} */
    const field = h("input", {
      type: "datetime-local",
      step: 1,
      min: text(rows[0].from),
      max: text(rows[rows.length - 1].to - 1000),
      required: true,
    });
    field.value = text(rows.find((row) => row.date === Date.parse(`${chosenDate()}T00:00:00Z`))?.from ?? rows[0].from);
    return h(
      "form",
      {
        class: "toolbar",
        /** @param {SubmitEvent} event */
        onsubmit: (event) => {
          event.preventDefault();
          const wall = Date.parse(`${field.value}Z`);
          const row = rows.find((one) => one.from <= wall && wall < one.to);
          if (row) return explain(instantOf(row, wall));
          return announce("The store's clock skips this time.");
        },
      },
      h("label", null, "Instant on the store's clock ", field),
      h("button", { type: "submit" }, "Explain"),
      h("span", { class: "muted small" }, "or click into the week"),
    );
  }

  /** @param {string} at */
  async function explain(at) {
    change({ at }, { isStep: true });
    await fill(why, showWhy);
    why.scrollIntoView({ block: "nearest" });
    why.focus({ preventScroll: true });
  }

  /** @param {{signal: AbortSignal}} options */
  async function showWhy(options) {
    why.hidden = state.at === null;
    if (state.at === null) return;
    /** @type {Explanation} */
    const found = await get(`${route}/explain`, { at: state.at }, options);
    why.setAttribute("tabindex", "-1");
    replace(
      why,
      h(
        "header",
        null,
        h("h2", null, `Why ${instant(found.at, { seconds: true })} counts as ${found.counts_as ?? "nothing"}`),
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              change({ at: null }, { isStep: true });
              return fill(why, showWhy);
            },
          },
          "Close",
        ),
      ),
      explanation(found),
    );
    announce(`Counts as ${found.counts_as ?? "nothing"}`);
  }

  /** @param {{signal: AbortSignal}} options */
  async function showList(options) {
    /** @type {StoreDaysPage} */
    const answer = await get(`${route}/days`, requested(state, dates()), options);
    const again = (/** @type {Partial<DayState>} */ changes) => {
      change({ cursor: null, from: 0, ...changes });
      return fill(listed, showList);
    };
    /** @param {string | null} cursor @param {number} from */
    const turn = (cursor, from) =>
      cursor === null
        ? null
        : () => {
            Object.assign(state, { cursor, from: Math.max(0, from) });
            return fill(listed, showList);
          };
    /** @type {HTMLSelectElement} */
    const filter = h(
      "select",
      { "aria-label": "Which days", onchange: () => again({ only: filter.value }) },
      h("option", { value: "" }, "All days"),
      Object.entries(FILTERS).map(([value, title]) => h("option", { value, selected: value === state.only }, title)),
    );
    const question = { ...dates(), period: "day", store_id: storeId };
    showTable(
      listed,
      h(
        "section",
        { class: "card flush", id: "days" },
        h(
          "header",
          null,
          h("h2", null, "Day by day"),
          h(
            "div",
            { class: "toolbar" },
            filter,
            h(
              "div",
              { class: "group" },
              ["csv", "xlsx", "pdf"].map((format) =>
                h(
                  "a",
                  { class: "button", href: address("v1/availability", { ...question, format }).href, download: "" },
                  format === "xlsx" ? "Excel" : format.toUpperCase(),
                ),
              ),
            ),
          ),
        ),
        answer.days.length
          ? [
              table({
                caption: "Days of the year",
                columns: columns(choose),
                rows: answer.days,
                sorting: { by: state.by, order: state.order, change: (by, order) => again({ by, order }) },
              }),
              pager({
                from: state.from,
                shown: answer.days.length,
                total: answer.matching,
                noun: answer.matching === answer.total ? "days" : `found (${count(answer.total)} total)`,
                previous: turn(answer.previous, state.from - state.limit),
                next: turn(answer.next, state.from + answer.days.length),
                sizes: pageSizes(SIZES, state.limit, (limit) => again({ limit })),
              }),
            ]
          : empty("No day", state.only ? "No day of this year is such a day." : "Days begin with the first poll."),
      ),
    );
    announce(`${many(answer.matching, "day")} found`);
  }

  /** @param {{signal: AbortSignal}} options */
  async function showTarget(options) {
    const dates = periodOf(asOf.slice(0, 10), "month");
    promised.hidden = true;
    if (now.last_poll_at === null) return;
    /** @type {TargetsPage} */
    const answer = await get("v1/targets", { ...dates, store_id: storeId }, options);
    promised.hidden = false;
    replace(promised, targetCard(answer.targets[0], dates));
  }

  /** @param {{signal: AbortSignal}} options */
  async function showForecast(options) {
    const parts = now.last_poll_at === null ? null : await storeForecast(storeId, options);
    likely.hidden = parts === null;
    replace(likely, ...(parts ?? []));
  }

  async function showAll() {
    await fill(year, showYear);
    await Promise.all([
      fill(promised, showTarget),
      fill(likely, showForecast),
      fill(week, showWeek),
      fill(listed, showList),
      fill(why, showWhy),
    ]);
  }

  const aside = h("div", { class: "columns two" });
  window.addEventListener("popstate", async () => {
    const before = remembered(state);
    Object.assign(state, stateOf(new URLSearchParams(window.location.search)));
    const after = remembered(state);
    const changed = Object.keys(after).filter((name) => before[name] !== after[name]);
    if (changed.join() === "at") await fill(why, showWhy);
    else if (changed.length) await showAll();
  });
  replace(year, h("div", { class: "card" }, skeleton(200)));
  return { element: h("div", { class: "stack" }, promised, likely, year, week, why, aside, listed), showAll, explain };
}

/**
 * @param {(date: string) => unknown} choose
 * @returns {Column<Availability>[]}
 */
function columns(choose) {
  /**
   * @param {string} title
   * @param {string} sort
   * @param {(day: Availability) => string} cell
   * @returns {Column<Availability>}
   */
  const figure = (title, sort, cell, extra = "") => ({
    title,
    kind: `number ${extra}`.trim(),
    sort,
    first: "desc",
    cell,
  });
  /** @param {string} us */
  const unlessNone = (us) => (us === "0" ? "–" : hours(us));
  return [
    {
      title: "Date",
      row: true,
      kind: "when",
      sort: "date",
      first: "desc",
      cell: (day) => [
        h(
          "button",
          { type: "button", class: "plain link", onclick: () => choose(day.from_date) },
          dateLabel(day.from_date),
        ),
        !day.is_final && h("span", { class: "sub" }, "so far"),
      ],
    },
    {
      title: "Uptime",
      kind: "number",
      sort: "uptime_percent",
      cell: (day) => [
        shownPercent(day.uptime_percent),
        day.unknown_us !== "0" &&
          h(
            "span",
            { class: "sub" },
            `${shownPercent(day.uptime_percent_low)} to ${shownPercent(day.uptime_percent_high)}`,
          ),
      ],
    },
    figure("Open", "open", (day) => hours(day.open_us), "narrow-hide"),
    figure("Down", "down", (day) => hours(day.down_us)),
    figure("Unknown", "unknown", (day) => hours(day.unknown_us), "narrow-hide"),
    figure("Planned", "planned", (day) => unlessNone(day.planned_us), "narrow-hide"),
    figure("Late", "opened_late", (day) => unlessNone(day.opened_late_us), "narrow-hide"),
    figure("Early", "closed_early", (day) => unlessNone(day.closed_early_us), "narrow-hide"),
    figure("Missed", "missed", (day) => (day.missed_openings ? count(day.missed_openings) : "–"), "narrow-hide"),
    {
      title: "Target",
      kind: "number narrow-hide",
      cell: (day) => (day.target_percent === null ? "–" : percent(day.target_percent.toFixed(3).replace(/0$/, ""))),
    },
  ];
}

/**
 * The newest outages of the year, and where all are.
 *
 * @param {Outage[]} outages Oldest first.
 * @param {{from: string, until: string}} dates
 */
function outageList(outages, dates) {
  const newest = outages.slice(-OUTAGE_ROWS).reverse();
  return h(
    "section",
    { class: "card flush", id: "store-outages" },
    h(
      "header",
      null,
      h("h2", null, "Outages"),
      h(
        "span",
        { class: "muted small" },
        outages.length > newest.length ? `the last ${newest.length} of ${count(outages.length)}` : "",
      ),
    ),
    newest.length
      ? table({
          caption: "Outages, newest first",
          columns: [
            { title: "Began", row: true, kind: "when", cell: (outage) => instant(outage.started_at) },
            {
              title: "Ended",
              kind: "when",
              cell: (outage) => (outage.ended_by === null ? "ongoing" : instant(outage.ended_at)),
            },
            { title: "Downtime", kind: "number", cell: (outage) => hours(outage.downtime_us) },
          ],
          rows: newest,
        })
      : empty("No outage", `None from ${dateLabel(dates.from)} to ${dateLabel(dates.until)}.`),
  );
}

/**
 * What is promised for the store in the month of as-of, and what became of it.
 *
 * @param {Target | undefined} target
 * @param {import("./dates.js").Dates} dates
 */
function targetCard(target, dates) {
  const heading = h(
    "header",
    null,
    h("h2", null, `Target, ${periodLabel(dates, "month")}`),
    target && verdictCell(target),
  );
  if (!target) return [heading, h("p", { class: "muted" }, "Nothing is promised for this store.")];
  return [
    heading,
    h(
      "dl",
      { class: "terms" },
      h("dt", null, "Target"),
      h("dd", null, target.target_percent === null ? "several" : percent(String(target.target_percent))),
      h("dt", null, "Uptime"),
      h("dd", null, `${shownPercent(target.uptime_percent)}; ${boundsText(target)}, whatever happened in unknown time`),
      h("dt", null, "Budget"),
      h(
        "dd",
        null,
        `${hours(target.budget_us ?? "0")}, of which ${hours(target.spent_us)} (${percent(target.spent_percent)}) are spent and ${hours(target.remaining_us ?? "0")} left`,
      ),
      target.expected_down_us !== null && [
        h("dt", null, "Expected"),
        h("dd", null, `${hours(target.expected_down_us)} of downtime by the end of the month`),
      ],
      h("dt", null, "Exhausted"),
      h("dd", null, exhaustedCell(target)),
      h("dt", null, "Burn"),
      h("dd", null, burnChart(target, dates)),
    ),
  ];
}
