/** What became of something that was asked of the kernel: under way, done, or why not; read out as it changes. */

import type { Failure, Request } from '../../contract';
import { type Ask, failureOf, type Question } from '../ask';
import { h, readable } from '../dom';
import { failureNote } from '../failure';

export class Outcome {
  readonly element = h('div', { class: 'mam-outcome', role: 'status', 'aria-live': 'polite' });
  /** Why the last question has no answer; null if it has one, or was given up. */
  failure: Failure | null = null;
  private question: Question<unknown> | null = null;

  constructor(private readonly ask: Ask) {}

  destroy(): void {
    this.question?.cancel();
    this.question = null;
  }

  get isBusy(): boolean {
    return this.question !== null;
  }

  /**
   * Asks, showing `doing` and what the kernel says meanwhile; the answer, or null if there is none to use.
   * What `refused` takes is not shown.
   */
  async run<R>(
    name: Request['name'],
    args: object,
    doing = '',
    refused: (failure: Failure) => boolean = () => false,
  ): Promise<R | null> {
    this.question?.cancel();
    this.failure = null;
    if (doing) this.show(h('p', { class: 'mam-progress' }, doing));
    const question = this.ask<R>(name, args, (line) => {
      if (this.question === question && doing) this.show(h('p', { class: 'mam-progress' }, readable(line)));
    });
    this.question = question;
    try {
      const answer = await question.answer;
      if (this.question !== question) return null;
      if (doing) this.show();
      return answer;
    } catch (error) {
      const failure = failureOf(error);
      if (this.question !== question || failure.code === 'closed') return null;
      this.failure = failure;
      if (refused(failure)) this.show();
      else this.show(failureNote(failure));
      return null;
    } finally {
      if (this.question === question) this.question = null;
    }
  }

  good(text: string): void {
    this.show(h('p', { class: 'mam-good' }, `✓ ${readable(text)}`));
  }

  show(...content: readonly (Node | string)[]): void {
    this.element.replaceChildren(...content);
  }
}
