/** A small form beside a button: what is asked, what the kernel says meanwhile, and why it did not work. */

import type { Ask } from '../ask';
import { Bin, h } from '../dom';
import { Outcome } from '../endpoints/outcome';
import type { Anchor, Popup } from '../popup';
import type { Notice } from '../table/notice';

export interface FormSpec {
  readonly title: string;
  readonly body: readonly HTMLElement[];
  readonly verb: string;
  /** What it does cannot be undone. */
  readonly danger?: boolean;
  /** Does it; true closes the form. `again` is whether the button was pressed before. */
  readonly run: (outcome: Outcome) => Promise<boolean>;
}

/** Opens the form; one at a time. What fails once it was closed is told by `notice`. */
export function openForm(popup: Popup, anchor: Anchor, ask: Ask, notice: Notice, spec: FormSpec): void {
  const { title, body, verb, danger = false } = spec;
  const outcome = new Outcome(ask);
  const look = `mam-button ${danger ? 'mam-danger' : 'mam-primary'}`;
  const submit = h('button', { type: 'submit', class: look }, verb);
  const cancel = h('button', { type: 'button', class: 'mam-button' }, 'Cancel');
  const form = h(
    'form',
    { class: 'mam-edit', role: 'dialog', 'aria-label': title },
    h('h3', {}, title),
    ...body,
    outcome.element,
    h('div', { class: 'mam-buttons' }, submit, cancel),
  );
  const bin = new Bin();
  bin.on(cancel, 'click', () => {
    if (outcome.isBusy) outcome.destroy();
    popup.close();
  });
  bin.on(form, 'submit', (event) => {
    event.preventDefault();
    if (outcome.isBusy) return;
    submit.disabled = true;
    cancel.textContent = 'Stop';
    void spec.run(outcome).then((done) => {
      submit.disabled = false;
      cancel.textContent = 'Close';
      if (done && form.isConnected) popup.close();
      if (!form.isConnected && outcome.failure) notice.fail(outcome.failure);
    });
  });
  popup.open(form, anchor);
  (
    form.querySelector<HTMLElement>('input:not([type="checkbox"]), textarea, select') ??
    (danger ? cancel : submit)
  ).focus();
}

const PLAIN = { spellcheck: 'false', autocomplete: 'off' } as const;

export function textField(
  label: string,
  name: string,
  value = '',
  more: Readonly<Record<string, string | boolean>> = {},
) {
  const input = h('input', { type: 'text', name, value, ...PLAIN, ...more });
  return { input, element: h('label', { class: 'mam-field' }, h('span', {}, label), input) };
}

export function textBox(label: string, value = '', rows = 3) {
  const input = h('textarea', { rows, 'aria-label': label });
  input.value = value;
  return { input, element: h('label', { class: 'mam-field' }, h('span', {}, label), input) };
}

export function tickBox(label: string, checked = false) {
  const input = h('input', { type: 'checkbox', checked });
  return { input, element: h('label', { class: 'mam-tick' }, input, ' ', label) };
}

export function choice(label: string, options: readonly (readonly [string, string])[], value = '') {
  const input = h(
    'select',
    { 'aria-label': label },
    ...options.map(([key, text]) => h('option', { value: key }, text)),
  );
  if (value) input.value = value;
  return { input, element: h('label', { class: 'mam-field' }, h('span', {}, label), input) };
}
