/** One line above the table: what was done, what failed, and how to take it back. */
import type { Failure } from '../../contract';
import { h, readable } from '../dom';
import { failureNote } from '../failure';

/** What needs no answer goes by itself after so long, in ms. */
const STAYS = 6000;

export class Notice {
  readonly element = h('div', { class: 'mam-notice', role: 'status', hidden: true });
  private timer = 0;

  destroy(): void {
    window.clearTimeout(this.timer);
  }

  say(text: string, action?: { readonly label: string; readonly run: () => void }): void {
    const line = h('span', { class: 'mam-notice-text' }, readable(text));
    if (!action) {
      this.show(line);
      this.timer = window.setTimeout(() => this.clear(), STAYS);
      return;
    }
    const button = h('button', { type: 'button', class: 'mam-button' }, action.label);
    button.addEventListener('click', () => action.run(), { once: true });
    this.show(line, button);
  }

  /** Until it is closed: what is to be read or copied by hand. */
  keep(text: string): void {
    this.show(h('span', { class: 'mam-notice-text' }, readable(text)));
  }

  /** While something is under way. */
  wait(text: string): void {
    this.show(h('span', { class: 'mam-progress' }, readable(text)));
  }

  fail(failure: Failure): void {
    this.show(failureNote(failure));
  }

  clear(): void {
    window.clearTimeout(this.timer);
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  private show(...content: HTMLElement[]): void {
    window.clearTimeout(this.timer);
    const close = h('button', { type: 'button', class: 'mam-clear', 'aria-label': 'Close' }, '×');
    close.addEventListener('click', () => this.clear(), { once: true });
    this.element.replaceChildren(...content, h('span', { class: 'mam-gap' }), close);
    this.element.hidden = false;
  }
}
