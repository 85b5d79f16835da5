/** The registry panel: models at the left, the versions of one, and under them the version that is open. */
import type { ModelsInfo } from '../../contract';
import { type Ask, failureOf } from '../ask';
import { Bin, h, readable } from '../dom';
import { formatCount } from '../format';
import { Popup } from '../popup';
import { Notice } from '../table/notice';
import { Detail } from './detail';
import { Dialogs } from './dialogs';
import { Editor } from './editor';
import { ModelList } from './list';
import { ModelHead } from './model-head';
import type { ModelsState } from './state';
import { VersionHead } from './version-head';
import { VersionTable } from './versions';

/** Typing in the search box settles so long, in ms. */
const SETTLE = 150;
const GONE = 'The kernel was restarted or stopped: run the cell again.';

/** Draws into `root`; the result takes everything away again. */
export function modelsView(root: HTMLElement, state: ModelsState, ask: Ask): () => void {
  const bin = new Bin();
  const popup = new Popup(root);
  const notice = new Notice();
  const editor = new Editor(state, ask, popup, notice);
  const dialogs = new Dialogs(state, ask, popup, notice);
  const list = new ModelList(state);
  const table = new VersionTable(state);
  const modelHead = new ModelHead(state, editor, popup);
  const versionHead = new VersionHead(ask, editor, dialogs, popup);
  const detail = new Detail(state, ask, editor, versionHead);
  const count = h('span', { class: 'mam-count mam-title', role: 'status', 'aria-live': 'polite' });
  const store = h('span', { class: 'mam-note mam-store' });
  const search = h('input', {
    type: 'search',
    class: 'mam-find',
    placeholder: 'Search',
    'aria-label': 'Search models',
    title: 'In names, tags, descriptions, aliases and stages',
    spellcheck: 'false',
    autocomplete: 'off',
  });
  const again = h(
    'button',
    { type: 'button', class: 'mam-icon', 'aria-label': 'Refresh', title: 'Read the registry anew' },
    '↻',
  );
  const register = h('button', { type: 'button', class: 'mam-button' }, 'Register…');
  const gone = h('p', { class: 'mam-bad mam-gone', role: 'alert' });
  const none = h('div', { class: 'mam-start' });
  const shelf = h('div', { class: 'mam-shelf' }, modelHead.element, table.element);
  const body = h('fieldset', { class: 'mam-models-body' }, list.element, shelf, detail.element);
  const head = h(
    'div',
    { class: 'mam-bar mam-head' },
    count,
    store,
    h('span', { class: 'mam-gap' }),
    search,
    again,
    register,
  );
  root.append(head, notice.element, gone, none, body);
  let timer = 0;

  function draw(): void {
    const { info, shelves, kernel } = state;
    count.textContent = counted(state);
    store.textContent = readable(info.store);
    store.title = readable(info.store);
    gone.hidden = kernel !== 'gone';
    gone.textContent = gone.hidden ? '' : GONE;
    again.disabled = register.disabled = body.disabled = kernel === 'gone';
    root.classList.toggle('mam-one-model', info.models.length < 2);
    none.hidden = shelves.length > 0;
    body.hidden = shelves.length === 0;
    none.replaceChildren(
      ...(none.hidden ? [] : info.models.length === 0 ? howToBegin(info) : [nothingFound()]),
    );
    if (search.value !== state.search && document.activeElement !== search) search.value = state.search;
  }

  function nothingFound(): HTMLElement {
    const clear = h('button', { type: 'button', class: 'mam-button' }, 'Clear the search');
    clear.onclick = () => {
      search.value = '';
      state.setSearch('');
      search.focus();
    };
    return h('p', {}, 'No model and no version has these words. ', clear);
  }

  async function refresh(): Promise<void> {
    again.disabled = true;
    notice.wait('Reading the registry…');
    try {
      await ask<ModelsInfo>('models', {}).answer; // what is new comes as the trait
      notice.clear();
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code !== 'closed') notice.fail(failure);
    }
    again.disabled = state.kernel === 'gone';
  }

  bin.on(again, 'click', () => void refresh());
  bin.on(register, 'click', () => dialogs.register(register));
  bin.on(search, 'input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => state.setSearch(search.value), SETTLE);
  });
  bin.on<KeyboardEvent>(search, 'keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'ArrowDown') list.element.focus();
  });
  bin.add(() => window.clearTimeout(timer));
  bin.add(state.subscribe(() => draw()));
  for (const part of [list, table, modelHead, versionHead, detail, popup, notice])
    bin.add(() => part.destroy());
  draw();
  return () => {
    bin.empty();
    root.replaceChildren();
  };
}

function counted({ info, shelves, search }: ModelsState): string {
  const models = `${formatCount(info.models.length)} model${info.models.length === 1 ? '' : 's'}`;
  const versions = `${formatCount(info.total)} version${info.total === 1 ? '' : 's'}`;
  if (search.trim()) {
    const found = shelves.reduce((sum, shelf) => sum + shelf.versions.length, 0);
    return `${formatCount(found)} of ${versions}`;
  }
  const cut =
    info.versions.length < info.total ? `, the first ${formatCount(info.versions.length)} shown` : '';
  return info.models.length === 0 ? 'No models' : `${models}, ${versions}${cut}`;
}

function howToBegin({ name }: ModelsInfo): HTMLElement[] {
  return [
    h(
      'p',
      {},
      name ? `'${readable(name)}' has no version yet. ` : 'No model is registered here yet. ',
      'Begin with “Register…”, or in a cell:',
    ),
    h('pre', { tabindex: 0 }, `%aml_register best --metric METRIC --name ${name || 'wine'} --alias champion`),
  ];
}
