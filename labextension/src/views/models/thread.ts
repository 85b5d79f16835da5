/** The discussion of a version: who said and did what, the newest last, and a box to write in. */
import type { ThreadEntry, VersionResult } from '../../contract';
import type { Ask } from '../ask';
import { Bin, h, readable } from '../dom';
import { Outcome } from '../endpoints/outcome';
import type { Editor } from './editor';
import { when } from './words';

/** As many fit beside other tags; the oldest make room. */
const KEPT = 20;

export class ThreadView {
  readonly element = h('div', { class: 'mam-thread' });
  private readonly list = h('ol', { 'aria-label': 'Discussion' });
  private readonly none = h('p', { class: 'mam-note' }, 'Nobody has written about this version yet.');
  private readonly box = h('textarea', {
    rows: 2,
    maxlength: 700,
    placeholder: 'Why this version is good, or is not…',
    'aria-label': 'Comment',
  });
  private readonly button = h('button', { type: 'submit', class: 'mam-button mam-primary' }, 'Comment');
  private readonly outcome: Outcome;
  private readonly bin = new Bin();

  constructor(
    ask: Ask,
    private readonly editor: Editor,
    private shown: VersionResult,
  ) {
    this.outcome = new Outcome(ask);
    const note = h(
      'span',
      { class: 'mam-note' },
      `Kept on the version for the whole team; the newest ${KEPT} entries.`,
    );
    const form = h(
      'form',
      { class: 'mam-write' },
      this.box,
      h('div', { class: 'mam-bar' }, this.button, note),
      this.outcome.element,
    );
    this.element.append(this.none, this.list, form);
    this.bin.on(form, 'submit', (event) => {
      event.preventDefault();
      void this.write();
    });
    this.bin.on<KeyboardEvent>(this.box, 'keydown', (event) => {
      event.stopPropagation();
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void this.write();
    });
    this.bin.add(() => this.outcome.destroy());
    this.show(shown);
  }

  destroy(): void {
    this.bin.empty();
  }

  /** What is being typed stays. */
  show(version: VersionResult): void {
    this.shown = version;
    this.none.hidden = version.thread.length > 0;
    this.list.replaceChildren(...version.thread.map(drawEntry));
  }

  private async write(): Promise<void> {
    const text = this.box.value.trim();
    if (text === '' || this.outcome.isBusy) return;
    this.button.disabled = true;
    if (await this.editor.comment(this.shown.row, text, this.outcome)) this.box.value = '';
    this.button.disabled = false;
  }
}

function drawEntry({ at, who, what, did, text }: ThreadEntry): HTMLElement {
  const head = h('div', { class: 'mam-entry-head' }, h('b', {}, readable(who)), when(at));
  const change = did ? h('span', { class: `mam-did mam-did-${what}` }, readable(did)) : null;
  return h('li', {}, head, change, text ? h('p', {}, readable(text)) : null);
}
