import { backoff, pause as realPause, retryAfter, type Pause } from './pause.js';
import { discard, problemOf } from './problem.js';

/** Sends one request, as `fetch` does. */
export type Send = (request: Request) => Promise<Response>;

export interface RetryOptions {
  /** How often a request is tried again. */
  retries: number;
  /** Milliseconds that one attempt may take. */
  timeout: number;
  pause?: Pause;
}

const BASE = 100;
const CEILING = 10_000;
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Sends a request again after a network error, a time-out, and the answers that
 * ask for it (429, 502, 503, 504, `contended`), not before `Retry-After`. Every command
 * carries an `Idempotency-Key`, made here if the caller has none, and the same
 * one in every attempt: it is carried out once, however often it arrives.
 */
export function retrying(send: Send, options: RetryOptions): Send {
  const { retries, timeout, pause = realPause } = options;
  return async (request) => {
    if (UNSAFE.has(request.method) && !request.headers.has('idempotency-key')) {
      request.headers.set('idempotency-key', crypto.randomUUID());
    }
    for (let attempt = 0; ; attempt += 1) {
      const last = attempt >= retries;
      let asked = 0;
      try {
        const response = await send(timed(request, timeout));
        if (last || !(await isPassing(response))) {
          return response;
        }
        asked = retryAfter(response);
        discard(response);
      } catch (error) {
        if (last || request.signal.aborted) {
          throw error;
        }
      }
      await pause(Math.max(asked, backoff(attempt, BASE, CEILING)), request.signal);
    }
  };
}

/** A copy that can be sent, and ends in time. */
function timed(request: Request, timeout: number): Request {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeout)]);
  return new Request(request.clone(), { signal });
}

/** Whether the same request may be answered otherwise in a moment. */
async function isPassing(response: Response): Promise<boolean> {
  switch (response.status) {
    case 429:
    case 502:
    case 504:
      return true;
    case 409:
    case 503: {
      const { code } = await problemOf(response.clone());
      // With `not_yet_visible`, the server has waited for as long as it was asked to.
      return response.status === 409 ? code === 'contended' : code !== 'not_yet_visible';
    }
    default:
      return false;
  }
}
