// A browser and the people who sit before it, each with a session of their own.

import { chromium } from 'playwright-core';

/** How long anything that is waited for may take: the program is not optimised. */
const PATIENCE_MS = 20_000;
const DESKTOP = { width: 1280, height: 900 };

export async function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM });
}

/** Somebody new, who is watched; `how` are Playwright's options of a context. */
export async function somebody(browser, url, watch, how = {}) {
  const context = await browser.newContext({
    baseURL: url,
    viewport: DESKTOP,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    acceptDownloads: true,
    ...how,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  watch.follow(page);
  return page;
}

/** Signs in as people do. */
export async function signIn(page, key) {
  await page.goto('/console');
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}
