// Pages that follow what happens, while they are looked at and while they are not.

import { signIn, somebody } from './browser.mjs';
import { done, open } from './forms.mjs';
import { place } from './scene.mjs';

/** More than a browser has connections for, over HTTP/1.1. */
const TABS = 7;
const LIST = '/console/orders';

/** A browser without windows shows all of its tabs: the page is told that it does not. */
function looked(page, at) {
  return page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, !at);
}

/** As where a browser keeps a page that is left, and shows it again. */
function kept(page, event) {
  return page.evaluate((type) => dispatchEvent(new PageTransitionEvent(type, { persisted: true })), event);
}

/** Leaves the page, and comes back to it. */
async function again(page) {
  await looked(page, false);
  await looked(page, true);
}

const isStream = (request) => request.resourceType() === 'eventsource';

/** Opens a page that follows, and waits until it has its stream. */
async function following(page, path) {
  const opened = page.waitForResponse((answer) => isStream(answer.request()));
  await page.goto(path);
  await opened;
}

function lamp(system, number) {
  return place(system, number, { name: 'Tab Hunter', email: 'tab@example.com' }, 'Reading lamp');
}

const row = (page, id) => page.locator(`tr[data-id="${id}"]`);

export async function manyTabs({ page }) {
  const tabs = [];
  for (let open = 0; open < TABS; open += 1) {
    const tab = await page.context().newPage();
    await following(tab, LIST);
    await looked(tab, false);
    tabs.push(tab);
  }
  await page.goto(LIST);
  for (const tab of tabs) await tab.close();
}

export async function unseen({ page, system }) {
  const other = await page.context().newPage();
  await following(other, LIST);
  for (const [leave, back, name] of [
    [() => looked(other, false), () => looked(other, true), 'T'],
    [() => kept(other, 'pagehide'), () => kept(other, 'pageshow'), 'K'],
  ]) {
    await leave();
    await following(page, LIST);
    // Once the second is there, whoever follows has the first one.
    const ids = [await lamp(system, `${name}-1`), await lamp(system, `${name}-2`)];
    for (const id of ids) await row(page, id).waitFor();
    if ((await row(other, ids[0]).count()) > 0) throw new Error('a page that nobody sees goes on');
    await back();
    for (const id of ids) await row(other, id).waitFor();
  }
  await other.close();
}

/** An order leaves a list that is kept to orders on hold once it is not any more, and no
    row is asked for beside the list. */
export async function left({ page, system }) {
  const id = await lamp(system, 'H-1');
  await system.post(`/v1/orders/${id}/hold`, { reason: 'to be looked at' });
  const { version } = await system.order(id, 4);
  const rows = [];
  const note = (request) => new URL(request.url()).pathname.endsWith('/row') && rows.push(request.url());
  page.on('request', note);
  await following(page, `${LIST}?has_hold=true`);
  await row(page, id).waitFor();
  await system.post(`/v1/orders/${id}/release`);
  await system.order(id, version + 1);
  await row(page, id).waitFor({ state: 'detached' });
  page.off('request', note);
  if (rows.length > 0) throw new Error(`beside the list, ${rows.join(', ')} was asked for`);
}

/** Actions follow the order, and leave a form as it is that somebody is filling in. */
export async function offered({ page, system }) {
  const id = await lamp(system, 'A-1');
  await following(page, `${LIST}/${id}`);
  const actions = page.locator('#actions');
  await system.post(`/v1/orders/${id}/hold`, { reason: 'to be looked at' });
  await actions.getByRole('button', { name: 'Release the hold' }).waitFor();
  const note = await open(page, 'Note');
  await note.getByRole('textbox', { name: 'Note' }).fill('Half a sentence');
  await system.post(`/v1/orders/${id}/release`);
  await actions.getByText('The order has changed since').waitFor();
  await note.getByRole('button', { name: 'Add the note' }).click();
  await page.getByText('Somebody has changed the order').waitFor();
  const typed = (await open(page, 'Note')).getByRole('textbox', { name: 'Note' });
  if ((await typed.inputValue()) !== 'Half a sentence') throw new Error('what was typed is lost');
  await page.getByRole('button', { name: 'Add the note' }).click();
  await done(page, /Noted/);
}

/** A page whose stream is refused says so, until it has one. */
export async function lost({ page, story }) {
  for (const path of [LIST, `${LIST}/${story}`]) {
    await following(page, path);
    const says = page.getByText('Not live');
    await page.route('**/changes*', (route) => route.fulfill({ status: 404 }));
    await again(page);
    await says.waitFor();
    await page.unroute('**/changes*');
    await again(page);
    await says.waitFor({ state: 'hidden' });
  }
}

/** A page whose session has ended leads to where people sign in. */
export async function ended({ browser, url, watch, key }) {
  const page = await somebody(browser, url, watch);
  await signIn(page, key);
  await following(page, LIST);
  await page.context().clearCookies();
  await again(page);
  await page.waitForURL('**/console/sign-in');
  await page.context().close();
}
