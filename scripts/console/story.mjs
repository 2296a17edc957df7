// The life of an order by its page, while somebody else looks on.

import { somebody, signIn } from './browser.mjs';
import { done, open } from './forms.mjs';
import { BUYER, MISSPELT } from './scene.mjs';
import { until } from './system.mjs';

/** Finds the order by a name as it was heard, and is on its page then. */
export async function found({ page, story }) {
  await page.getByRole('link', { name: 'Orders' }).first().click();
  await page.getByRole('searchbox', { name: 'Search' }).fill(MISSPELT);
  await page.getByRole('button', { name: 'Search' }).click();
  const row = page.getByRole('row').filter({ hasText: BUYER.name }).first();
  await row.getByRole('link').first().click();
  await page.waitForURL(`**/console/orders/${story}`);
}
