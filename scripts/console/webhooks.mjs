// What a receiver was told is told once more: a stretch of time, and one delivery.

import { until } from './system.mjs';
import { done, open } from './forms.mjs';

export async function replayed({ page, hooks }) {
  await page.goto('/console/webhooks');
  await page.getByRole('link', { name: hooks.url }).click();
  const before = [...hooks.sent];
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString().slice(0, 16);
  const replay = await open(page, 'Replay');
  await replay.getByLabel('From (UTC)').fill(hourAgo);
  await replay.getByRole('button', { name: 'Replay this range' }).click();
  await done(page, /sent once more/);
  await until('each delivery to come once more', () => {
    const again = hooks.sent.slice(before.length);
    return before.every((id) => again.includes(id));
  });

  const delivery = page.getByRole('row').filter({ hasText: /order\./ }).first();
  await delivery.getByRole('link').first().click();
  await page.getByRole('heading', { level: 1, name: /order\./ }).waitFor();
  await page.getByText('webhook-id').waitFor();
  const sent = hooks.sent.length;
  await page.getByRole('button', { name: 'Retry' }).click();
  await done(page, /sent once more/);
  await until('the one delivery to come once more', () => hooks.sent.length > sent);
}
