// The list of orders with the keyboard alone, and what there is without scripts.

import { signIn, somebody } from './browser.mjs';
import { done, open } from './forms.mjs';

function must(holds, what) {
  if (!holds) throw new Error(what);
}

export async function keyboardAlone({ page }) {
  await page.goto('/console/orders');
  const current = () => page.locator('[data-entry][data-current]');
  const focused = (selector) => page.evaluate((of) => document.activeElement.matches(of), selector);
  await page.keyboard.press('/');
  must(await focused('[data-search]'), '/ does not lead to the search');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' });
  const links = await page.locator('[data-entry] a[href]').evaluateAll((all) => all.map((a) => a.href));
  must(links.length > 1, 'there are no orders to go through');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  must((await current().count()) === 1, 'j and k mark no entry');
  const href = await current().locator('a[href]').first().evaluate((a) => a.href);
  await page.keyboard.press('Enter');
  await page.waitForURL(href);
}

export async function withoutScripts({ browser, url, watch, key, story }) {
  const page = await somebody(browser, url, watch, { javaScriptEnabled: false });
  await signIn(page, key);
  await page.goto(`/console/orders/${story}`);
  await page.getByText('Desk lamp').first().waitFor();
  const note = await open(page, 'Note');
  await note.getByRole('textbox', { name: 'Note' }).fill('Written without scripts');
  await note.getByRole('button', { name: 'Add the note' }).click();
  await done(page, /Noted/);
  await page.getByText('Written without scripts').first().waitFor();
  await page.context().close();
}
