// Pages that no link leads to: what is answered to a form alone.

import { open } from './forms.mjs';
import { pictured } from './tour.mjs';

/** Looks at the page as the tour does, once it says this. */
async function judged({ page, watch, shots }, said, name) {
  await page.getByText(said).first().waitFor();
  await watch.lookInto(page);
  await pictured(page, watch, name, shots);
}

export async function answeredAlone(world) {
  const { page, hooks, scripts } = world;
  await page.goto('/console/keys');
  const key = await open(page, 'New key');
  await key.locator('input[name=name]').fill('Shown once');
  await key.locator('input[name=scope][value="orders:read"]').check();
  await key.getByRole('button', { name: 'Make key' }).click();
  await judged(world, 'The key is there', 'key-shown-once');

  await page.goto('/console/webhooks');
  const endpoint = await open(page, 'New endpoint');
  await endpoint.locator('input[name=url]').fill(hooks.url);
  await endpoint.getByRole('button', { name: 'Make endpoint' }).click();
  await judged(world, 'The endpoint is there', 'secret-shown-once');

  await page.goto(`/console/orders/${scripts}`);
  const refund = await open(page, 'Refund payment p1');
  await refund.locator('input[name=amount]').fill('too much');
  await refund.locator('input[name=reason]').fill('to be refused');
  await refund.getByRole('button', { name: 'Refund' }).click();
  await judged(world, 'Nothing was done', 'order-refused');
}
