// @ts-check
// How stores are now, on Airflow's own dashboard. Airflow loads this module, and renders the function that it finds
// under the name of the plugin's `react_apps`; React and Chakra are those of its page.

import { get, Problem } from "./api.js";
import { instant } from "./format.js";
import { nowFigures } from "./now_figures.js";
import { address } from "./urls.js";

/** @import { Overview } from "../../api_types.d.ts" */

const SECONDS = 60;
const { createElement: h, useEffect, useState } = globalThis.React;
const { Box, Heading, HStack, Link, Text } = globalThis.ChakraUI;

/** @param {string} name Of a page, with its query. */
const pageUrl = (name) => address(`pages/${name}`).href;

/** Nothing where the reader may not read reports. */
globalThis.StoreUptimeDashboard = function StoreUptimeDashboard() {
  const [overview, setOverview] = useState(/** @type {Overview | null} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  useEffect(() => {
    let isShown = true;
    const refresh = async () => {
      try {
        const found = await get("v1/overview");
        if (!isShown) return;
        setOverview(found);
        setProblem(null);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (isShown) setProblem(error);
      }
    };
    refresh();
    const timer = setInterval(refresh, SECONDS * 1000);
    return () => {
      isShown = false;
      clearInterval(timer);
    };
  }, []);
  if (problem?.status === 401 || problem?.status === 403 || (!overview && !problem)) return null;
  return h(
    Box,
    { as: "section", "aria-label": "Store uptime" },
    h(
      HStack,
      { mb: 3, gap: 3, alignItems: "baseline" },
      h(Heading, { size: "md" }, h(Link, { href: pageUrl("overview") }, "Store uptime")),
      overview && h(Text, { color: "fg.muted", fontSize: "sm" }, `as of ${instant(overview.as_of)}`),
    ),
    problem && h(Text, { color: "fg.muted" }, problem.message),
    overview && h(HStack, { flexWrap: "wrap", gap: 4, alignItems: "stretch" }, nowFigures(overview).map(card)),
  );
};

/** @param {import("./now_figures.js").NowFigure} figure */
function card({ name, number, text, isBad, page }) {
  const shown = h(
    Text,
    { fontSize: "xl", fontWeight: "bold", color: isBad ? "fg.error" : undefined },
    page ? h(Link, { href: pageUrl(page), color: "inherit" }, number) : number,
  );
  return h(
    Box,
    { key: name, borderWidth: 1, borderRadius: "lg", px: 4, py: 3, minW: "40", "data-figure": name },
    h(Text, { color: "fg.muted", fontSize: "sm" }, name),
    shown,
    h(Text, { color: "fg.muted", fontSize: "xs" }, text),
  );
}
