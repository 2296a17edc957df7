import type { Send } from './retry.js';

interface Kept {
  etag: string;
  headers: Headers;
  body: string;
}

/** Longer answers are asked for anew. */
const LONGEST = 256 * 1024;

/**
 * Keeps the last `entries` answers that have an ETag, and asks whether they
 * still hold (`If-None-Match`): what has not changed is not sent again. Nothing
 * is answered without asking.
 */
export function cached(send: Send, entries: number): Send {
  const kept = new Map<string, Kept>();
  const keep = (url: string, answer: Kept) => {
    kept.delete(url);
    kept.set(url, answer);
    for (const oldest of kept.keys()) {
      if (kept.size <= entries) {
        break;
      }
      kept.delete(oldest);
    }
  };
  return async (request) => {
    if (request.method !== 'GET' || request.headers.has('if-none-match')) {
      return send(request);
    }
    const known = kept.get(request.url);
    if (known !== undefined) {
      request.headers.set('if-none-match', known.etag);
    }
    const response = await send(request);
    if (known !== undefined && response.status === 304) {
      const headers = merged(known.headers, response.headers);
      keep(request.url, { ...known, headers });
      return new Response(known.body, { status: 200, headers });
    }
    const etag = response.headers.get('etag');
    if (response.status !== 200 || etag === null) {
      return response;
    }
    const body = await response.text();
    const headers = merged(new Headers(), response.headers);
    if (body.length <= LONGEST) {
      keep(request.url, { etag, headers, body });
    }
    return new Response(body, { status: 200, headers });
  };
}

/** Headers of a body that is whole and unpacked; newer ones win (RFC 9111 §3.2). */
function merged(old: Headers, fresh: Headers): Headers {
  const headers = new Headers(old);
  fresh.forEach((value, name) => headers.set(name, value));
  headers.delete('content-length');
  headers.delete('content-encoding');
  return headers;
}
