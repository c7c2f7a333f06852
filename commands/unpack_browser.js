// Unpacks the Chromium of the package @sparticuz/chromium (Linux on x86-64) into a folder: `node unpack_browser.js FOLDER`.
// Its libraries and its font come with it, for machines that have none.
import { createReadStream, createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import tar from "tar-fs";

const packed = join(import.meta.dirname, "../node_modules/@sparticuz/chromium/bin");
const folder = process.argv[2];

async function unpack(name, target) {
  await pipeline(createReadStream(join(packed, name)), createBrotliDecompress(), target);
}

mkdirSync(folder, { recursive: true });
await Promise.all([
  unpack("chromium.br", createWriteStream(join(folder, "chromium"), { mode: 0o755 })),
  ...["swiftshader", "al2023", "fonts"].map((name) => unpack(`${name}.tar.br`, tar.extract(folder, { chown: false }))),
]);
// The package's own names folders of the service it was made for.
writeFileSync(
  join(folder, "fonts.conf"),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${join(folder, "fonts")}</dir><cachedir>${join(folder, "fonts-cache")}</cachedir></fontconfig>
`,
);
