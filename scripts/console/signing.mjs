// Before somebody is signed in, and after: what is refused, and pages that are not there.

import { signIn, somebody } from './browser.mjs';
import { pictured } from './tour.mjs';

export async function signedInAndOut({ browser, url, watch, key, shots }) {
  const page = await somebody(browser, url, watch);
  await page.goto('/console/orders');
  await page.waitForURL('**/console/sign-in');
  await watch.lookInto(page);
  await pictured(page, watch, 'sign-in', shots);
  await page.getByLabel('API key').fill('no key of anybody');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').filter({ hasText: 'no valid API key' }).waitFor();
  await pictured(page, watch, 'sign-in-refused', shots);

  await signIn(page, key);
  const nothing = await page.goto('/console/nothing');
  if (nothing.status() !== 404) throw new Error(`what is not there is answered ${nothing.status()}`);
  await pictured(page, watch, 'no-such-page', shots);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/console/sign-in');
  await page.goto('/console/orders');
  await page.waitForURL('**/console/sign-in');
  await page.context().close();
}
