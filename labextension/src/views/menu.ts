/** A menu: arrow keys, first letters and Escape work as in any other. */
import { h } from './dom';
import type { Anchor, Popup } from './popup';

export interface MenuItem {
  readonly label: string;
  /** Gets the text of `input`, where there is one. */
  readonly run: (text: string) => void;
  /** Makes it one that is on or off. */
  readonly checked?: boolean;
  /** At the right: the key that does the same, or a count. */
  readonly hint?: string;
  readonly disabled?: boolean;
  /** Asks for a text or a number, taken with Enter. */
  readonly input?: { readonly type: 'text' | 'number'; readonly value: string };
  /** The menu stays open: for lists of which several are chosen. */
  readonly stays?: boolean;
}

/** A text is a heading, null a line between. */
export type MenuEntry = MenuItem | string | null;

/** Opens a menu in `popup`; `entries` is asked anew after each choice that leaves it open. */
export function openMenu(
  popup: Popup,
  anchor: Anchor,
  label: string,
  entries: () => readonly MenuEntry[],
): void {
  const box = h('div', { class: 'mam-menu', role: 'menu', 'aria-label': label });
  const fill = () => {
    const at = takers(box).indexOf(document.activeElement as HTMLElement);
    box.replaceChildren(
      ...entries().map((entry) => {
        if (entry === null) return h('div', { class: 'mam-menu-line', role: 'separator' });
        if (typeof entry === 'string')
          return h('div', { class: 'mam-menu-heading', role: 'presentation' }, entry);
        return drawItem(entry, () => {
          if (entry.stays) fill();
          else popup.close();
        });
      }),
    );
    takers(box)[at]?.focus();
  };
  fill();
  box.addEventListener('keydown', (event) => onKey(event, box, popup));
  popup.open(box, anchor);
  takers(box)[0]?.focus();
}

function drawItem(item: MenuItem, done: () => void): HTMLElement {
  const { label, checked, hint = '', disabled = false, input } = item;
  if (input) return drawInput(item, input, done);
  const button = h(
    'button',
    {
      type: 'button',
      class: 'mam-menu-item',
      role: checked === undefined ? 'menuitem' : 'menuitemcheckbox',
      'aria-checked': checked === undefined ? null : String(checked),
      tabindex: -1,
      disabled,
    },
    h('span', { class: 'mam-menu-mark', 'aria-hidden': 'true' }, checked ? '✓' : ''),
    h('span', { class: 'mam-menu-label' }, label),
    hint ? h('small', {}, hint) : null,
  );
  button.addEventListener('click', () => {
    if (!item.stays) done(); // first: what it runs may open another box or take the focus
    item.run('');
    if (item.stays) done();
  });
  return button;
}

function drawInput(
  item: MenuItem,
  { type, value }: { type: string; value: string },
  done: () => void,
): HTMLElement {
  const field = h('input', { type: 'text', inputmode: type === 'number' ? 'decimal' : null, value });
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || field.value.trim() === '') return;
    event.preventDefault();
    done();
    item.run(field.value.trim());
  });
  return h(
    'label',
    { class: 'mam-menu-item', role: 'none' },
    h('span', { class: 'mam-menu-mark', 'aria-hidden': 'true' }, item.checked ? '✓' : ''),
    h('span', { class: 'mam-menu-label' }, item.label),
    field,
  );
}

function takers(box: HTMLElement): HTMLElement[] {
  return [...box.querySelectorAll<HTMLElement>('button:not(:disabled), input')];
}

function onKey(event: KeyboardEvent, box: HTMLElement, popup: Popup): void {
  const all = takers(box);
  const at = all.indexOf(document.activeElement as HTMLElement);
  const typing = document.activeElement instanceof HTMLInputElement;
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: all.length - 1,
  };
  if (event.key === 'Tab') popup.close();
  else if (event.key in moves && !(typing && /Home|End/.test(event.key))) {
    all[(moves[event.key] + all.length) % all.length]?.focus();
  } else if (!typing && event.key.length === 1 && event.key !== ' ') {
    const letter = event.key.toLowerCase();
    const order = [...all.slice(at + 1), ...all.slice(0, at + 1)];
    order.find((item) => item.textContent?.replace('✓', '').trim().toLowerCase().startsWith(letter))?.focus();
  } else return;
  event.preventDefault();
}
