// Pages that follow what happens, while they are looked at and while they are not.

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
