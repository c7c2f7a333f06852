// Copies the built files that the pages (and their tests) use out of node_modules, each with its licence.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const PAGES = "plugins/store_uptime_web/static/vendor";
const TESTS = "tests/browser/vendor";
const FILES = [
  [PAGES, "d3", "dist/d3.min.js"],
  [PAGES, "d3", "LICENSE"],
  [PAGES, "swagger-ui-dist", "swagger-ui-bundle.js"],
  [PAGES, "swagger-ui-dist", "swagger-ui-bundle.js.LICENSE.txt"],
  [PAGES, "swagger-ui-dist", "swagger-ui.css"],
  [PAGES, "swagger-ui-dist", "LICENSE"],
  [PAGES, "swagger-ui-dist", "NOTICE"],
  [TESTS, "axe-core", "axe.min.js"],
  [TESTS, "axe-core", "LICENSE"],
];

for (const [folder, name, file] of FILES) {
  const home = join(folder, name.replace(/-dist$/, ""));
  const target = join(home, file.split("/").at(-1));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join("node_modules", name, file), target);
  const { version } = JSON.parse(readFileSync(join("node_modules", name, "package.json"), "utf8"));
  writeFileSync(join(home, "VERSION"), `${name} ${version}\n`);
}
