/** How views ask the kernel for something; who carries it is not their business. */
import type { Failure, Request } from '../contract';

export interface Question<R> {
  /** Rejects with an AskError, also when given up. */
  readonly answer: Promise<R>;
  cancel(): void;
}

/**
 * `onProgress` gets each line that the kernel sends meanwhile, and says when the kernel is busy. Bytes come in the
 * answer's `buffers`, a list of DataView; `bytesOf` makes them fit for Arrow.
 */
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

/** The bytes on their own: a view into a larger message may not start where Arrow's columns can. */
export function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

/** Any error as something to show. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AskError) return error.failure;
  return { code: 'internal', message: error instanceof Error ? error.message : String(error), hint: null };
}
