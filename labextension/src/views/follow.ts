/**
 * Follows the store: while a run has not ended and the panel can be seen, the kernel is asked what changed, less often
 * the less there is. Says how fresh the runs are, and what came between.
 */
import type { RefreshResult } from '../contract';
import { type Ask, failureOf, type Question } from './ask';
import { Bin, h, readable } from './dom';
import { formatTime } from './format';
import type { ExplorerState } from './state';

/** The wait after something changed, in ms, and what it grows to by `SLOWER` when nothing does. */
const SOON = 5_000;
const LATE = 60_000;
const SLOWER = 1.5;
/** How often "12 s ago" is written anew, in ms. */
const TICK = 5_000;
const FLASH = 1_600;

export const GONE =
  'The kernel was restarted or stopped: run the cell again. What you see still filters and sorts.';

export class Follower {
  /** How fresh the runs are; pause and refresh. */
  readonly element = h('span', { class: 'mam-follow' });
  /** What is wrong with the store or the kernel. */
  readonly notice = h('div', { class: 'mam-notice', role: 'status', hidden: true });
  private readonly mark = h('span', { class: 'mam-live' });
  private readonly pause = h('button', { type: 'button', class: 'mam-icon' });
  private readonly again = h('button', { type: 'button', class: 'mam-icon' }, '↻');
  private readonly bin = new Bin();
  private question: Question<RefreshResult> | null = null;
  private paused = false;
  private inView = true;
  private updated: number | null = null;
  private failed: { readonly at: number; readonly message: string } | null = null;
  private delay = SOON;
  private timer = 0;
  private ticking = 0;

  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
    private readonly root: HTMLElement,
  ) {
    this.element.append(this.mark, this.pause, this.again);
    this.bin.on(this.pause, 'click', () => {
      this.paused = !this.paused;
      this.delay = SOON;
      this.update();
    });
    this.bin.on(this.again, 'click', () => this.soon());
    this.bin.on(document, 'visibilitychange', () => this.update());
    const seen = new IntersectionObserver((entries) => {
      this.inView = entries[entries.length - 1]?.isIntersecting ?? true;
      this.update();
    });
    seen.observe(root);
    this.bin.add(() => seen.disconnect());
    this.bin.add(
      state.subscribe((topic) => {
        if (topic === 'runs') this.flash();
        if (topic === 'runs' || topic === 'kernel') this.update();
      }),
    );
    this.bin.add(() => {
      window.clearTimeout(this.timer);
      window.clearInterval(this.ticking);
      this.question?.cancel();
    });
    this.update();
  }

  destroy(): void {
    this.bin.empty();
  }

  /** Asks now: after an action, or because the user wants to know. */
  soon(): void {
    this.delay = SOON;
    void this.refresh();
  }

  private get visible(): boolean {
    return this.inView && document.visibilityState !== 'hidden';
  }

  /** Whether there is something to wait for. */
  private get following(): boolean {
    const { info, kernel } = this.state;
    const waits = info.live || info.loaded === 0 || this.failed !== null;
    return waits && kernel === 'ready' && !this.paused;
  }

  private async refresh(): Promise<void> {
    if (this.question || this.state.kernel !== 'ready') return;
    window.clearTimeout(this.timer);
    const question = this.ask<RefreshResult>('refresh', {});
    this.question = question;
    this.draw();
    try {
      const { changed, removed } = await question.answer;
      this.failed = null;
      this.updated = Date.now();
      this.delay = changed + removed > 0 ? SOON : Math.min(LATE, this.delay * SLOWER);
    } catch (error) {
      const { code, message } = failureOf(error);
      if (code === 'closed') return;
      if (code !== 'gone') this.failed ??= { at: Date.now(), message };
      this.delay = Math.min(LATE, this.delay * 2);
    } finally {
      this.question = null;
    }
    this.update();
  }

  private update(): void {
    window.clearTimeout(this.timer);
    window.clearInterval(this.ticking);
    if (this.following && this.visible && !this.question) {
      this.timer = window.setTimeout(() => void this.refresh(), this.delay);
      this.ticking = window.setInterval(() => this.draw(), TICK);
    }
    this.draw();
  }

  private draw(): void {
    const { info, kernel } = this.state;
    const live = info.live && kernel === 'ready';
    const { updated } = this;
    const still = kernel === 'ready' && updated !== null;
    const when = still ? `updated ${ago(Date.now() - updated)}` : updated ? `as of ${timeOf(updated)}` : '';
    this.mark.textContent = [live ? (this.failed ? 'stale' : this.paused ? 'paused' : 'live') : '', when]
      .filter(Boolean)
      .join(', ');
    this.mark.classList.toggle('mam-on', live && !this.paused && this.failed === null);
    this.mark.title = live ? 'Some runs have not ended: what changes is shown as it comes' : '';
    this.pause.hidden = !live;
    this.pause.textContent = this.paused ? '▶' : '❚❚';
    name(this.pause, this.paused ? 'Follow the running runs' : 'Pause following');
    this.again.hidden = kernel !== 'ready';
    this.again.disabled = this.question !== null;
    this.again.classList.toggle('mam-turning', this.question !== null);
    name(this.again, 'Refresh: look for new and changed runs');
    const said = kernel === 'gone' ? GONE : this.failed ? this.trouble(this.failed) : '';
    if (this.notice.textContent !== said) this.notice.textContent = said; // said once, not at each try
    this.notice.hidden = said === '';
  }

  private trouble({ at, message }: { at: number; message: string }): string {
    const since = `Since ${timeOf(at)} the store has not answered`;
    return `${since}: ${readable(message)}. What you see is what it had before; trying again.`;
  }

  /** Lets the eye find what changed. */
  private flash(): void {
    const { info, runs } = this.state;
    if (info.changed.length === 0 || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const ids = new Set(info.changed);
    requestAnimationFrame(() => {
      for (const row of this.root.querySelectorAll<HTMLElement>('[data-row]')) {
        if (!ids.has(runs.ids[Number(row.dataset.row)])) continue;
        row.animate?.([{ backgroundColor: 'var(--mam-tint)' }, { backgroundColor: 'transparent' }], FLASH);
      }
    });
  }
}

function name(button: HTMLElement, what: string): void {
  button.setAttribute('aria-label', what);
  button.title = what;
}

function timeOf(ms: number): string {
  return `${formatTime(ms, true).slice(11)} UTC`;
}

function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 2) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}
