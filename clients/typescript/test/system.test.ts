// Against the system at ORDERLOG_URL, with the key in ORDERLOG_API_KEY.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { BEGINNING, Orderlog, PositionLostError, type CommandAnswer } from '@orderlog/client';

const baseUrl = process.env['ORDERLOG_URL'] ?? '';
const apiKey = process.env['ORDERLOG_API_KEY'] ?? '';
const skip = baseUrl === '' && 'there is no ORDERLOG_URL';
/** Of this run, on a system that may have seen others. */
const platform = `client-${crypto.randomUUID()}`;
const root = new URL('../', import.meta.url);

const orderlog = new Orderlog({ baseUrl: baseUrl || 'http://127.0.0.1', apiKey });
const lamp = { sku: 'LAMP', name: 'Desk lamp', quantity: 2, unit_price: '19.99' };
const place = () => orderlog.place({ platform, currency: 'GBP', lines: [lamp] });

async function note(placed: CommandAnswer, text: string): Promise<void> {
  const params = { path: { id: placed.order_id } };
  await orderlog.api.POST('/v1/orders/{id}/notes', { params, body: { text } });
}

/** The first so many of a stream. */
async function first<T>(stream: AsyncIterable<T>, count: number): Promise<T[]> {
  const told: T[] = [];
  for await (const item of stream) {
    told.push(item);
    if (told.length === count) {
      break;
    }
  }
  return told;
}

suite('a running system', { skip, timeout: 60_000 }, () => {
  test('what is placed is read as soon as it can be', async () => {
    const placed = await place();
    const order = await orderlog.waitFor(placed, { expand: 'lines,events' });
    assert.equal(order.id, placed.order_id);
    assert.equal(order.totals.total, 3_998);
    assert.equal(order.lines[0]?.sku, 'LAMP');
    assert.equal(order.events?.data[0]?.type, 'order.placed');
  });

  test('only the fields that are asked for are there, also for the compiler', async () => {
    const some = await orderlog.waitFor(await place(), { fields: 'status,totals.total' });
    // @ts-expect-error: it may not be there
    void (() => some.totals.total);
    assert.deepEqual(some, { status: 'placed', totals: { total: 3_998 } });
  });

  test('a command that is sent twice is carried out once', async () => {
    const order = { platform, external_id: 'twice', currency: 'GBP', lines: [lamp] };
    const idempotencyKey = crypto.randomUUID();
    const once = await orderlog.place(order, { idempotencyKey });
    assert.deepEqual(await orderlog.place(order, { idempotencyKey }), once);
    await assert.rejects(orderlog.place(order), (error: any) => {
      assert.deepEqual([error.status, error.code], [409, 'external_id_taken']);
      assert.equal(error.problem.order_id, once.order_id);
      return true;
    });
    await orderlog.waitFor(once);
    const found = await orderlog.getByExternalId(platform, 'twice');
    assert.equal(found.id, once.order_id);
  });

  test('an order that has not changed is not sent again', async () => {
    const statuses: number[] = [];
    const watched = new Orderlog({
      baseUrl,
      apiKey,
      fetch: async (request) => {
        const response = await fetch(request);
        statuses.push(response.status);
        return response;
      },
    });
    const placed = await place();
    const read = () => watched.get(placed.order_id, { min_version: 1, wait: 10 });
    const [once, again] = [await read(), await read()];
    assert.deepEqual(again, once);
    await note(placed, 'ring twice');
    await orderlog.waitFor({ order_id: placed.order_id, version: 2 });
    assert.equal((await read()).version, 2);
    assert.deepEqual(statuses, [200, 304, 200]);
  });

  test('a list has every order once over its pages', async () => {
    const listed = `${platform}-list`;
    const ids = new Set<string>();
    for (let number = 0; number < 5; number += 1) {
      const placed = await orderlog.place({ platform: listed, currency: 'GBP', lines: [lamp] });
      ids.add(placed.order_id);
      // Each of them: a position is waited for in its own partition.
      await orderlog.waitFor(placed);
    }
    const pages = orderlog.pages({ platform: listed, limit: 2 });
    const sizes = (await first(pages, 9)).map((page) => page.data.length);
    assert.deepEqual(sizes, [2, 2, 1]);
    const found: (string | undefined)[] = [];
    for await (const order of orderlog.list({ platform: listed, limit: 2, fields: 'id' })) {
      assert.deepEqual(Object.keys(order), ['id']);
      found.push(order.id);
    }
    assert.deepEqual(found.toSorted(), [...ids].toSorted());
  });

  test('many orders are looked up at once', async () => {
    const placed = await place();
    await orderlog.waitFor(placed);
    const unknown = crypto.randomUUID();
    const body = { ids: [unknown, placed.order_id] };
    const { data } = await orderlog.api.POST('/v1/orders/lookup', { body });
    assert.deepEqual(data?.data.map((order) => order.id), [placed.order_id]);
    assert.deepEqual(data?.missing, [unknown]);
  });

  test('whoever follows changes reads what is told', async () => {
    const placed = await place();
    const changes = orderlog.changes({ order: [placed.order_id], lastEventId: placed.position });
    const seen = first(changes, 1);
    await note(placed, 'ring twice');
    const [change] = await seen;
    assert.equal(change?.type, 'changed');
    const { id, version } = change as { id: string; version: number };
    const order = await orderlog.get(id, { min_version: version });
    assert.equal(order.notes.at(-1)?.text, 'ring twice');
    assert.notEqual(changes.lastEventId, placed.position);
  });

  test('events are followed over a connection that is cut', async () => {
    const placed = await place();
    await note(placed, 'one');
    await note(placed, 'two');
    let connections = 0;
    const cut = new Orderlog({
      baseUrl,
      apiKey,
      fetch: async (request) => {
        const response = await fetch(request);
        connections += 1;
        return connections === 1 ? cutAfter(response, 'order.placed') : response;
      },
    });
    const events = cut.orderEvents(placed.order_id, { lastEventId: BEGINNING });
    const types = (await first(events, 3)).map(({ event }) => [event.type, event.sequence]);
    assert.deepEqual(types, [
      ['order.placed', 1],
      ['order.note_added', 2],
      ['order.note_added', 3],
    ]);
    assert.equal(connections, 2);

    const notes = { type: ['order.note_*'], order: [placed.order_id] };
    const all = orderlog.events({ ...notes, lastEventId: placed.position });
    const [one, two] = await first(all, 2);
    assert.equal(one?.event.subject, placed.order_id);
    const rest = orderlog.events({ ...notes, lastEventId: one?.lastEventId });
    assert.deepEqual(await first(rest, 1), [two]);
  });

  test('a place that the log does not have is an error of its own', async () => {
    const { position } = await place();
    const parts = Buffer.from(position, 'base64url').toString().split('|');
    parts[parts.length - 1] = '999999999';
    const lastEventId = Buffer.from(parts.join('|')).toString('base64url');
    await assert.rejects(first(orderlog.changes({ lastEventId }), 1), PositionLostError);
    const wrong = { code: 'invalid_last_event_id' };
    await assert.rejects(first(orderlog.events({ lastEventId: '17' }), 1), wrong);
  });

  test('what is refused says why', async () => {
    const unknown = orderlog.get(crypto.randomUUID());
    await assert.rejects(unknown, { name: 'ProblemError', status: 404, code: 'order_not_found' });
    const stranger = new Orderlog({ baseUrl, apiKey: 'ol_no' });
    await assert.rejects(stranger.get('x'), { status: 401, code: 'unauthorized' });
    const query = { expand: 'lunch' };
    await assert.rejects(first(orderlog.list(query), 1), { code: 'invalid_parameter' });
  });

  test('the example of the README runs as it stands', async () => {
    const file = new URL('examples/first-order.mjs', root);
    const readme = await readFile(new URL('README.md', root), 'utf8');
    assert.ok(readme.includes(`\`\`\`js\n${await readFile(file, 'utf8')}\`\`\``));
    const { stdout } = await promisify(execFile)(process.execPath, [file.pathname]);
    assert.match(stdout, /^\S+ is placed, 3998 pence\nversion 2: ring twice\n$/);
  });
});

/** An answer whose connection breaks with the end of the event that has this text. */
function cutAfter(response: Response, text: string): Response {
  let seen = '';
  const cut = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      seen += new TextDecoder().decode(chunk);
      const end = seen.indexOf('\n\n', seen.indexOf(text)) + 2;
      if (seen.includes(text) && end > 1) {
        controller.enqueue(new TextEncoder().encode(seen.slice(0, end)));
        controller.terminate();
      }
    },
  });
  return new Response(response.body?.pipeThrough(cut) ?? null, response);
}
