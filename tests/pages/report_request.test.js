import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "America/New_York";
const { fieldOf, randomKey, requestAgain, requestOf } = await import(
  "../../plugins/store_uptime_web/static/js/report_request.js"
);

const EMPTY = {
  as_of: "",
  store_ids: "",
  max_gap: "",
  no_data: "unknown",
  shards: "1",
  hours_valid_from: "",
  zones_valid_from: "",
};

/** @param {Partial<typeof EMPTY>} values */
function request(values) {
  const form = new Map(Object.entries({ ...EMPTY, ...values }));
  return requestOf((name) => form.get(name) ?? assert.fail(`no field ${name}`));
}

test("what is left empty is left out", () => {
  assert.deepEqual(request({}), { no_data: "unknown", shards: 1 });
  assert.deepEqual(request({ shards: "", max_gap: "  ", store_ids: " \n\r\n" }), { no_data: "unknown" });
});

test("every field, as the API expects it", () => {
  assert.deepEqual(
    request({
      as_of: "2023-03-13T12:00:00",
      store_ids: " 42 \r\n\n9007199254740993\nc d",
      max_gap: " 2h ",
      no_data: "down",
      shards: "8",
      hours_valid_from: "2023-03-01",
      zones_valid_from: "2023-03-02",
    }),
    {
      no_data: "down",
      as_of: "2023-03-13T16:00:00Z",
      max_gap: "2h",
      store_ids: ["42", "9007199254740993", "c d"],
      shards: 8,
      hours_valid_from: "2023-03-01",
      zones_valid_from: "2023-03-02",
    },
  );
});

test("an error belongs to a field of the form, or to none", () => {
  assert.equal(fieldOf("max_gap"), "max_gap");
  assert.equal(fieldOf("store_ids.3"), "store_ids");
  assert.equal(fieldOf("store_ids[3]"), "store_ids");
  assert.equal(fieldOf("max_gaps"), undefined);
  assert.equal(fieldOf("body"), undefined);
});

test("keys are 32 hexadecimal digits, each another", () => {
  const keys = Array.from({ length: 100 }, randomKey);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
  assert.equal(new Set(keys).size, keys.length);
});

test("a report is requested again with its parameters; those that it has not are left out", () => {
  const given = {
    as_of: "2023-01-25T18:13:22.000000Z",
    max_gap: "2h",
    no_data: "down",
    store_ids: ["a"],
    shards: 2,
    hours_valid_from: "2023-03-01",
    zones_valid_from: "2023-03-02",
  };
  assert.deepEqual(requestAgain(given), given);
  const none = {
    as_of: null,
    max_gap: null,
    no_data: "unknown",
    store_ids: null,
    shards: 1,
    hours_valid_from: null,
    zones_valid_from: null,
  };
  assert.deepEqual(requestAgain(none), { no_data: "unknown", shards: 1 });
});
