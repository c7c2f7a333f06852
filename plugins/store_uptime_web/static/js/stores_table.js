// The table of all stores of a report: searched, sorted and paged on the server.

import { get } from "./api.js";
import { empty, h, icon, replace, skeleton } from "./dom.js";
import { share } from "./figures.js";
import { amount, count, many, percent, PERIODS } from "./format.js";
import { announce, parameter, problemNote, remember } from "./page.js";
import { pager, table, whenIdle } from "./table.js";

const SIZES = [25, 50, 100, 200];

/**
 * All stores of a report, as a section: {element, refresh(), filter(bin), showPeriod(period), onClear}.
 *
 * `filter` lists the stores of one bar of the histogram, null lists all again; when the user asks for all again
 * here, `onClear` is called.
 */
export function storesTable(report, startPeriod, storePage) {
  let period = startPeriod;
  const view = {
    search: parameter("search") ?? "",
    by: parameter("sort") ?? "store_id",
    order: parameter("order") === "desc" ? "desc" : "asc",
    limit: SIZES.includes(Number(parameter("limit"))) ? Number(parameter("limit")) : 25,
    cursor: null,
    from: 0,
    bin: null,
  };
  const body = h("div", null, h("div", { class: "card" }, skeleton(24, 24, 24, 24, 24)));
  const bandChip = h("span");
  let asked = null;
  const search = h("input", {
    type: "search",
    value: view.search,
    placeholder: "Find a store by its id",
    "aria-label": "Find a store by part of its id",
    autocomplete: "off",
    spellcheck: "false",
    oninput: whenIdle(() => again({ search: search.value.trim() })),
  });
  const element = h(
    "section",
    { class: "card flush", id: "stores" },
    h("header", null, h("h2", null, "All stores"), h("div", { class: "toolbar" }, bandChip, search)),
    body,
  );

  function again(changes) {
    Object.assign(view, { cursor: null, from: 0 }, changes);
    remember({ search: view.search, sort: view.by === "store_id" ? null : view.by, order: view.order === "asc" ? null : view.order, limit: view.limit === 25 ? null : view.limit });
    return refresh();
  }

  async function refresh() {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    body.classList.add("busy");
    try {
      const answer = await get(
        report.links.stores,
        {
          search: view.search,
          sort: view.by,
          order: view.order,
          limit: view.limit,
          cursor: view.cursor,
          ...(view.bin && { percent_from: view.bin.from, percent_to: view.bin.to, period }),
        },
        { signal },
      );
      show(answer);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      replace(body, problemNote(problem, refresh));
    }
    body.classList.remove("busy");
  }

  function show(answer) {
    const turn = (cursor, from) => async () => {
      Object.assign(view, { cursor, from: Math.max(0, from) });
      await refresh();
      element.scrollIntoView({ block: "start" });
      body.querySelector(".scroll")?.focus({ preventScroll: true });
    };
    const focused = document.activeElement?.closest?.("#stores button[data-sort]")?.dataset.sort;
    announce(`${many(answer.matching, "store")} found`);
    if (!answer.stores.length) {
      replace(body, view.search ? empty("No store found", `None has “${view.search}” in its id.`) : empty("No store", "No store lies in this band of uptime."));
      return;
    }
    replace(
      body,
      table({
        caption: `Stores, ${PERIODS[period].toLowerCase()}`,
        columns: columns(period, storePage),
        rows: answer.stores,
        sorting: { by: view.by, order: view.order, change: (by, order) => again({ by, order }) },
      }),
      pager({
        from: view.from,
        shown: answer.stores.length,
        total: answer.matching,
        noun: answer.matching === answer.total ? "stores" : `found (${count(answer.total)} in all)`,
        previous: answer.previous && turn(answer.previous, view.from - view.limit),
        next: answer.next && turn(answer.next, view.from + answer.stores.length),
        sizes: h(
          "label",
          null,
          "Rows ",
          h(
            "select",
            { onchange: (event) => again({ limit: Number(event.target.value) }) },
            SIZES.map((size) => h("option", { value: size, selected: size === view.limit }, size)),
          ),
        ),
      }),
    );
    if (focused) body.querySelector(`button[data-sort="${focused}"]`)?.focus();
  }

  function filter(bin) {
    replace(
      bandChip,
      bin &&
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              handle.onClear();
              filter(null);
            },
          },
          `${bin.from}–${bin.to}% up, ${PERIODS[period].toLowerCase()}`,
          icon("cross"),
          h("span", { class: "visually-hidden" }, "Show all stores again"),
        ),
    );
    return again({ bin });
  }

  function showPeriod(wanted) {
    period = wanted;
    const by = view.by.replace(/_last_(hour|day|week)$/, `_${period}`);
    replace(bandChip);
    return again({ by, bin: null });
  }

  const handle = { element, refresh, filter, showPeriod, onClear: () => {} };
  return handle;
}

function columns(period, storePage) {
  const figure = (name, title, extra = "") => ({
    title,
    kind: `number ${extra}`.trim(),
    sort: `${name}_${period}`,
    first: "desc",
    cell: (store) => amount(store[period][name], period),
  });
  return [
    {
      title: "Store",
      row: true,
      kind: "id",
      sort: "store_id",
      cell: (store) => [
        h("a", { href: storePage(store.store_id), class: "mono", title: store.store_id }, store.store_id),
        h("span", { class: "sub" }, store.timezone, store.has_timezone ? "" : " (assumed)", store.has_business_hours ? "" : " · always open"),
      ],
    },
    {
      title: "Uptime",
      kind: "number",
      sort: `uptime_percent_${period}`,
      cell: (store) => percent(store[period].uptime_percent),
    },
    { title: "Share", kind: "narrow-hide", cell: (store) => share(store[period], true) },
    figure("uptime", "Up", "narrow-hide"),
    figure("downtime", "Down"),
    figure("unknown", "Unknown", "narrow-hide"),
    figure("open", "Open", "narrow-hide"),
  ];
}
