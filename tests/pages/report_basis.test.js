import assert from "node:assert/strict";
import { test } from "node:test";
import { newestStatusFiles } from "../../plugins/store_uptime_web/static/js/report_basis.js";

/** @import { SourceFile } from "../../plugins/store_uptime_web/api_types.d.ts" */

/** @type {(file_id: number, name: string, kind?: string) => SourceFile} */
const file = (file_id, name, kind = "store_status") => /** @type {SourceFile} */ ({ file_id, name, kind });

test("the newest files are those that were found last, whatever their names", () => {
  const files = [file(12, "a_correction.csv"), file(3, "status_10.csv"), file(4, "status_2.csv"), file(9, "b.csv")];
  const names = newestStatusFiles(files, 3).map(({ name }) => name);
  assert.deepEqual(names, ["status_2.csv", "b.csv", "a_correction.csv"]);
});

test("snapshots are no status files", () => {
  assert.deepEqual(newestStatusFiles([file(2, "hours.csv", "business_hours"), file(1, "store_status.csv")]), [
    file(1, "store_status.csv"),
  ]);
});

test("ten files are listed at most", () => {
  const files = Array.from({ length: 30 }, (_, index) => file(30 - index, `${index}.csv`));
  assert.deepEqual(
    newestStatusFiles(files).map(({ file_id }) => file_id),
    [21, 22, 23, 24, 25, 26, 27, 28, 29, 30],
  );
});

test("the list of the API stays as it is", () => {
  const files = [file(2, "b.csv"), file(1, "a.csv")];
  newestStatusFiles(files);
  assert.deepEqual(
    files.map(({ file_id }) => file_id),
    [2, 1],
  );
});
