import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Orderlog, ProblemError } from '@orderlog/client';
import { retrying } from '../dist/retry.js';
import { answering, json, pausing, problem } from './fakes.js';

const baseUrl = 'http://orderlog.test';
const order = {
  platform: 'web',
  currency: 'GBP',
  lines: [{ sku: 'LAMP', name: 'Desk lamp', quantity: 1, unit_price: 1999 }],
};

test('a command keeps its idempotency key in every attempt', async () => {
  const { send, requests } = answering(
    new TypeError('fetch failed'),
    problem(503, 'unavailable'),
    json({ order_id: 'x', version: 1 }),
  );
  const orderlog = new Orderlog({ baseUrl, apiKey: 'ol_x', fetch: send });
  const placed = await orderlog.place(order);
  assert.equal(placed.version, 1);
  const keys = requests.map((request) => request.headers.get('idempotency-key'));
  assert.equal(keys.length, 3);
  assert.match(keys[0] ?? '', /^[0-9a-f-]{36}$/);
  assert.deepEqual(new Set(keys).size, 1);
  const bodies = await Promise.all(requests.map((request) => request.json()));
  assert.deepEqual(bodies, [order, order, order]);
  assert.equal(requests[2]?.headers.get('authorization'), 'Bearer ol_x');

  await orderlog.place(order, { idempotencyKey: 'mine' });
  assert.equal(requests[3]?.headers.get('idempotency-key'), 'mine');
  await orderlog.place(order);
  assert.notEqual(requests[4]?.headers.get('idempotency-key'), keys[0]);
});

test('it is tried again not before Retry-After, and not for ever', async () => {
  const { send, requests } = answering(problem(429, 'too_many_requests', { 'retry-after': '7' }));
  const { pause, pauses } = pausing();
  const retried = retrying(send, { retries: 2, timeout: 1_000, pause });
  const answer = await retried(new Request(`${baseUrl}/v1/orders`));
  assert.equal(answer.status, 429);
  assert.equal(requests.length, 3);
  assert.deepEqual(pauses, [7_000, 7_000]);
});

test('pauses have full jitter under a ceiling that doubles', async () => {
  const { send } = answering(new TypeError('fetch failed'));
  const { pause, pauses } = pausing();
  const retried = retrying(send, { retries: 12, timeout: 1_000, pause });
  await assert.rejects(retried(new Request(`${baseUrl}/v1/orders`)), TypeError);
  assert.equal(pauses.length, 12);
  pauses.forEach((ms, attempt) => assert.ok(ms <= Math.min(10_000, 100 * 2 ** attempt), `${ms}`));
  assert.ok(new Set(pauses).size > 6);
});

test('what is refused for good is not sent again, and says why', async () => {
  const { send, requests } = answering(problem(409, 'external_id_taken'));
  const orderlog = new Orderlog({ baseUrl, apiKey: 'ol_x', fetch: send });
  await assert.rejects(orderlog.place(order), (error) => {
    assert.ok(error instanceof ProblemError);
    assert.deepEqual([error.status, error.code], [409, 'external_id_taken']);
    assert.equal(error.problem.type, '/problems/external_id_taken');
    return true;
  });
  assert.equal(requests.length, 1);
});

test('what is not visible in time is not waited for once more', async () => {
  const { send, requests } = answering(problem(503, 'not_yet_visible', { 'retry-after': '1' }));
  const orderlog = new Orderlog({ baseUrl, apiKey: 'ol_x', fetch: send });
  const waited = orderlog.waitFor({ order_id: 'x', version: 3 }, { wait: 4 });
  await assert.rejects(waited, { code: 'not_yet_visible' });
  assert.equal(requests.length, 1);
  const { url, headers } = requests[0] as Request;
  assert.equal(url, `${baseUrl}/v1/orders/x?min_version=3`);
  assert.equal(headers.get('prefer'), 'wait=4, handling=strict');
});

test('an answer of somebody on the way is a problem too', async () => {
  const gateway = new Response('<h1>Forbidden</h1>', { status: 403 });
  const orderlog = new Orderlog({ baseUrl, apiKey: 'ol_x', fetch: answering(gateway).send });
  await assert.rejects(orderlog.get('x'), { status: 403, code: 'unknown' });
});

test('an aborted request is not tried again', async () => {
  const { send, requests } = answering(new DOMException('aborted', 'AbortError'));
  const orderlog = new Orderlog({ baseUrl, apiKey: 'ol_x', fetch: send });
  await assert.rejects(orderlog.get('x', { signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.ok(requests.length <= 1);
});

test('what has not changed is asked about and not sent again', async () => {
  const unchanged = new Response(null, { status: 304, headers: { etag: '"1-0"', age: '2' } });
  const { send, requests } = answering(json({ version: 1 }, { etag: '"1-0"' }), unchanged);
  const orderlog = new Orderlog({ baseUrl, apiKey: 'ol_x', fetch: send });
  const [first, second] = [await orderlog.get('x'), await orderlog.get('x')];
  assert.deepEqual(second, first);
  const asked = requests.map((request) => request.headers.get('if-none-match'));
  assert.deepEqual(asked, [null, '"1-0"']);

  const without = answering(json({ version: 1 }, { etag: '"1-0"' }));
  const plain = new Orderlog({ baseUrl, apiKey: 'ol_x', fetch: without.send, cache: 0 });
  await plain.get('x');
  await plain.get('x');
  assert.equal(without.requests[1]?.headers.has('if-none-match'), false);
});

test('only so many answers are kept, those used last', async () => {
  const { send, requests } = answering(json({ version: 1 }, { etag: '"1-0"' }));
  const orderlog = new Orderlog({ baseUrl, apiKey: 'ol_x', fetch: send, cache: 2 });
  for (const id of ['a', 'b', 'a', 'c', 'a', 'b']) {
    await orderlog.get(id);
  }
  const known = requests.map((request) => request.headers.has('if-none-match'));
  assert.deepEqual(known, [false, false, true, false, true, false]);
});

test('a list goes over all its pages with the same filters', async () => {
  const { send, requests } = answering(
    json({ data: [{ id: 'a' }, { id: 'b' }], has_more: true, next_cursor: 'c1' }),
    json({ data: [{ id: 'c' }], has_more: false, next_cursor: null }),
  );
  const orderlog = new Orderlog({ baseUrl, apiKey: 'ol_x', fetch: send });
  const ids = [];
  for await (const { id } of orderlog.list({ platform: 'web,shop', limit: 2 })) {
    ids.push(id);
  }
  assert.deepEqual(ids, ['a', 'b', 'c']);
  const queries = requests.map((request) => new URL(request.url).search);
  const filters = '?platform=web%2Cshop&limit=2';
  assert.deepEqual(queries, [filters, `${filters}&cursor=c1`]);
});
