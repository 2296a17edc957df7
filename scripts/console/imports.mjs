// A file of an old shop, some of whose lines cannot be read: tried first, then done.

import { readFileSync } from 'node:fs';
import { until } from './system.mjs';
import { SCRIPT } from './watch.mjs';

const FIRST = '/v1/orders/by_external_id/lampen/10001';
const FOLDER = new URL('../../tests/data/import/', import.meta.url);

/** A line whose quantity is none, and would be a script where it is shown. */
const BAD = `10011;03.12.2025 12:00;Zoe Test;zoe@example.com;Deutschland;BULB-7;Leuchtmittel;"${SCRIPT.replaceAll('"', '""')}";3,99;0,00;0,00;0,00;;;;;;\n`;

export async function uploaded({ page, system }) {
  const content = readFileSync(new URL('lampen.csv', FOLDER), 'utf8') + BAD;
  const file = { name: 'lampen.csv', mimeType: 'text/csv', buffer: Buffer.from(content) };
  const mapping = readFileSync(new URL('lampen.toml', FOLDER), 'utf8');

  await upload(page, file, mapping, true);
  await page.getByRole('heading', { level: 1, name: /dry run/ }).waitFor();
  await page.getByText('10005').first().waitFor();
  const begun = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download errors (CSV)' }).click();
  const errors = readFileSync(await (await begun).path(), 'utf8');
  if (!errors.includes('invalid_quantity')) throw new Error(`the errors are not told: ${errors}`);
  if (await stored(system)) throw new Error('a dry run has stored an order');

  await upload(page, file, mapping, false);
  await page.getByText('invalid_quantity').first().waitFor();
  await until('the first order to be there', () => stored(system));
}

/** Uploads it, and waits until it is worked through. */
async function upload(page, file, mapping, dry) {
  await page.goto('/console/operations');
  const form = page.locator('details').filter({ has: page.locator('summary', { hasText: 'Upload a file' }) });
  if (!(await form.evaluate((details) => details.open))) await form.locator('summary').first().click();
  await form.getByLabel('What is in the file').selectOption('csv');
  await form.getByLabel('Mapping (TOML or JSON)').fill(mapping);
  await form.getByLabel(/^Dry run/).setChecked(dry);
  await form.locator('input[name=file]').setInputFiles(file);
  await form.getByRole('button', { name: 'Upload' }).click();
  await page.waitForURL(/\/console\/operations\/[0-9a-f-]+$/);
  await page.locator('[data-settled]').waitFor();
}

/** Whether the file's first order is there. */
async function stored(system) {
  const { id } = await system.call('GET', FIRST, undefined, [200, 404]);
  return id !== undefined;
}
