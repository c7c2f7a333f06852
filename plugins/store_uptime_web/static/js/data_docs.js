// @ts-check
// Great Expectations' own pages, in a frame below the navigation.

import { byId } from "./dom.js";
import { parameter } from "./page.js";
import { dataDocsAddress } from "./urls.js";

byId("docs", HTMLIFrameElement).src = dataDocsAddress(parameter("at")).href;
