/** Waits so many milliseconds, or rejects with the signal's reason. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>;

export const pause: Pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stopped = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stopped);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stopped, { once: true });
  });

/**
 * Milliseconds before attempt `attempt` + 1: anything up to a ceiling that
 * doubles ("full jitter"), so that clients that failed together do not come
 * back together.
 */
export function backoff(attempt: number, base: number, ceiling: number): number {
  return Math.random() * Math.min(ceiling, base * 2 ** attempt);
}

/** What `Retry-After` asks for, in milliseconds (RFC 9110 §10.2.3). */
export function retryAfter(response: Response): number {
  const value = response.headers.get('retry-after');
  if (value === null) {
    return 0;
  }
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}
