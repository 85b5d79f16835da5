/** The end of a deployment's log, read again while it is followed. */
import type { LogsResult } from '../../contract';
import { type Ask, failureOf, type Question } from '../ask';
import { Bin, h, readable } from '../dom';
import { failureNote } from '../failure';
import { type Chosen, deploymentsOf } from './state';

/** Between two looks at a log that is followed, in ms. */
const EVERY = 3_000;
const TAILS = [100, 500, 2000] as const;

export class LogsTab {
  readonly element = h('div', { class: 'mam-logs' });
  private readonly text = h('pre', { tabindex: 0, 'aria-label': 'Log', class: 'mam-log' });
  private readonly tail = h('select', { 'aria-label': 'How many lines' });
  private readonly which = h('select', { 'aria-label': 'Log of which deployment' });
  private readonly following = h('input', { type: 'checkbox' });
  private readonly again = h('button', { type: 'button', class: 'mam-button' }, 'Refresh');
  private readonly note = h('div', { class: 'mam-outcome', role: 'status' });
  private readonly bin = new Bin();
  private question: Question<LogsResult> | null = null;
  private timer = 0;

  constructor(
    private readonly ask: Ask,
    private readonly chosen: Chosen,
  ) {
    this.tail.append(...TAILS.map((n) => h('option', { value: n }, `last ${n} lines`)));
    const { row, group } = chosen;
    const under = row === null ? deploymentsOf(group) : [];
    this.which.append(...under.map((one) => h('option', { value: one.reference }, readable(one.deployment))));
    this.which.hidden = under.length < 2;
    if (row?.detail && row.state === 'failed') {
      this.element.append(h('pre', { class: 'mam-decoded', role: 'note' }, readable(row.detail)));
    }
    this.element.append(
      h(
        'div',
        { class: 'mam-bar' },
        this.which,
        this.tail,
        this.again,
        h('label', { class: 'mam-inline' }, this.following, 'follow'),
      ),
      this.note,
      this.text,
    );
    this.bin.on(this.again, 'click', () => void this.read());
    this.bin.on(this.which, 'change', () => {
      this.text.textContent = '';
      void this.read();
    });
    this.bin.on(this.tail, 'change', () => void this.read());
    this.bin.on(this.following, 'change', () => void this.read());
    this.bin.add(() => {
      window.clearTimeout(this.timer);
      this.question?.cancel();
    });
    void this.read();
  }

  destroy(): void {
    this.bin.empty();
  }

  private async read(): Promise<void> {
    window.clearTimeout(this.timer);
    this.question?.cancel();
    const args = { name: this.which.value || this.chosen.reference, tail: Number(this.tail.value) };
    const question = this.ask<LogsResult>('deployment_logs', args);
    this.question = question;
    if (!this.text.textContent)
      this.note.replaceChildren(h('p', { class: 'mam-progress' }, 'Reading the log…'));
    try {
      const { text } = await question.answer;
      if (this.question !== question) return;
      this.note.replaceChildren();
      this.show(text);
    } catch (error) {
      const failure = failureOf(error);
      if (this.question !== question || failure.code === 'closed') return;
      this.note.replaceChildren(failureNote(failure));
      if (failure.code === 'gone') this.following.checked = false;
    }
    if (this.following.checked) this.timer = window.setTimeout(() => void this.read(), EVERY);
  }

  /** Stays at the end where it was there; who reads above is not moved. */
  private show(text: string): void {
    const { text: box } = this;
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 8;
    const written = readable(text) || 'the log is empty';
    if (box.textContent === written) return;
    box.textContent = written;
    if (atEnd) box.scrollTop = box.scrollHeight;
  }
}
