/** One question at a time: a new one gives up the one before it, and late answers are dropped. */
import { type Ask, failureOf, type Question } from '../ask';
import { h, readable } from '../dom';
import { failureNote } from '../failure';

export class Latest {
  private question: Question<unknown> | null = null;

  constructor(private readonly ask: Ask) {}

  cancel(): void {
    this.question?.cancel();
    this.question = null;
  }

  /** Asks; `progress` gets the kernel's lines, and of `done` and `failed` one is called unless it was given up. */
  async put<R>(
    name: Parameters<Ask>[0],
    args: object,
    progress: (line: string) => void,
    done: (answer: R) => void,
    failed: (note: HTMLElement) => void,
  ): Promise<void> {
    this.cancel();
    const question = this.ask<R>(name, args, (line) => progress(readable(line)));
    this.question = question;
    const isLate = () => this.question !== question;
    try {
      const answer = await question.answer;
      if (!isLate()) done(answer);
    } catch (error) {
      if (!isLate()) failed(failureNote(failureOf(error)));
    }
  }
}

export function plainButton(text: string, look = 'mam-button'): HTMLButtonElement {
  return h('button', { type: 'button', class: look }, text);
}
