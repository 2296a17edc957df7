// Parses an AsyncAPI document with the official parser and prints what it
// finds, a line each. Errors and warnings fail; hints do not.

import { readFile } from 'node:fs/promises';
import { argv, exit } from 'node:process';
import { DiagnosticSeverity } from '@stoplight/types';
import { Parser } from '@asyncapi/parser';

const file = argv[2];
const { document, diagnostics } = await new Parser().parse(await readFile(file, 'utf8'));

const severities = ['error', 'warning', 'information', 'hint'];
for (const { severity, code, message, path } of diagnostics) {
  console.error(`${severities[severity]}: ${code} at /${path.join('/')}: ${message}`);
}
const grave = diagnostics.filter(({ severity }) => severity <= DiagnosticSeverity.Warning);
if (grave.length > 0 || document === undefined) {
  console.error(`${file}: ${grave.length} errors and warnings`);
  exit(1);
}
const channels = document.allChannels().all().length;
const messages = document.allMessages().all().length;
console.log(`${file}: AsyncAPI ${document.version()}, ${channels} channels, ${messages} messages`);
