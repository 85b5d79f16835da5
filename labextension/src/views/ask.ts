/** How views ask the kernel for something; who carries it is not their business. */
import type { Failure, Request } from '../contract';

export interface Question<R> {
  /** Rejects with an AskError, also when given up. */
  readonly answer: Promise<R>;
  cancel(): void;
}

/** `onProgress` gets each line that the kernel sends meanwhile, and says when the kernel is busy. */
export type Ask = <R>(
  name: Request['name'],
  args: object,
  onProgress?: (message: string) => void,
) => Question<R>;

/** The kernel's refusal, a time-out or the user's change of mind. */
export class AskError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** Any error as something to show. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AskError) return error.failure;
  return { code: 'internal', message: error instanceof Error ? error.message : String(error), hint: null };
}
