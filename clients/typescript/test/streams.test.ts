import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PositionLostError } from '@orderlog/client';
import { EventStream } from '../dist/follow.js';
import { parse, type ServerSentEvent } from '../dist/sse.js';
import { answering, pausing, problem, stream } from './fakes.js';

const TEXT = ':hello\nretry: 1500\nid: 1\n\nevent: refresh\nid: 2\ndata: {}\n\ndata: a\ndata:  b\n\nid: 3\n\ndata: cut off';

async function parsed(chunks: Iterable<string>) {
  const state = { lastEventId: '0', retry: 1_000 };
  const bytes = async function* () {
    for (const chunk of chunks) {
      yield new TextEncoder().encode(chunk);
    }
  };
  const events: ServerSentEvent[] = [];
  for await (const event of parse(bytes(), state)) {
    events.push(event);
  }
  return { events, state };
}

test('a stream reads the same however it is cut, with any end of line', async () => {
  const events = [
    { event: 'refresh', data: '{}', lastEventId: '2' },
    { event: 'message', data: 'a\n b', lastEventId: '2' },
  ];
  const expected = { events, state: { lastEventId: '3', retry: 1_500 } };
  for (const end of ['\n', '\r\n', '\r']) {
    const text = TEXT.replaceAll('\n', end);
    assert.deepEqual(await parsed([text]), expected);
    assert.deepEqual(await parsed(text), expected, 'byte by byte');
  }
  assert.deepEqual((await parsed(['data: ü', '\n\n'])).events[0]?.data, 'ü');
});

function following(...answers: (Response | Error)[]) {
  const { send, requests } = answering(...answers);
  const { pause, pauses } = pausing();
  const connection = { send, pause, url: 'http://orderlog.test/v1/orders/changes' };
  const data = ({ data }: ServerSentEvent) => data;
  return { requests, pauses, events: new EventStream(connection, data, { lastEventId: '7' }) };
}

test('a stream that ends goes on where it was, when the server says', async () => {
  const { requests, pauses, events } = following(
    stream('retry: 1500\nid: 8\n\n', 'id: 9\ndata: a\n\n', ':\nid: 10\n\n'),
    new TypeError('fetch failed'),
    problem(503, 'unavailable', { 'retry-after': '60' }),
    stream('id: 11\ndata: b\n\n'),
  );
  const told = [];
  for await (const event of events) {
    told.push(event);
    if (told.length === 2) {
      break;
    }
  }
  assert.deepEqual(told, ['a', 'b']);
  assert.equal(events.lastEventId, '11');
  const places = requests.map((request) => request.headers.get('last-event-id'));
  assert.deepEqual(places, ['7', '10', '10', '10']);
  assert.equal(pauses[0], 1_500);
  assert.ok((pauses[1] ?? 0) <= 3_000);
  assert.equal(pauses[2], 60_000);
  assert.ok(requests[3]?.signal.aborted, 'the connection is not kept');
});

test('a place that is lost ends the stream with an error of its own', async () => {
  const { events } = following(problem(410, 'position_lost'));
  await assert.rejects(events[Symbol.asyncIterator]().next(), PositionLostError);
});

test('a stream ends quietly when its signal aborts, and loudly when it cannot be read', async () => {
  const { send } = answering(stream('id: 8\ndata: a\n\n'));
  const leaving = new AbortController();
  const connection = { send, url: 'http://orderlog.test/' };
  const told: string[] = [];
  const data = ({ data }: ServerSentEvent) => data;
  for await (const event of new EventStream(connection, data, { signal: leaving.signal })) {
    told.push(event);
    leaving.abort();
  }
  assert.deepEqual(told, ['a']);

  const read = ({ data }: ServerSentEvent) => JSON.parse(data) as unknown;
  const unreadable = new EventStream(connection, read, {});
  await assert.rejects(unreadable[Symbol.asyncIterator]().next(), SyntaxError);
});

test('a refusal ends the stream', async () => {
  const { events, requests } = following(problem(401, 'unauthorized'));
  await assert.rejects(events[Symbol.asyncIterator]().next(), { code: 'unauthorized' });
  assert.equal(requests.length, 1);
});
