// Somebody whose key is for reading orders: sees no control, and is refused what they
// send by hand all the same.

import { signIn, somebody } from './browser.mjs';
import { SIGN_OUT, formsOf } from './forms.mjs';

export async function reader({ browser, url, watch, system, story, forms }) {
  const key = await system.newKey('A reader', ['orders:read']);
  const page = await somebody(browser, url, watch);
  await signIn(page, key);
  await page.goto(`/console/orders/${story}`);
  const offered = (await formsOf(page)).filter((form) => form.action !== SIGN_OUT);
  if (offered.length > 0) watch.tell(`a reader is offered ${offered.map((form) => form.action).join(', ')}`);
  const hidden = page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link');
  for (const link of await hidden.all()) {
    const answer = await page.request.get(new URL(await link.getAttribute('href'), url).href);
    if (answer.status() !== 200) watch.tell(`a reader is shown ${await link.innerText()}, and is answered ${answer.status()}`);
  }
  for (const path of ['/console/webhooks', '/console/figures']) {
    const answer = await page.request.get(new URL(path, url).href);
    if (answer.status() !== 403) watch.tell(`a reader is answered ${answer.status()} at ${path}`);
  }
  const { version } = await system.order(story);
  const own = Object.fromEntries((await formsOf(page)).find((form) => form.action === SIGN_OUT).fields);
  for (const form of forms) {
    const answer = await send(page, url, form, own);
    // As a page, or beside the form that it leads back to: for want of a scope.
    const refused = answer.status() === 403 || /class="notice refused"[^]{0,400}scope/.test(await answer.text());
    if (!refused) watch.tell(`a reader sends ${form.action}, and is answered ${answer.status()}`);
    const forged = await send(page, url, form, { csrf: 'forged', once: 'forged' });
    if (forged.status() !== 403) watch.tell(`a forged ${form.action} is answered ${forged.status()}`);
  }
  const after = await system.order(story);
  if (after.version !== version) watch.tell('a reader has changed an order');
  await page.context().close();
}

/** Sends a form by hand, with the tokens of a session. */
function send(page, url, form, tokens) {
  const fields = Object.fromEntries(form.fields);
  for (const name of ['csrf', 'once']) if (name in fields && name in tokens) fields[name] = tokens[name];
  if (form.file) fields[form.file] = { name: 'orders.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from('{}\n') };
  const address = new URL(form.action, url).href;
  const headers = { origin: new URL(url).origin };
  return page.request.post(address, form.upload ? { headers, multipart: fields } : { headers, form: fields });
}
