// Great Expectations' own pages, in a frame below the navigation.

import { ROOT } from "./api.js";
import { byId } from "./dom.js";
import { parameter } from "./page.js";

const at = parameter("at");
const wanted = new URL(at ?? "data_docs/index.html", ROOT);
const folder = new URL("data_docs/", ROOT);
// The address comes from the query string: nothing outside the folder is ever framed.
byId("docs").src = wanted.href.startsWith(folder.href) ? wanted.href : new URL("index.html", folder).href;
