// What the form of subscriptions and templates asks for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { groupValue, ONE_STORE } from "../../plugins/store_uptime_web/static/js/delivery_request.js";
import { fieldOf, subscriptionOf, templateOf } from "../../plugins/store_uptime_web/static/js/subscription_request.js";

/** @type {Record<string, string[]>} */
const FORM = {
  name: [" Weekly "],
  recipients: ["ann@example.org, bob@example.org\nhttps://hooks.example.org/a "],
  answer: ["availability"],
  by: ["region"],
  group: [groupValue("brand", 'Pizza "Co"')],
  store_id: ["left over"],
  rows: ["day"],
  columns: ["scope, up_us"],
  formats: ["pdf", "csv"],
  period: ["week"],
  cron: ["0 7 * * 1"],
  timezone: ["America/Chicago"],
  send_when: ["breach"],
  wait_hours: ["12"],
};

/** @param {string} name */
const values = (name) => FORM[name] ?? [];

test("a template is of the group that is chosen, whatever its name", () => {
  assert.deepEqual(templateOf(values), {
    name: "Weekly",
    answer: "availability",
    formats: ["pdf", "csv"],
    period: "day",
    by: "region",
    store_id: null,
    group_kind: "brand",
    group_name: 'Pizza "Co"',
    columns: ["scope", "up_us"],
  });
});

test("all stores are no group, and no columns are all of them", () => {
  const all = templateOf((name) => (name === "group" || name === "columns" ? [""] : values(name)));
  assert.deepEqual([all.store_id, all.group_kind, all.group_name, all.columns], [null, null, null, null]);
});

test("one store is no group either", () => {
  const one = templateOf((name) => (name === "group" ? [ONE_STORE] : name === "store_id" ? [" 42 "] : values(name)));
  assert.deepEqual([one.store_id, one.group_kind, one.group_name], ["42", null, null]);
});

test("recipients are separated by commas, blanks or lines", () => {
  assert.deepEqual(subscriptionOf(values, 7), {
    name: "Weekly",
    template_id: 7,
    recipients: ["ann@example.org", "bob@example.org", "https://hooks.example.org/a"],
    cron: "0 7 * * 1",
    timezone: "America/Chicago",
    period: "week",
    send_when: "breach",
    wait_hours: 12,
  });
});

test("the field that the API means", () => {
  assert.equal(fieldOf("formats.0"), "formats");
  assert.equal(fieldOf("group_name"), "group");
  assert.equal(fieldOf("store_id"), "store_id");
  assert.equal(fieldOf("colour"), undefined);
});
