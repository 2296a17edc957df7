// Lints an OpenAPI document by redocly.yaml and prints what it finds, a line
// each. Errors and warnings fail.

import { readFile } from 'node:fs/promises';
import process, { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { lint, loadConfig } from '@redocly/openapi-core';

const file = argv[2];
const configPath = fileURLToPath(new URL('redocly.yaml', import.meta.url));
const problems = await lint({ ref: file, config: await loadConfig({ configPath }) });

for (const { severity, ruleId, message, location } of problems) {
  console.error(`${severity}: ${ruleId} at ${location[0]?.pointer}: ${message}`);
}
if (problems.length > 0) {
  console.error(`${file}: ${problems.length} errors and warnings`);
  process.exit(1);
}
const { openapi, paths } = JSON.parse(await readFile(file, 'utf8'));
console.log(`${file}: OpenAPI ${openapi}, ${Object.keys(paths).length} paths`);
