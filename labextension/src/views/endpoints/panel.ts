/** The panel of deployments: the list, and under it the chosen one or the form of a new one. */
import type { Ask } from '../ask';
import { Bin, h, readable } from '../dom';
import { Popup } from '../popup';
import { DeployFormView } from './deploy-form';
import { DetailView } from './detail';
import { EndpointList } from './list';
import type { EndpointsState } from './state';
import { Watcher } from './watch';
import { elapsed } from './words';

const GONE = 'The kernel was restarted or stopped: run the cell again. Deployments go on without it.';

/** Draws into `root`; the result takes everything away again. */
export function endpointsView(root: HTMLElement, state: EndpointsState, ask: Ask): () => void {
  const bin = new Bin();
  const count = h('span', { class: 'mam-count mam-title' });
  const store = h('span', { class: 'mam-store' });
  const again = h(
    'button',
    { type: 'button', class: 'mam-icon', 'aria-label': 'Refresh', title: 'Look again' },
    '↻',
  );
  const create = h('button', { type: 'button', class: 'mam-button mam-primary' }, 'New deployment…');
  const working = h('button', { type: 'button', class: 'mam-link', hidden: true });
  const notice = h('div', { class: 'mam-notice', role: 'status', hidden: true });
  const empty = h('div', { class: 'mam-start' });
  const list = new EndpointList(state);
  const popup = new Popup(root);
  const detail = new DetailView(state, ask, popup);
  const below = h('fieldset', { class: 'mam-plain', 'aria-label': 'Chosen deployment' }, detail.element);
  let form: DeployFormView | null = null;
  root.append(
    h(
      'div',
      { class: 'mam-bar mam-head' },
      count,
      store,
      h('span', { class: 'mam-gap' }),
      list.search,
      working,
      again,
      create,
    ),
    notice,
    list.element,
    empty,
    below,
  );
  const watcher = new Watcher(state, ask, root, () => draw());

  function draw(): void {
    const { info, kernel, tab, work } = state;
    const many = info.rows.filter((row) => row.state !== 'empty').length;
    count.textContent = many === 1 ? '1 deployment' : many === 0 ? 'No deployments' : `${many} deployments`;
    store.textContent = readable(info.store);
    store.title = readable(info.store);
    const gone = kernel === 'gone';
    const said = gone
      ? GONE
      : watcher.failed
        ? `The list could not be read: ${watcher.failed}`
        : info.notes.join(' · ');
    if (notice.textContent !== said) notice.textContent = readable(said);
    notice.hidden = said === '';
    again.disabled = gone || watcher.isAsking;
    again.classList.toggle('mam-turning', watcher.isAsking);
    create.disabled = gone || info.targets.length === 0;
    create.title = info.targets.length === 0 ? 'Nothing is tracked, so there is no model: %aml_track' : '';
    create.hidden = tab === 'new';
    working.hidden = !state.isWorking || tab === 'new';
    const lines = work.lines;
    const at = lines[lines.length - 1];
    working.textContent = at ? `deploying ${elapsed(at.at)}: ${readable(at.text)}` : 'deploying…';
    below.disabled = gone;
    empty.hidden = info.rows.length > 0 || tab === 'new';
    empty.replaceChildren(...(empty.hidden ? [] : howToBegin(info.targets.length > 0)));
    showForm(tab === 'new');
    below.hidden = form === null && state.chosen === null;
  }

  /** Made when it is opened: what was typed goes when it is left; the work under way is the kernel's and stays. */
  function showForm(on: boolean): void {
    if (on && !form) {
      form = new DeployFormView(state, ask);
      below.append(form.element);
    } else if (!on && form) {
      form.destroy();
      form.element.remove();
      form = null;
      if (!root.contains(document.activeElement)) create.focus({ preventScroll: true });
    }
  }

  bin.on(again, 'click', () => void watcher.look());
  bin.on(create, 'click', () => state.setTab('new'));
  bin.on(working, 'click', () => state.setTab('new'));
  bin.on<KeyboardEvent>(below, 'keydown', (event) => {
    if (event.key === 'Enter') event.stopPropagation(); // it sends the form, and runs no cell
  });
  bin.add(state.subscribe(() => draw()));
  bin.add(() => list.destroy());
  bin.add(() => detail.destroy());
  bin.add(() => form?.destroy());
  bin.add(() => popup.destroy());
  bin.add(() => watcher.destroy());
  draw();
  return () => {
    bin.empty();
    root.replaceChildren();
  };
}

function howToBegin(hasStore: boolean): HTMLElement[] {
  const code = hasStore ? '%aml_deploy wine@champion' : '%aml_track\n%aml_deploy wine@champion';
  const text = hasStore
    ? 'Nothing is deployed yet. Begin with “New deployment…”, or in a cell:'
    : 'Nothing is deployed on this machine. To deploy a model, say first where models are:';
  return [h('p', {}, text), h('pre', {}, code)];
}
