import assert from "node:assert/strict";
import { test } from "node:test";
import {
  address,
  dataDocsAddress,
  dataDocsPage,
  ROOT,
  reportPage,
  storePage,
  validationPage,
  withParameters,
} from "../../plugins/store_uptime_web/static/js/urls.js";

const CURSOR = "bmV4dC0x+/=&";

test("addresses are relative to the plugin and carry what has a value", () => {
  const url = address("reports/1/stores", {
    search: "a&b=c",
    cursor: CURSOR,
    limit: 25,
    sort: "",
    bin: null,
    x: undefined,
  });
  assert.ok(url.href.startsWith(ROOT.href));
  assert.ok(url.pathname.endsWith("/reports/1/stores"));
  assert.deepEqual(Object.fromEntries(url.searchParams), { search: "a&b=c", cursor: CURSOR, limit: "25" });
});

test("0 is a value", () => {
  assert.equal(address("stores", { percent_from: 0 }).search, "?percent_from=0");
});

test("parameters are set, kept and taken out, in a new address", () => {
  const url = new URL("https://example.org/pages/report?id=7&search=x&order=desc");
  const changed = withParameters(url, { search: null, order: "asc", limit: 50 });
  assert.equal(changed.href, "https://example.org/pages/report?id=7&order=asc&limit=50");
  assert.equal(url.searchParams.get("search"), "x");
});

test("ids are text, whatever they hold", () => {
  const id = "a b&report=2#<b>/../%";
  for (const [page, name] of [
    [reportPage(id), "id"],
    [storePage("7", id), "id"],
    [storePage(id, "8"), "report"],
    [validationPage(id), "id"],
    [dataDocsPage(id), "at"],
  ]) {
    const url = new URL(page, "https://example.org/pages/");
    assert.equal(url.searchParams.get(name), id, page);
    assert.equal(url.hash, "");
  }
  assert.equal(dataDocsPage(), "data_docs");
});

test("only pages of the Data Docs are framed", () => {
  const first = new URL("data_docs/index.html", ROOT).href;
  const page = new URL("data_docs/validations/x.html", ROOT).href;
  assert.equal(dataDocsAddress("data_docs/validations/x.html").href, page);
  for (const outside of [
    null,
    "",
    "https://example.org/",
    "//example.org/data_docs/",
    "javascript:alert(1)",
    "data:text/html,x",
    "data_docs/../reports",
    "data_docs/%2e%2e/reports",
    "http://[",
    "data_docs",
  ]) {
    assert.equal(dataDocsAddress(outside).href, first, String(outside));
  }
});
