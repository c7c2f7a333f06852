// The plugin's JSON routes. Addresses are relative to the plugin, wherever Airflow is mounted.

export const ROOT = new URL("../../", import.meta.url);

/** What the server answered instead of what was asked for; `errors` names fields of a 422. */
export class Problem extends Error {
  constructor(status, title, detail, errors = [], retryAfter = null) {
    super(detail || title);
    Object.assign(this, { status, title, detail, errors, retryAfter });
  }
}

export function address(path, parameters = {}) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" }, ...options });
  } catch (cause) {
    if (cause.name === "AbortError") throw cause;
    throw new Problem(0, "No connection", "Airflow's API server does not answer. It may be restarting.");
  }
  const isJson = response.headers.get("content-type")?.includes("json");
  const body = isJson ? await response.json() : null;
  if (response.ok && isJson) return body;
  const retryAfter = Number(response.headers.get("retry-after")) || null;
  // A body that is not JSON comes from something in between (a proxy, a sign-in page): it has nothing to quote.
  throw new Problem(response.status, body?.title ?? "Unexpected answer", body?.detail ?? "", body?.errors, retryAfter);
}

export function get(path, parameters, { signal } = {}) {
  return ask(address(path, parameters), { signal });
}

export function post(path, body, headers = {}) {
  return ask(address(path), {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}
