import type { components } from './schema.js';

/** The body of an error answer (RFC 9457), with the members of this API. */
export type Problem = components['schemas']['ProblemDocument'];

/**
 * An answer that is no success. `code` says which, and never changes its
 * meaning; `problem` has everything else, such as the figures of a rule.
 */
export class ProblemError extends Error {
  override readonly name: string = 'ProblemError';
  /** What kind of problem it is, for programs; `unknown` where the answer does not say. */
  readonly code: string;

  constructor(
    /** The HTTP status. */
    readonly status: number,
    /** The whole answer; empty where somebody on the way has answered with something else. */
    readonly problem: Partial<Problem>,
  ) {
    const { code = 'unknown', title = `HTTP ${status}`, detail } = problem;
    super(`${title} (${code})${detail === undefined ? '' : `: ${detail}`}`);
    this.code = code;
  }

  /** From an answer, whose body it reads. */
  static async of(response: Response): Promise<ProblemError> {
    const problem = await problemOf(response);
    if (response.status === 410 && problem.code === 'position_lost') {
      return new PositionLostError(response.status, problem);
    }
    return new ProblemError(response.status, problem);
  }
}

/**
 * The place to go on from is none of this log, or not any more: it was restored
 * from a backup. Read anew what you keep, and follow again without a place.
 */
export class PositionLostError extends ProblemError {
  override readonly name: string = 'PositionLostError';
}

/** The problem that an answer tells; empty where it tells none. */
export async function problemOf(response: Response): Promise<Partial<Problem>> {
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('application/problem+json')) {
    discard(response);
    return {};
  }
  try {
    return (await response.json()) as Partial<Problem>;
  } catch {
    return {};
  }
}

/** Lets go of a body that nobody reads. Of a clone, that ends with the other one: not waited for. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}
