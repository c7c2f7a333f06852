// What the form of a rule asks for, and how a rule is read.

import assert from "node:assert/strict";
import { test } from "node:test";
import { groupValue, scopeFields, scopeText } from "../../plugins/store_uptime_web/static/js/delivery_request.js";
import { FIELDS, fieldOf, ruleOf } from "../../plugins/store_uptime_web/static/js/rule_request.js";
import { eventsText, sentences, toldState } from "../../plugins/store_uptime_web/static/js/rule_text.js";

/** @type {Record<string, string[]>} */
const FORM = {
  name: [" On call "],
  events: ["outage", "data"],
  recipients: ["ann@example.org\nconnection:ops"],
  group: [groupValue("region", "West, North")],
  by: ["region"],
  timezone: ["America/Chicago"],
  quiet_from: ["22:00"],
  quiet_until: [""],
  digest_minutes: ["15"],
  hourly_cap: [""],
  inactive_polls: ["2"],
  least_minutes: ["0"],
  grace_minutes: ["30"],
  group_percent: ["50"],
  stale_hours: ["26"],
};

/** @type {Required<import("../../plugins/store_uptime_web/api_types.d.ts").Rule>} */
const RULE = {
  rule_id: 1,
  name: "On call",
  events: ["outage", "group_outage", "data"],
  recipients: [],
  store_id: null,
  group_kind: null,
  group_name: null,
  by: "region",
  timezone: "UTC",
  quiet_from: "22:00",
  quiet_until: "06:00",
  digest_minutes: 15,
  hourly_cap: 1,
  inactive_polls: 2,
  least_minutes: 10,
  grace_minutes: 30,
  group_percent: 50,
  stale_hours: 26,
  is_paused: false,
  last_told_at: null,
  held_back: null,
  changed_by: "ann",
  changed_at: "2023-01-01T00:00:00Z",
};

test("a rule has all fields; what is empty is null, so that the API says what is missing", () => {
  assert.deepEqual(
    ruleOf((name) => FORM[name] ?? []),
    {
      name: "On call",
      events: ["outage", "data"],
      recipients: ["ann@example.org", "connection:ops"],
      store_id: null,
      group_kind: "region",
      group_name: "West, North",
      by: "region",
      timezone: "America/Chicago",
      quiet_from: "22:00",
      quiet_until: null,
      digest_minutes: 15,
      hourly_cap: null,
      inactive_polls: 2,
      least_minutes: 0,
      grace_minutes: 30,
      group_percent: 50,
      stale_hours: 26,
    },
  );
});

test("each field of the form is one that the API can mean", () => {
  for (const name of FIELDS) assert.equal(fieldOf(name), name);
  assert.equal(fieldOf("events.0"), "events");
  assert.equal(fieldOf("group_name"), "group");
  assert.equal(fieldOf("group_percent"), "group_percent");
});

test("a scope comes back into the form as it was chosen", () => {
  assert.deepEqual(scopeFields({ store_id: "42", group_kind: null, group_name: null }), {
    group: "store",
    store_id: "42",
  });
  const west = { store_id: null, group_kind: "region", group_name: "West" };
  assert.deepEqual(scopeFields(west), { group: groupValue("region", "West"), store_id: "" });
  assert.deepEqual(scopeFields({}), { group: "", store_id: "" });
  assert.deepEqual(
    [scopeText(west), scopeText({ store_id: "42" }), scopeText({})],
    ["region West", "store 42", "all stores"],
  );
});

test("a rule in words says only what matters for its events", () => {
  assert.equal(eventsText(RULE.events), "Outage, Outage of a group, Data");
  assert.deepEqual(sentences(RULE), [
    "Outages from 2 inactive polls and 10 min of downtime on.",
    "Outages of a group from 50 % of its open stores on; of each region.",
    "Data is stale after 26 h.",
    "Quiet from 22:00 to 06:00 (UTC).",
    "Events are collected for 15 min, and told in one message.",
    "At most 1 message an hour.",
  ]);
  const few = { ...RULE, events: /** @type {typeof RULE.events} */ (["breach"]), quiet_from: null, digest_minutes: 0 };
  assert.deepEqual(sentences({ ...few, by: "all" }), [
    "Budgets and targets of all stores together.",
    "At most 1 message an hour.",
  ]);
});

test("stores together are those of the rule", () => {
  const west = {
    ...RULE,
    events: /** @type {typeof RULE.events} */ (["budget"]),
    by: "all",
    group_kind: "region",
    group_name: "West",
  };
  assert.equal(sentences(west)[0], "Budgets and targets of its stores together.");
  assert.equal(sentences({ ...west, by: "store" })[0], "Budgets and targets of each store.");
});

test("what became of a notice", () => {
  const message = (/** @type {"queued" | "sent" | "given_up"} */ state) => ({
    recipient: "ann@example.org",
    state,
    attempts: 0,
    next_attempt_at: "2023-01-01T00:00:00Z",
    sent_at: null,
    error: null,
  });
  const told = "2023-01-01T00:00:00Z";
  assert.equal(toldState({ told_at: null, messages: [] })[2], "held back");
  assert.equal(toldState({ told_at: told, messages: [message("sent"), message("queued")] })[2], "1 of 2 sent");
  assert.equal(toldState({ told_at: told, messages: [message("sent"), message("given_up")] })[2], "1 given up");
  assert.equal(toldState({ told_at: told, messages: [message("sent")] })[2], "sent");
  assert.equal(toldState({ told_at: told, messages: [] })[2], "sent", "its messages are deleted after a while");
});
