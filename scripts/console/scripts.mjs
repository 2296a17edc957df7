// The order, the endpoint, the product and the key whose texts are scripts.

import { SCRIPT } from './watch.mjs';

export async function textsStayTexts({ page, watch, scripts, endpoint }) {
  for (const path of [`/console/orders/${scripts}`, `/console/orders?q=${encodeURIComponent(SCRIPT)}`, `/console/webhooks/${endpoint}`]) {
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
