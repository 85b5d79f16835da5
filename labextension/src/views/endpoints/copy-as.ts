/** "Copy as": what a button does as Python, as Microsoft's SDK, as az commands and as YAML. */
import type { CodeArgs, CodeResult } from '../../contract';
import type { Ask } from '../ask';
import { Bin, h } from '../dom';
import { Outcome } from './outcome';
import { Segments } from './segments';

const TITLES: Readonly<Record<string, string>> = {
  python: 'Python',
  sdk: 'SDK',
  cli: 'az CLI',
  yaml: 'YAML',
  curl: 'curl',
};

export class CopyAs {
  readonly button = h(
    'button',
    { type: 'button', class: 'mam-button', 'aria-expanded': 'false' },
    'Copy as…',
  );
  readonly element = h('section', { class: 'mam-copy', 'aria-label': 'The same as code', hidden: true });
  private readonly outcome: Outcome;
  private readonly bin = new Bin();

  /** `what` says what to copy at the moment when it is asked for. */
  constructor(
    ask: Ask,
    private readonly what: () => CodeArgs,
  ) {
    this.outcome = new Outcome(ask);
    this.element.append(this.outcome.element);
    this.bin.on(this.button, 'click', () => {
      if (this.element.hidden) void this.open();
      else this.close();
    });
    this.bin.add(() => this.outcome.destroy());
  }

  destroy(): void {
    this.bin.empty();
  }

  close(): void {
    this.element.hidden = true;
    this.button.setAttribute('aria-expanded', 'false');
  }

  /** Also for a menu that leads here. */
  async open(): Promise<void> {
    this.element.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
    const found = await this.outcome.run<CodeResult>('copy_code', this.what(), 'Writing it down…');
    if (found) this.show(found.codes);
  }

  private show(codes: Readonly<Record<string, string>>): void {
    const kinds = Object.keys(codes).filter((kind) => codes[kind]);
    if (kinds.length === 0) {
      this.outcome.show(h('p', { class: 'mam-note' }, 'There is no code for this.'));
      return;
    }
    const text = h('pre', { tabindex: 0 });
    const said = h('span', { class: 'mam-note', role: 'status' });
    const copy = h('button', { type: 'button', class: 'mam-button' }, 'Copy');
    const close = h('button', { type: 'button', class: 'mam-clear', 'aria-label': 'Close' }, '×');
    const options = kinds.map((kind) => ({ value: kind, label: TITLES[kind] ?? kind }));
    const choose = (kind: string) => {
      text.textContent = codes[kind];
      said.textContent = '';
    };
    const segments = new Segments('Language', options, choose);
    segments.value = kinds[0];
    choose(kinds[0]);
    copy.addEventListener('click', () => {
      void toClipboard(text.textContent ?? '').then((done) => {
        said.textContent = done ? 'copied' : 'select it to copy';
      });
    });
    close.addEventListener('click', () => {
      this.close();
      this.button.focus();
    });
    const bar = h(
      'div',
      { class: 'mam-bar' },
      segments.element,
      h('span', { class: 'mam-gap' }),
      said,
      copy,
      close,
    );
    this.outcome.show(bar, text);
  }
}

/** Hosts may forbid it; the text is shown anyway. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
