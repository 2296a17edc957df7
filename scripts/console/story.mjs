// The life of an order by its page, while somebody else looks on.

import { signIn, somebody } from './browser.mjs';
import { done, open } from './forms.mjs';
import { BUYER, MISSPELT, place } from './scene.mjs';
import { until } from './system.mjs';

/** Finds the order by a name as it was heard, and is on its page then. */
export async function found({ page, story }) {
  await page.goto('/console/orders');
  await page.getByRole('searchbox', { name: 'Search' }).fill(MISSPELT);
  await page.getByRole('button', { name: 'Search' }).click();
  const row = page.getByRole('row').filter({ hasText: BUYER.name }).first();
  await row.getByRole('link').first().click();
  await page.waitForURL(`**/console/orders/${story}`);
}

/** Each action: what it is called, what is filled in, the button, what is said then. */
const ACTIONS = [
  ['Capture payment p1', async () => {}, 'Capture', /Captured/],
  ['Fulfil', async () => {}, 'Create the fulfilment', /fulfilment was created/],
  ['Ship fulfilment f1', ship, 'Ship', /Shipped/],
  ['Return', (form) => form.getByLabel(/Desk lamp/).fill('1'), 'Ask for the return', /return was asked for/],
  [null, null, 'Approve return r1', /return went on/],
  ['Receive return r1', async () => {}, 'Receive', /Goods were received/],
  ['Refund payment p1', refund, 'Refund', /Refunded/],
  [null, null, 'Close return r1', /return went on/],
];

async function ship(form) {
  await form.getByLabel('Carrier').fill('DHL');
  await form.getByLabel('Tracking number').fill('JD-1');
}

async function refund(form) {
  await form.getByLabel('Amount in GBP').fill('19.99');
  await form.getByLabel('Reason').fill('one lamp came back');
  await form.getByLabel('For the goods of').selectOption({ label: 'return r1' });
}

export async function lived({ browser, url, watch, system, key, page, story }) {
  const path = `/console/orders/${story}`;
  const other = await somebody(browser, url, watch);
  await signIn(other, key);
  await other.goto(path);
  await other.evaluate(() => { window.neverReloaded = true; });
  const events = other.locator('ol.timeline > li[data-id]');

  await page.goto(path);
  for (const [summary, fill, button, said] of ACTIONS) {
    const before = await events.count();
    const form = summary ? await open(page, summary) : page;
    if (fill) await fill(form);
    await form.getByRole('button', { name: button, exact: true }).click();
    await done(page, said);
    await until(`the timeline to grow by “${button}”`, async () => (await events.count()) > before);
  }
  const state = other.locator('#state');
  await until('the state to change as well', async () => (await state.textContent()).includes('Refunded'));
  if (!(await other.evaluate(() => window.neverReloaded))) throw new Error('the page was loaded anew');
  await other.context().close();
  const { totals, returns } = await system.order(story);
  if (totals.refunded !== 1_999 || returns[0].status !== 'closed') throw new Error(JSON.stringify({ totals, returns }));
}

/** The list shows an order that is placed as somebody looks at it, and what becomes of it. */
export async function appeared({ page, system }) {
  await page.goto('/console/orders');
  await page.evaluate(() => { window.neverReloaded = true; });
  const id = await place(system, 'C-4', { name: 'Miles Ahead', email: 'miles@example.com' }, 'Night light');
  const row = page.locator(`tr[data-id="${id}"]`);
  await row.waitFor();
  await system.post(`/v1/orders/${id}/hold`, { reason: 'to be looked at' });
  await row.getByText('on hold').waitFor();
  if (!(await page.evaluate(() => window.neverReloaded))) throw new Error('the page was loaded anew');
}

/** Goes to its first version by the slider, and back. */
export async function travelled({ page, story }) {
  await page.goto(`/console/orders/${story}`);
  const slider = page.getByRole('slider', { name: /^Version/ });
  await slider.focus();
  await page.keyboard.press('Home');
  await page.waitForURL(/[?&]version=1$/);
  await page.getByText('This is the order as it was').waitFor();
  if (!(await page.locator('#state').textContent()).includes('unpaid')) throw new Error('it was paid before it was');
  if ((await page.getByRole('heading', { name: 'Actions' }).count()) > 0) throw new Error('the past can be changed');
  await page.getByRole('link', { name: 'Look at it as it is now' }).click();
  await page.getByRole('heading', { name: 'Actions' }).waitFor();
  await page.locator('ol.timeline').getByRole('link').first().click();
  await page.getByText('"specversion"').first().waitFor();
}
