// Every page that links lead to: whether everybody can use it (axe-core), what it
// weighs, and what it looks like, in light, dark and on a phone.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SIGN_OUT, formsOf } from './forms.mjs';
import { until } from './system.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Bytes on the wire of a page with its style and its script, nothing being kept. */
const LARGEST = 100_000;
/** Pages of one kind, such as orders, differ by what is in them alone; so do a list and
    the same list with filters. */
const OF_ONE_KIND = 4;
const LOOKS = [
  { name: 'light', scheme: 'light', viewport: { width: 1280, height: 900 } },
  { name: 'dark', scheme: 'dark', viewport: { width: 1280, height: 900 } },
  { name: 'phone', scheme: 'light', viewport: { width: 390, height: 844 } },
];

/** The kind of page that a path is: what is an id there stands for any. */
export function kindOf(url) {
  const isId = (part) => /\d|[A-Z]/.test(part);
  return new URL(url).pathname.split('/').map((part) => (isId(part) ? '{}' : part)).join('/');
}

/** Names of the parameters of a page. */
function parameters(url) {
  return [...new Set(new URL(url).searchParams.keys())].sort().join();
}

/** Goes to each page once, from those in `begin` on; what it found of each kind, and the
    forms that pages have. */
export async function tour(page, watch, begin, shots) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  const waiting = [...begin];
  const seen = new Set();
  const kinds = new Map();
  const pages = [];
  const forms = new Map();
  while (waiting.length > 0) {
    const url = waiting.shift();
    const kind = kindOf(url);
    const variants = kinds.get(kind) ?? new Set();
    if (seen.has(url) || variants.size >= OF_ONE_KIND) continue;
    seen.add(url);
    // Filters by other names show other parts of a page; another id, the same ones.
    const variant = parameters(url) || `${variants.size}`;
    if (variants.has(variant)) continue;
    const loaded = await load(page, watch, url);
    if (loaded === null) continue;
    const first = variants.size === 0;
    kinds.set(kind, variants.add(variant));
    // Before axe-core and pictures, which leave their own marks.
    await watch.lookInto(page);
    for (const form of await formsOf(page)) {
      const names = form.fields.map(([name]) => name).join();
      forms.set(`${kindOf(new URL(form.action, url).href)} ${names}`, form);
    }
    for (const look of first ? LOOKS : LOOKS.slice(0, 1)) {
      await lookAt(page, watch, look, first && join(shots, `${fileName(kind)}-${look.name}.png`));
    }
    if (loaded.bytes >= LARGEST) watch.tell(`${kind} weighs ${loaded.bytes} bytes`);
    if (first) pages.push({ kind, ...loaded });
    waiting.push(...(await links(page)));
  }
  await session.detach();
  const all = [...forms.values()].filter((form) => form.action !== SIGN_OUT);
  return { kinds: pages, forms: all };
}

/** Loads a page; nothing where it is no page but a file. */
async function load(page, watch, url) {
  await page.setViewportSize(LOOKS[0].viewport);
  await page.emulateMedia({ colorScheme: LOOKS[0].scheme });
  const finished = [];
  const open = new Set();
  const begun = (request) => request.resourceType() !== 'eventsource' && open.add(request);
  const failed = (request) => open.delete(request);
  const ended = (request) => open.delete(request) && finished.push(request);
  const events = { request: begun, requestfailed: failed, requestfinished: ended };
  for (const [event, note] of Object.entries(events)) page.on(event, note);
  try {
    const answer = await page.goto(url, { waitUntil: 'load' });
    // Parts of a page come once it is there; streams never end.
    await until(`all of ${url}`, () => open.size === 0);
    if (!answer.ok()) {
      watch.tell(`a link leads to ${new URL(url).pathname}, which is answered ${answer.status()}`);
      return null;
    }
    if (!(answer.headers()['content-type'] ?? '').startsWith('text/html')) return null;
    const { requestStart, responseStart } = answer.request().timing();
    const sizes = await Promise.all(finished.map((request) => request.sizes().catch(() => ({}))));
    const bytes = sizes.reduce((sum, size) => sum + (size.responseBodySize ?? 0) + (size.responseHeadersSize ?? 0), 0);
    return { bytes, milliseconds: responseStart - requestStart };
  } catch (error) {
    if (/Download is starting|ERR_ABORTED/.test(error.message)) return null;
    throw error;
  } finally {
    for (const [event, note] of Object.entries(events)) page.off(event, note);
  }
}

/** Judges a page that is there, and takes pictures of it. */
export async function pictured(page, watch, name, shots) {
  for (const look of LOOKS) await lookAt(page, watch, look, join(shots, `${name}-${look.name}.png`));
}

async function lookAt(page, watch, { name, scheme, viewport }, file) {
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  const { pathname } = new URL(page.url());
  // A text without a break, or a table that does not fit, pushes the page aside.
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) watch.tell(`${pathname} is ${wide} px too wide (${name})`);
  await judge(page, watch, name);
  if (file) await page.screenshot({ path: file, fullPage: true });
}

/** By axe-core: what it calls serious or critical is wrong. */
async function judge(page, watch, name) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const { pathname } = new URL(page.url());
  for (const { id, impact, help, nodes } of violations) {
    if (impact !== 'serious' && impact !== 'critical') continue;
    const where = nodes.slice(0, 3).map((node) => `${node.target.join(' ')} (${node.failureSummary.split('\n').pop().trim()})`);
    watch.tell(`${pathname}, ${name}: ${id}: ${help}: ${where.join('; ')}`);
  }
}

/** Addresses of pages of the console that this one links to. */
async function links(page) {
  const found = await page.$$eval('a[href]:not([download])', (all) => all.map((a) => a.href));
  const pages = found.map((href) => href.split('#')[0]).filter((href) => {
    const url = new URL(href);
    return url.origin === new URL(page.url()).origin && /^\/console(\/|$)/.test(url.pathname);
  });
  return [...new Set(pages)].filter((href) => !/\.(csv|ndjson|json|parquet|pdf)$/.test(new URL(href).pathname));
}

function fileName(kind) {
  return kind.replace(/^\/console\/?/, '').replace(/[^\w{}.-]+/g, '-').replace(/[{}]+/g, 'one') || 'home';
}
