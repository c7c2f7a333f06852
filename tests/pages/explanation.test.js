import assert from "node:assert/strict";
import { test } from "node:test";
import { explained } from "../../plugins/store_uptime_web/static/js/explanation.js";

/** @import { Explanation } from "../../plugins/store_uptime_web/api_types.d.ts" */

/** @type {Explanation} */
const OPEN = {
  store_id: "bar",
  at: "2023-01-20T18:00:00.000000Z",
  as_of: "2023-01-25T18:00:00.000000Z",
  counts_as: "down",
  local_time: "2023-01-20T12:00:00.000000",
  timezone: "America/Chicago",
  utc_offset: "-06:00",
  opening_rule: "weekly hours",
  opening_rows: [
    {
      kind: "business_hours",
      scope: "bar",
      date: "2023-01-20",
      start_time_local: "09:00:00",
      end_time_local: "17:30:00",
      reason: null,
      file: "hours.csv",
      line: null,
    },
  ],
  planned_downtime: [],
  status: "down",
  status_rule: "last poll",
  max_gap: "3h",
  poll: {
    polled_at: "2023-01-20T17:00:00.000000Z",
    status: "inactive",
    file: "store_status.csv",
    sha256: "0",
    accepted_at: "2023-01-25T18:00:00.000000Z",
  },
};

/** @param {Partial<Explanation>} changes */
const terms = (changes = {}) =>
  Object.fromEntries(
    explained({ ...OPEN, ...changes }).map(([name, text]) => [name, [text].flat().filter(Boolean).join("")]),
  );

test("the store's clock, hours and poll are named", () => {
  const found = terms();
  assert.equal(found["Store's clock"], "2023-01-20, 12:00:00 in America/Chicago (UTC-06:00)");
  assert.equal(found.Hours, "open by the hours of its week: 09:00 to 17:30 from 2023-01-20 (bar; hours.csv)");
  assert.match(found.Status, /^down: by the last poll, inactive at .* \(store_status\.csv\)$/);
});

test("a poll that is too old says for how long it counts", () => {
  assert.match(terms({ status: "unknown", status_rule: "beyond max gap" }).Status, /counts for 3 h only$/);
  assert.equal(
    terms({ status: "unknown", status_rule: "no poll", poll: null }).Status,
    "unknown: the store has no poll",
  );
});

test("special hours that close it have a reason and a line", () => {
  const opening_rows = [
    { ...OPEN.opening_rows[0], scope: "*", start_time_local: null, end_time_local: null, reason: "holiday", line: 4 },
  ];
  const found = terms({ opening_rule: "closed by special hours", opening_rows });
  assert.equal(found.Hours, "closed by special hours: closed on 2023-01-20, holiday (*; hours.csv, line 4)");
});

test("planned downtime without an end says so", () => {
  const planned = {
    scope: "region West",
    starts_at: OPEN.at,
    ends_at: null,
    reason: null,
    file: "planned.csv",
    line: 2,
  };
  assert.match(
    terms({ planned_downtime: [planned] })["Planned downtime"],
    /without an end \(region West; planned\.csv, line 2\)$/,
  );
});

test("an instant that no day has says up to when days are settled", () => {
  assert.match(terms({ counts_as: null }).Day, /^no day has the instant; days are settled up to 25 Jan 2023/);
});
