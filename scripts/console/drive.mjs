// Drives the console of a running system in a real browser: drive.mjs URL FOLDER, the
// system's origin and where pictures go. ORDERLOG_API_KEY is a key for everything,
// ORDERLOG_VIEWS_URL the views database, CHROMIUM the browser. Ends with 1 if a chapter
// did not come to its end, or a page did what no page may do.

import { join } from 'node:path';
import { argv, env, exit } from 'node:process';
import { launch, signIn, somebody } from './browser.mjs';
import { uploaded } from './imports.mjs';
import { keyboardAlone, withoutScripts } from './keyboard.mjs';
import { ended, left, lost, manyTabs, offered, unseen } from './live.mjs';
import { answeredAlone } from './once.mjs';
import { redriven } from './parked.mjs';
import { scene } from './scene.mjs';
import { textsStayTexts } from './scripts.mjs';
import { linkedTo, signedInAndOut } from './signing.mjs';
import { appeared, found, lived, travelled } from './story.mjs';
import { reader } from './strangers.mjs';
import { System } from './system.mjs';
import { tour } from './tour.mjs';
import { writtenTheirWay } from './viewer.mjs';
import { Watch } from './watch.mjs';
import { replayed } from './webhooks.mjs';

const [url, shots] = argv.slice(2);
const key = env.ORDERLOG_API_KEY;
const system = new System(url, key);
const watch = new Watch(url);
const browser = await launch();
const failures = [];

/** A part of the scenario; the others go on where it does not come to its end. */
async function chapter(title, tell) {
  const began = Date.now();
  try {
    const said = await tell();
    console.log(`ok       ${title} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    return said;
  } catch (error) {
    failures.push(`${title}: ${error.message}`);
    console.error(`FAILED   ${title}: ${error.message}`);
    const picture = join(shots, `failed-${failures.length}.png`);
    await page.screenshot({ path: picture, fullPage: true }).catch(() => {});
    console.error(`         at ${page.url()}, see ${picture}`);
    return undefined;
  }
}

const made = await scene(system);
const page = await somebody(browser, url, watch);
const world = { ...made, browser, url, watch, system, key, page, shots, viewsUrl: env.ORDERLOG_VIEWS_URL };

await chapter('who is nobody yet signs in, and out again', () => signedInAndOut(world));
await signIn(page, key);
await chapter('a link of a chat leads whoever is signed in to its page', () => linkedTo(world));
await chapter('an order that is placed appears in the list, and changes in it', () => appeared(world));
await chapter('tabs that nobody looks at leave connections to others', () => manyTabs(world));
await chapter('a page that is looked at again catches up', () => unseen(world));
await chapter('an order leaves a list that it does not belong to any more', () => left(world));
await chapter('actions follow the order, and leave what somebody is filling in', () => offered(world));
await chapter('a page that follows nothing says so', () => lost(world));
await chapter('a page whose session has ended leads to the sign-in', () => ended(world));
await chapter('an order is found by a misspelt name', () => found(world));
await chapter('it is captured, shipped, returned and refunded, and its timeline grows as others look on', () => lived(world));
await chapter('it is shown as it was', () => travelled(world));
await chapter('moments and amounts are written as the viewer does', () => writtenTheirWay(world));
await chapter('a parked order is driven again', () => redriven(world));
await chapter('deliveries of a webhook are replayed', () => replayed(world));
await chapter('what is shown once, or refused, is judged and pictured', () => answeredAlone(world));
await chapter('a file with bad lines is imported', () => uploaded(world));
await chapter('the list can be gone through with the keyboard alone', () => keyboardAlone(world));
await chapter('pages can be read and forms sent without scripts', () => withoutScripts(world));
await chapter('texts that are scripts come out as texts', () => textsStayTexts(world));
const begin = ['/console', `/console/orders/${made.story}`, `/console/orders/${made.scripts}`, '/console/pipeline/parked?projection=orders'].map((path) => url + path);
const pages = (await chapter('every page is judged, weighed and pictured', () => tour(page, watch, begin, shots))) ?? { kinds: [], forms: [] };
await chapter('who may only read sees no control, and is refused', () => reader({ ...world, forms: pages.forms }));

console.log('\n   bytes   answer  page');
for (const { kind, bytes, milliseconds } of pages.kinds) {
  console.log(`${String(bytes).padStart(8)} ${milliseconds.toFixed(0).padStart(5)} ms  ${kind}`);
}
for (const what of watch.wrong) console.error(`FAILED   ${what}`);
await browser.close();
made.hooks.close();
console.log(`\n${pages.kinds.length} pages, ${failures.length} chapters and ${watch.wrong.length} findings that are wrong; pictures in ${shots}`);
exit(failures.length + watch.wrong.length > 0 ? 1 : 0);
