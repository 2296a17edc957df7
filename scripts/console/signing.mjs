// Before somebody is signed in, and after: what is refused, and pages that are not there.

import { createServer } from 'node:http';
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

/** A page of another site, with one link. */
async function chat(link) {
  const server = createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html' }).end(`<a href="${link}">the order</a>`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Another host is another site; another port alone is not.
  const host = new URL(link).hostname === 'localhost' ? '127.0.0.1' : 'localhost';
  const url = `http://${host}:${server.address().port}/`;
  return { url, close: () => server.close() };
}

/** Whoever is signed in and follows a link of a chat is where it leads. */
export async function linkedTo({ browser, url, watch, key, story }) {
  const path = `/console/orders/${story}`;
  const elsewhere = await chat(url + path);
  const page = await somebody(browser, url, { follow: () => {} });
  await signIn(page, key);
  await page.goto(elsewhere.url);
  await page.getByRole('link', { name: 'the order' }).click();
  await page.waitForURL(url + path);
  await page.getByText('Desk lamp').first().waitFor();
  await watch.lookInto(page);
  await page.context().close();
  elsewhere.close();
}
