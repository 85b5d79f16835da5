/** Asks again while something changes and the panel can be seen, and whenever the user wants to know. */
import { type Ask, failureOf, type Question } from '../ask';
import { Bin } from '../dom';
import type { EndpointsState } from './state';

/** The wait between two looks in ms: short while things move, then longer. */
const SOON = 3_000;
const LATE = 15_000;
const SLOWER = 1.3;

export class Watcher {
  failed = '';
  private readonly bin = new Bin();
  private question: Question<object> | null = null;
  private inView = true;
  private delay = SOON;
  private timer = 0;

  constructor(
    private readonly state: EndpointsState,
    private readonly ask: Ask,
    root: HTMLElement,
    private readonly changed: () => void,
  ) {
    this.bin.on(document, 'visibilitychange', () => this.plan());
    const seen = new IntersectionObserver((entries) => {
      this.inView = entries[entries.length - 1]?.isIntersecting ?? true;
      this.plan();
    });
    seen.observe(root);
    this.bin.add(() => seen.disconnect());
    this.bin.add(
      state.subscribe((topic) => {
        if (topic === 'info' || topic === 'kernel') this.plan();
      }),
    );
    this.bin.add(() => {
      window.clearTimeout(this.timer);
      this.question?.cancel();
    });
    this.plan();
  }

  destroy(): void {
    this.bin.empty();
  }

  get isAsking(): boolean {
    return this.question !== null;
  }

  /** Looks now. */
  async look(): Promise<void> {
    if (this.question || this.state.kernel !== 'ready') return;
    window.clearTimeout(this.timer);
    const question = this.ask<object>('endpoints', {});
    this.question = question;
    this.changed();
    try {
      await question.answer;
      this.failed = '';
    } catch (error) {
      const { code, message } = failureOf(error);
      if (code === 'closed') return;
      this.failed = code === 'gone' ? '' : message;
    } finally {
      this.question = null;
    }
    this.plan();
    this.changed();
  }

  private plan(): void {
    window.clearTimeout(this.timer);
    const moves = this.state.info.rows.some((row) => row.state === 'changing');
    if (!moves) this.delay = SOON;
    const seen = this.inView && document.visibilityState !== 'hidden';
    if (!moves || !seen || this.state.kernel !== 'ready' || this.question) return;
    this.timer = window.setTimeout(() => void this.look(), this.delay);
    this.delay = Math.min(LATE, this.delay * SLOWER);
  }
}
