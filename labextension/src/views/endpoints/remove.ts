/** Deleting, once the user has read what goes with it. */
import { type Ask, failureOf } from '../ask';
import { h, readable } from '../dom';
import { failureNote } from '../failure';
import type { Popup } from '../popup';
import { type Chosen, deploymentsOf } from './state';

/** Opens the question beside `anchor`. */
export function askToDelete(popup: Popup, anchor: HTMLElement, ask: Ask, chosen: Chosen): void {
  const sure = h('button', { type: 'submit', class: 'mam-button mam-danger' }, 'Delete');
  const no = h('button', { type: 'button', class: 'mam-button' }, 'Keep');
  const outcome = h('div', { class: 'mam-outcome', role: 'status', 'aria-live': 'polite' });
  const title = `Delete ${readable(chosen.row?.name ?? chosen.group.name)}?`;
  const box = h(
    'form',
    { class: 'mam-edit', role: 'dialog', 'aria-label': title },
    h('h3', {}, title),
    h('ul', {}, ...whatGoes(chosen).map((line) => h('li', {}, readable(line)))),
    h('p', { class: 'mam-note' }, 'The registered model stays.'),
    h('div', { class: 'mam-bar' }, sure, no),
    outcome,
  );
  no.addEventListener('click', () => popup.close());
  box.addEventListener('submit', (event) => {
    event.preventDefault();
    sure.disabled = true;
    no.textContent = 'Close';
    const progress = h('p', { class: 'mam-progress' }, 'Deleting…');
    outcome.replaceChildren(progress);
    ask<object>('delete_deployment', { name: chosen.reference }, (line) => {
      progress.textContent = readable(line);
    }).answer.then(
      () => {
        if (box.isConnected) popup.close();
      },
      (error: unknown) => {
        sure.disabled = false;
        outcome.replaceChildren(failureNote(failureOf(error)));
      },
    );
  });
  popup.open(box, anchor);
  no.focus();
}

/** Everything that ends, by name. */
export function whatGoes({ row, group }: Chosen): string[] {
  if (!row) {
    const under = deploymentsOf(group).map((one) => `its deployment ${one.deployment}: ${one.model}`);
    return [`the endpoint ${group.name} with its address and keys`, ...under];
  }
  const lines = [`the deployment ${row.name} of ${row.model || 'an unknown model'}`];
  if (row.process !== null) lines.push(`its process ${row.process}, which answers at ${row.url}`);
  if (row.traffic) lines.push(`it gets ${row.traffic} % of the requests of ${group.name}: move them first`);
  return lines;
}
