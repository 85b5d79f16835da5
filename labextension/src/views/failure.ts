/** A failure on the page. */
import type { Failure } from '../contract';
import { h, readable } from './dom';

/** What went wrong and what to try, as people read it. */
export function failureNote({ message, hint }: Failure): HTMLElement {
  const note = h('p', { class: 'mam-bad', role: 'alert' }, `✗ ${readable(message)}`);
  if (hint)
    note.append(
      h('br'),
      h('span', { class: 'mam-note' }, 'try: '),
      h('span', { class: 'mam-hint' }, readable(hint)),
    );
  return note;
}
