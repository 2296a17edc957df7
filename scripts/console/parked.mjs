// An order whose rows the views refuse is parked, and driven again once they do not. A
// constraint stands for a release that had forgotten something.

import postgres from 'postgres';
import { done } from './forms.mjs';
import { place } from './scene.mjs';
import { until } from './system.mjs';

/** Has an order parked; what gives up what parks it. */
async function park(system, viewsUrl, id) {
  const name = `refused_${id.replaceAll('-', '')}`;
  const execute = async (statement) => {
    const sql = postgres(viewsUrl, { max: 1, onnotice: () => {} });
    await sql.unsafe(statement);
    await sql.end();
  };
  await execute(`ALTER TABLE orders ADD CONSTRAINT ${name} CHECK (id <> '${id}') NOT VALID`);
  await system.post(`/v1/orders/${id}/notes`, { text: 'Nobody reads this yet' });
  await until('the order to be parked', () => isParked(system, id));
  return () => execute(`ALTER TABLE orders DROP CONSTRAINT ${name}`);
}

async function isParked(system, id) {
  const { data } = await system.get('/v1/admin/parked');
  return data.some((parked) => parked.id === id);
}

export async function redriven({ page, system, viewsUrl }) {
  const id = await place(system, 'C-2', { name: 'Parker Pyne', email: 'pyne@example.com' }, 'Lantern');
  // Its pages are to be seen by who goes through all of them: it stays as it is.
  const other = await place(system, 'C-3', { name: 'Harley Quin', email: 'quin@example.com' }, 'Lantern');
  const giveUp = await park(system, viewsUrl, id);
  await park(system, viewsUrl, other);
  await page.goto('/console/pipeline');
  const row = page.getByRole('row').filter({ has: page.getByTitle(id) });
  await row.getByText('refused_').waitFor();
  await giveUp();
  await row.getByRole('button', { name: 'Drive again' }).click();
  await done(page, /./);
  await until('the order to be parked no more', async () => !(await isParked(system, id)));
  await page.goto('/console/pipeline');
  await page.getByTitle(other).first().waitFor();
  if ((await page.getByTitle(id).count()) > 0) throw new Error('the page still shows it as parked');
  await page.goto(`/console/orders/${id}`);
  await page.getByText('Nobody reads this yet').first().waitFor();
}
