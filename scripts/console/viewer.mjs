// Moments and amounts as whoever looks writes them: in their language, of their zone.

import { signIn, somebody } from './browser.mjs';
import { until } from './system.mjs';

const LANGUAGE = 'de-DE';
const ZONE = 'Asia/Tokyo';

export async function writtenTheirWay({ browser, url, watch, key, story }) {
  const page = await somebody(browser, url, watch, { locale: LANGUAGE, timezoneId: ZONE });
  await signIn(page, key);
  await page.goto(`/console/orders/${story}`);
  const state = await page.locator('#state').textContent();
  if (!state.includes('39,98\u00a0GBP')) throw new Error(`amounts are not those of ${LANGUAGE}: ${state}`);
  await until('the moments of the page', async () => (await page.locator('time[data-moment]').count()) === 0);
  const moments = await page.$$eval('time[datetime]', (all) => all.map((time) => [time.dateTime, time.textContent]));
  if (moments.length === 0) throw new Error('the page tells no moment');
  const format = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'short', timeZone: ZONE });
  for (const [at, told] of moments) {
    const own = format.format(new Date(at));
    if (told !== own) throw new Error(`${at} is told as ${told}, not as ${own}`);
  }
  await page.goto('/console/figures');
  await page.getByRole('link', { name: `Those of ${ZONE}` }).click();
  await page.getByText(`Days are those of ${ZONE}`).waitFor();
  await page.context().close();
}
