import { backoff, pause as realPause, retryAfter, type Pause } from './pause.js';
import { ProblemError } from './problem.js';
import type { Send } from './retry.js';
import { parse, type ServerSentEvent, type StreamState } from './sse.js';

export interface FollowOptions {
  /** Where to begin: after this place. From now on, if absent. */
  lastEventId?: string | undefined;
  /** Ends the stream. */
  signal?: AbortSignal | undefined;
}

interface Connection {
  send: Send;
  url: string;
  pause?: Pause;
}

/** Something comes each 15 s; three times as long without anything is a dead connection. */
const SILENCE = 45_000;
const CEILING = 30_000;
const PASSING = new Set([429, 502, 503, 504]);

/**
 * Events as they happen, until it is left or its signal aborts. A connection
 * that ends is made anew, and goes on where it was: nothing is missed, nothing
 * told twice.
 */
export class EventStream<T> implements AsyncIterable<T> {
  readonly #connection: Connection;
  readonly #told: (event: ServerSentEvent) => T;
  readonly #signal: AbortSignal | undefined;
  readonly #state: StreamState;

  constructor(connection: Connection, told: (event: ServerSentEvent) => T, options: FollowOptions) {
    this.#connection = connection;
    this.#told = told;
    this.#signal = options.signal;
    this.#state = { lastEventId: options.lastEventId ?? '', retry: 1_000 };
  }

  /**
   * The place to go on from with another stream, of the event that came last or
   * after it. It also moves while nothing happens that is asked for.
   */
  get lastEventId(): string {
    return this.#state.lastEventId;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    const { pause = realPause } = this.#connection;
    let failures = 0;
    while (!this.#signal?.aborted) {
      const ended = new AbortController();
      let asked = 0;
      try {
        const response = await this.#connect(ended);
        if (response?.ok && response.body !== null) {
          failures = 0;
          for await (const event of parse(alive(response.body, ended), this.#state)) {
            yield this.#told(event);
          }
        } else {
          failures += 1;
          asked = response === undefined ? 0 : retryAfter(response);
        }
      } finally {
        // Also when the caller leaves: the connection is not kept.
        ended.abort();
      }
      const { retry } = this.#state;
      const wait = failures > 0 ? backoff(failures, retry, CEILING) : retry;
      await pause(Math.max(asked, wait), this.#signal).catch(() => undefined);
    }
  }

  /** An answer that is a stream, or one after which it is tried again; none where nobody answers. */
  async #connect(ended: AbortController): Promise<Response | undefined> {
    const signals = [ended.signal, ...(this.#signal === undefined ? [] : [this.#signal])];
    const headers = new Headers({ Accept: 'text/event-stream' });
    if (this.#state.lastEventId !== '') {
      headers.set('Last-Event-ID', this.#state.lastEventId);
    }
    const signal = AbortSignal.any(signals);
    const request = new Request(this.#connection.url, { headers, signal, cache: 'no-store' });
    const response = await this.#connection.send(request).catch(() => undefined);
    if (response === undefined || response.ok || PASSING.has(response.status)) {
      return response;
    }
    throw await ProblemError.of(response);
  }
}

/** Pieces of a body, for as long as they come. A connection that breaks has an end like any other. */
async function* alive(
  body: ReadableStream<Uint8Array>,
  ended: AbortController,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const watch = setTimeout(() => ended.abort(), SILENCE);
      const read = reader.read().catch(() => undefined);
      const piece = await read.finally(() => clearTimeout(watch));
      if (piece?.value === undefined) {
        return;
      }
      yield piece.value;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
