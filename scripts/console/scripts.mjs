// The order, the endpoint, the product and the key whose texts are scripts.

import { SCRIPT } from './watch.mjs';

/** The same as somebody may search for it: ten words at most. */
const SEARCHED = '"><img src=x onerror=alert(1)>';

export async function textsStayTexts({ page, watch, scripts, endpoint }) {
  const search = `/console/orders?q=${encodeURIComponent(SEARCHED)}`;
  for (const path of [`/console/orders/${scripts}`, search, `/console/webhooks/${endpoint}`, '/console/keys']) {
    const answer = await page.goto(path);
    if (!answer.ok()) throw new Error(`${path} was answered ${answer.status()}`);
    await watch.lookInto(page);
  }
  await page.goto(`/console/orders/${scripts}`);
  const said = await page.getByText(SCRIPT).count();
  if (said === 0) throw new Error('the text is nowhere');
  const links = await page.$$eval('a[href]', (all) => all.map((a) => a.protocol));
  if (links.includes('javascript:')) throw new Error('a link is a script');
}
