import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "America/New_York";
const { fieldOf, randomKey, requestOf } = await import("../../plugins/store_uptime_web/static/js/report_request.js");

const EMPTY = { as_of: "", store_ids: "", max_gap: "", no_data: "unknown", shards: "1" };

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
    }),
    {
      no_data: "down",
      as_of: "2023-03-13T16:00:00Z",
      max_gap: "2h",
      store_ids: ["42", "9007199254740993", "c d"],
      shards: 8,
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
