// What the form of a subscription asks for.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fieldOf,
  groupValue,
  subscriptionOf,
  templateOf,
} from "../../plugins/store_uptime_web/static/js/subscription_request.js";

/** @type {Record<string, string[]>} */
const FORM = {
  name: [" Weekly "],
  recipients: ["ann@example.org, bob@example.org\nhttps://hooks.example.org/a "],
  answer: ["availability"],
  by: ["region"],
  group: [groupValue("brand", 'Pizza "Co"')],
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
    by: "region",
    group_kind: "brand",
    group_name: 'Pizza "Co"',
  });
});

test("all stores are no group", () => {
  const all = templateOf((name) => (name === "group" ? [""] : values(name)));
  assert.deepEqual([all.group_kind, all.group_name], [null, null]);
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
  assert.equal(fieldOf("template_id"), undefined);
});
