// What there is to be seen, beside the sample data: a shop with a seller, the order whose
// life is driven, and an order, a product, an endpoint and a key whose texts are scripts.

import { createServer } from 'node:http';
import { until } from './system.mjs';
import { SCRIPT } from './watch.mjs';

/** Whom nobody else is called like. */
export const BUYER = { name: 'Wilhelmina Quackenbush', email: 'wilhelmina@example.com' };
/** What somebody types who has heard it on the telephone. */
export const MISSPELT = 'Vilhelmina Quakenbush';

/** A receiver of webhooks on this machine, whose answer is a script where it is taken for
    one; what it was sent, by `webhook-id`. */
export async function receiver() {
  const sent = [];
  const server = createServer((request, answer) => {
    request.resume();
    request.on('end', () => {
      sent.push(request.headers['webhook-id']);
      answer.writeHead(200, { 'content-type': 'text/html' }).end(SCRIPT);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/hooks`;
  return { url, sent, close: () => server.close() };
}

/** Makes all of it; ids and addresses of what has to be found again. */
export async function scene(system) {
  await system.put('/v1/platforms/web', {
    name: 'Web shop',
    currency: 'GBP',
    country: 'GB',
    auto_confirm: true,
    client_prices: 'accepted',
    seller: { name: 'Lumen & Sons Ltd', address: ['12 Mill Lane', 'Bristol', 'United Kingdom'], locale: 'en-GB', paper: 'a4' },
  });
  const hooks = await receiver();
  const told = await system.post('/v1/webhooks/endpoints', { url: hooks.url, event_types: ['*'], description: SCRIPT });
  const story = await place(system, 'C-1', BUYER, 'Desk lamp');
  const scripts = await ofScripts(system);
  await system.post('/v1/exports', { kind: 'orders', format: 'ndjson' });
  await until('a webhook to be delivered', () => hooks.sent.length > 0);
  return { hooks, endpoint: told.id, story, scripts };
}

/** Places an order of two lamps, paid but not captured, and waits until it is read. */
export async function place(system, externalId, customer, lamp) {
  const { order_id: id } = await system.post('/v1/orders', {
    platform: 'web',
    external_id: externalId,
    currency: 'GBP',
    customer,
    lines: [{ sku: 'LAMP', name: lamp, quantity: 2, unit_price: '19.99' }],
    shipping_address: { name: customer.name, line1: '12 Mill Lane', city: 'Bristol', country: 'GB' },
  });
  await confirmed(system, id);
  await system.post(`/v1/orders/${id}/payments`, { amount: 3_998, provider: 'acme', reference: `pay-${externalId}` });
  await system.order(id, 3);
  return id;
}

/** Waits until a worker has confirmed an order. */
async function confirmed(system, id) {
  await until('the order to be confirmed', async () => (await system.order(id, 2)).confirmed);
}

/** Everything that takes a text is given one that is a script. */
async function ofScripts(system) {
  const address = {
    name: SCRIPT, company: SCRIPT, line1: SCRIPT, line2: SCRIPT, city: SCRIPT, region: SCRIPT, country: 'GB', phone: SCRIPT,
  };
  const { order_id: id } = await system.post('/v1/orders', {
    platform: 'web',
    external_id: SCRIPT,
    currency: 'GBP',
    customer: { id: SCRIPT, name: SCRIPT, email: SCRIPT },
    lines: [{ sku: SCRIPT, name: SCRIPT, quantity: 1, unit_price: 100 }],
    shipping: { method: SCRIPT, name: SCRIPT, amount: 100 },
    billing_address: address,
    shipping_address: address,
    tags: [SCRIPT],
  });
  await confirmed(system, id);
  const order = `/v1/orders/${id}`;
  await system.post(`${order}/hold`, { reason: SCRIPT });
  await system.post(`${order}/release`);
  await system.post(`${order}/notes`, { text: SCRIPT });
  await system.post(`${order}/discounts`, { amount: 10, code: SCRIPT, reason: SCRIPT });
  const { totals } = await system.order(id, 6);
  await system.post(`${order}/payments`, { amount: totals.total, provider: SCRIPT, reference: SCRIPT });
  await system.post(`${order}/payments/p1/capture`, { amount: totals.total });
  await system.post(`${order}/fulfillments`, { lines: [{ line: 'l1', quantity: 1 }] });
  await system.post(`${order}/fulfillments/f1/ship`, {
    carrier: SCRIPT,
    tracking_number: SCRIPT,
    // A link to it would be a script too.
    tracking_url: 'javascript:window.__ran=1',
  });
  await system.post(`${order}/returns`, { lines: [{ line: 'l1', quantity: 1, reason: SCRIPT }], reason: SCRIPT });
  await system.post(`${order}/refunds`, { payment_id: 'p1', amount: 5, reason: SCRIPT });
  await system.put('/v1/products/TRAP', { title: SCRIPT, prices: [{ currency: 'GBP', unit_price: '1.00' }] });
  await system.newKey(SCRIPT, ['orders:read']);
  return id;
}
