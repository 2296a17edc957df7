// An order whose rows the views refuse: what parks one, in place of a release that had
// forgotten something.

import postgres from 'postgres';

/** From now on nothing more is taken of this order; what gives that up again. */
export async function refused(viewsUrl, id) {
  const sql = postgres(viewsUrl, { max: 1, onnotice: () => {} });
  await sql.unsafe(`ALTER TABLE orders ADD CONSTRAINT refused CHECK (id <> '${id}') NOT VALID`);
  return async () => {
    await sql.unsafe('ALTER TABLE orders DROP CONSTRAINT refused');
    await sql.end();
  };
}
