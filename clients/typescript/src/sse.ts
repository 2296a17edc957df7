/** A server-sent event. */
export interface ServerSentEvent {
  /** `message` where the server names none. */
  event: string;
  data: string;
  /** The last `id` that came, with this event or before it. */
  lastEventId: string;
}

/** What a stream says beside its events. */
export interface StreamState {
  /** The place to go on from. */
  lastEventId: string;
  /** Milliseconds to wait before coming again. */
  retry: number;
}

/**
 * Reads a body as server-sent events (WHATWG HTML §9.2.6), and keeps `state` up
 * to date: also by events without data, which are not told.
 */
export async function* parse(
  body: AsyncIterable<Uint8Array>,
  state: StreamState,
): AsyncGenerator<ServerSentEvent> {
  let data: string[] = [];
  let event = '';
  let id = state.lastEventId;
  for await (const line of lines(body)) {
    if (line === '') {
      state.lastEventId = id;
      if (data.length > 0) {
        yield { event: event || 'message', data: data.join('\n'), lastEventId: id };
      }
      data = [];
      event = '';
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    switch (field) {
      case 'data':
        data.push(value);
        break;
      case 'event':
        event = value;
        break;
      case 'id':
        id = value.includes('\0') ? id : value;
        break;
      case 'retry':
        state.retry = /^\d+$/.test(value) ? Number(value) : state.retry;
        break;
      default:
      // A comment, or a field of the future.
    }
  }
}

/** Whole lines; what follows the last one is none. */
async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the end may be half of a CRLF.
    const found = rest.split(/\r\n|\n|\r(?!$)/);
    rest = found.pop() ?? '';
    yield* found;
  }
}
