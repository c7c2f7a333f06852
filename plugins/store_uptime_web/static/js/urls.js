// @ts-check
// Addresses: of the API's routes, relative to the plugin wherever Airflow is mounted, and of the pages.

/** @typedef {Record<string, string | number | null | undefined>} Parameters */

export const ROOT = new URL("../../", import.meta.url);

/**
 * An address of the API, with those of `parameters` that have a value.
 *
 * @param {string} path
 * @param {Parameters} [parameters]
 */
export function address(path, parameters = {}) {
  return withParameters(new URL(path, ROOT), parameters);
}

/**
 * `url` with these parameters in its query; one without a value is taken out.
 *
 * @param {URL} url
 * @param {Parameters} parameters
 */
export function withParameters(url, parameters) {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined || value === "") changed.searchParams.delete(name);
    else changed.searchParams.set(name, String(value));
  }
  return changed;
}

/** @param {string} reportId */
export const reportPage = (reportId) => `report?id=${encodeURIComponent(reportId)}`;

/**
 * @param {string} reportId
 * @param {string} storeId
 */
export const storePage = (reportId, storeId) =>
  `store?report=${encodeURIComponent(reportId)}&id=${encodeURIComponent(storeId)}`;

/** @param {Parameters} parameters The filter, as the API calls it. */
export const outagesPage = (parameters) => pageAddress("outages", parameters);

/** @param {Parameters} parameters What is listed, as the API calls it. */
export const nowPage = (parameters) => pageAddress("now", parameters);

/**
 * @param {string} page
 * @param {Parameters} parameters
 */
function pageAddress(page, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return `${page}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** @param {string} reportId */
export const validationPage = (reportId) => `quality_run?id=${encodeURIComponent(reportId)}`;

/** @param {string} [at] A page of the Data Docs; without it, their first one. */
export const dataDocsPage = (at) => (at ? `data_docs?at=${encodeURIComponent(at)}` : "data_docs");

/**
 * The address of a page of the Data Docs. `at` comes from the query string of a page: what is not below the folder of
 * the Data Docs is replaced by their first page.
 *
 * @param {string | null} at
 */
export function dataDocsAddress(at) {
  const folder = new URL("data_docs/", ROOT);
  const first = new URL("index.html", folder);
  if (!at || !URL.canParse(at, ROOT.href)) return first;
  const wanted = new URL(at, ROOT);
  return wanted.href.startsWith(folder.href) ? wanted : first;
}

/** The page of a store without a report. @param {string} storeId */
export const storeDaysPage = (storeId) => `store?id=${encodeURIComponent(storeId)}`;

/**
 * The page of the stores of a group.
 *
 * @param {{by: string, name: string, period: string, on: string | null}} group Its kind and name, and the period.
 */
export const groupPage = ({ by, name, period, on }) => {
  const parameters = new URLSearchParams({ by, name, ...(period !== "month" && { period }), ...(on && { on }) });
  return `groups?${parameters}`;
};
