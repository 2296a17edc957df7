import { Orderlog } from '@orderlog/client';

const orderlog = new Orderlog({
  baseUrl: process.env.ORDERLOG_URL ?? 'http://127.0.0.1:8080',
  apiKey: process.env.ORDERLOG_API_KEY ?? '',
});

const placed = await orderlog.place({
  platform: 'web',
  currency: 'GBP',
  lines: [{ sku: 'LAMP', name: 'Desk lamp', quantity: 2, unit_price: '19.99' }],
});
const order = await orderlog.waitFor(placed);
console.log(`${order.number} is ${order.status}, ${order.totals.total} pence`);

await orderlog.api.POST('/v1/orders/{id}/notes', {
  params: { path: { id: order.id } },
  body: { text: 'ring twice' },
});
const changes = orderlog.changes({ order: [order.id], lastEventId: placed.position });
for await (const change of changes) {
  if (change.type === 'changed') {
    const { notes } = await orderlog.get(change.id, { min_version: change.version });
    console.log(`version ${change.version}: ${notes.at(-1)?.text}`);
    break;
  }
}
