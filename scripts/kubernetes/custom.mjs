// Holds custom resources against the models that are generated from the sources of
// KEDA, the External Secrets Operator and the Prometheus Operator: custom.mjs FILE,
// a list of objects as JSON. The models' own validation knows types and what is
// required; a member that nobody knows is the compiler's to find, as objects are
// written into a file with their types.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { argv, exit } from 'node:process';

const packages = {
  'external-secrets.io': 'external-secrets',
  'keda.sh': 'keda',
  'monitoring.coreos.com': 'prometheus-operator',
};
const here = new URL('.', import.meta.url).pathname;
const objects = JSON.parse(readFileSync(argv[2], 'utf8'));
const findings = [];
const lines = [];

for (const [index, object] of objects.entries()) {
  const { apiVersion, kind, metadata } = object;
  const name = `${kind} ${metadata.name}`;
  const model = `@kubernetes-models/${packages[apiVersion.split('/')[0]]}/${apiVersion}/${kind}`;
  try {
    const { [kind]: Model } = await import(model);
    new Model(object).validate();
  } catch (error) {
    findings.push(`${name}: ${error.message}`);
    continue;
  }
  lines.push(
    `import type { I${kind} as Type${index} } from '${model}';`,
    `export const object${index}: Type${index} = ${JSON.stringify(object)}; // ${name}`,
  );
}

// Below node_modules' parent, or the compiler does not find the models.
const folder = `${here}node_modules/.check`;
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/objects.mts`, lines.join('\n'));
const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
try {
  execFileSync(`${here}node_modules/.bin/tsc`, [...options, `${folder}/objects.mts`], { encoding: 'utf8' });
} catch (error) {
  const about = (line) => lines[line - 1]?.split('; // ')[1] ?? `line ${line}`;
  findings.push(...error.stdout.trim().split('\n').map((said) => said.replace(/^.*objects\.mts\((\d+),\d+\)/, (_, line) => about(line))));
}

for (const finding of findings) console.error(`  ${finding}`);
console.log(`${objects.length} custom resources, ${findings.length} findings`);
exit(findings.length > 0 ? 1 : 0);
