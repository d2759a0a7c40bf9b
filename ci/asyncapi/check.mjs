// Reads each contract with the official AsyncAPI parser and lists what it finds.
//
//   node ci/asyncapi/check.mjs [FILE…]     without files: contracts/*.asyncapi.yaml
//
// Exit codes: 0 no error (warnings are shown), 1 an error in a contract, 2 nothing could be read.
import { readFile, readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Parser } from "@asyncapi/parser";

const ERROR = 0;
const SEVERITIES = ["error", "warning", "information", "hint"];
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

async function contracts() {
  const folder = join(root, "contracts");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".asyncapi.yaml"));
  return names.sort().map((name) => join(folder, name));
}

let errors = 0;
let files;
try {
  files = process.argv.length > 2 ? process.argv.slice(2) : await contracts();
} catch (error) {
  console.error(`cannot list the contracts: ${error.message}`);
  process.exit(2);
}
if (files.length === 0) {
  console.error("no contracts found");
  process.exit(2);
}
for (const file of files) {
  let source;
  try {
    source = await readFile(file, "utf8");
  } catch (error) {
    console.error(`cannot read ${file}: ${error.message}`);
    process.exit(2);
  }
  const { document, diagnostics } = await new Parser().parse(source, { source: file });
  const name = relative(root, file);
  for (const { severity, code, message, path, range } of diagnostics) {
    const at = `${name}:${range.start.line + 1}:${range.start.character + 1}`;
    // Advice about newer versions of the standard and optional metadata is not shown.
    if (severity > 1) continue;
    console.log(`${at}: ${SEVERITIES[severity]}[${code}] ${path.join("/")}: ${message}`);
    if (severity === ERROR) errors += 1;
  }
  if (document === undefined) {
    console.log(`${name}: the parser gave no document`);
    errors += 1;
    continue;
  }
  const messages = document.allMessages().all().length;
  const operations = document.operations().all().length;
  console.log(`${name}: ${document.channels().all().length} channels, ${operations} operations, ${messages} messages`);
}
process.exit(errors === 0 ? 0 : 1);
