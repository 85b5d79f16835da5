/**
 * The explorer panel in a notebook. Synced with Python: query, selected_run_ids, columns, axes, color, and the rest of
 * the view. Never synced: hover, scroll.
 */
import type { AnyModel, Render } from '@anywidget/types';

import { CONTRACT_VERSION, type ExplorerInfo, type Failure, type View } from '../contract';
import { bytesOf } from '../views/ask';
import { type Runs, readRuns } from '../views/columns';
import { Bin, h } from '../views/dom';
import { explorerView } from '../views/explorer';
import { failureNote } from '../views/failure';
import { mergedRuns } from '../views/merge';
import { ExplorerState, emptyView, type Topic } from '../views/state';
import { failSoft, follow } from './failsoft';
import { openTransport } from './transport';

interface Traits extends Record<string, unknown> {
  _runs: DataView;
  _changes: DataView;
  _info: ExplorerInfo;
  query: string;
  selected_run_ids: string[];
  columns: string[];
  axes: string[];
  color: string;
  view: Partial<View>;
  error: Failure | null;
}

/** Keys of the view that have a trait of their own. */
const OWN_TRAITS = ['query', 'columns', 'axes', 'color'] as const;
const REST = (Object.keys(emptyView()) as (keyof View)[]).filter(
  (key) => !(OWN_TRAITS as readonly string[]).includes(key),
);

/** State settles this long before Python hears of it, in ms: a brush being dragged is one message, not sixty. */
const SYNC_AFTER = 200;

const render: Render<Traits> = ({ model, el }) => {
  const info = model.get('_info');
  if (info.contract !== CONTRACT_VERSION) {
    throw new Error(
      `the kernel speaks version ${info.contract} and this page ${CONTRACT_VERSION}: reload the page`,
    );
  }
  const bin = new Bin();
  const runsOf = runsReader(model);
  const state = new ExplorerState(runsOf(), info);
  const transport = openTransport(model, (alive) => state.setKernel(alive ? 'ready' : 'gone'));
  bin.add(transport.close);
  const root = h('div');
  const failure = h('div', { class: 'mam-failure' });
  el.replaceChildren(failure, root);
  const pull = {
    query: () => state.setQuery(model.get('query')),
    selected_run_ids: () => state.setTickedIds(model.get('selected_run_ids')),
    columns: () => state.setColumns(model.get('columns')),
    axes: () => state.setAxes(model.get('axes')),
    color: () => state.setColor(model.get('color')),
    view: () => state.setView({ ...ownTraits(state.view), ...model.get('view') }),
  };
  for (const read of Object.values(pull)) read();
  const showError = () => {
    const error = model.get('error');
    failure.replaceChildren(...(error ? [failureNote(error)] : []));
  };
  showError();
  bin.add(explorerView(root, state, transport.ask));
  const sync = syncer(model, state);
  bin.add(state.subscribe(sync.noticed));
  bin.add(sync.flush);
  let seen: unknown[] = [];
  const reload = () => {
    const now = [model.get('_runs'), model.get('_changes'), model.get('_info')];
    if (now.every((part, i) => part === seen[i])) return; // the three come in one message
    seen = now;
    state.setRuns(runsOf(), model.get('_info'));
  };
  bin.add(follow(model, { ...pull, _runs: reload, _changes: reload, _info: reload, error: showError }));
  return () => {
    bin.empty();
    el.replaceChildren();
  };
};

/** Writes what the user did into the traits, once it has settled. */
function syncer(model: AnyModel<Traits>, state: ExplorerState) {
  const dirty = new Set<Topic>();
  let timer = 0;
  const flush = () => {
    window.clearTimeout(timer);
    const before = dirty.size;
    // A query that is still being typed, or wrong, stays in the browser.
    if (dirty.has('query') && state.error === null) put(model, 'query', state.query);
    if (dirty.has('ticked')) put(model, 'selected_run_ids', state.tickedIds());
    const { view } = state;
    for (const key of ['columns', 'axes', 'color'] as const) if (dirty.has(key)) put(model, key, view[key]);
    if (REST.some((key) => dirty.has(key))) put(model, 'view', pick(view, REST));
    dirty.clear();
    if (before === 0) return;
    try {
      model.save_changes();
    } catch {
      state.setKernel('gone');
    }
  };
  const noticed = (topic: Topic) => {
    if (topic === 'hover' || topic === 'runs' || topic === 'kernel') return;
    dirty.add(topic);
    window.clearTimeout(timer);
    timer = window.setTimeout(flush, SYNC_AFTER);
  };
  return { noticed, flush };
}

function put<K extends keyof Traits & string>(model: AnyModel<Traits>, key: K, value: Traits[K]): void {
  if (JSON.stringify(model.get(key)) !== JSON.stringify(value)) model.set(key, value);
}

/** Reads all runs: those that came first, once, with the changes since. */
function runsReader(model: AnyModel<Traits>): () => Runs {
  let bytes: DataView | null = null;
  let first: Runs | null = null;
  return () => {
    const { columns, removed } = model.get('_info');
    if (!first || bytes !== model.get('_runs')) {
      bytes = model.get('_runs');
      first = readRuns(bytesOf(bytes), columns);
    }
    const changes = model.get('_changes');
    const changed = changes?.byteLength ? readRuns(bytesOf(changes), columns) : null;
    return changed || removed.length > 0 ? mergedRuns(first, changed, removed, columns) : first;
  };
}

function ownTraits(view: Readonly<View>): Partial<View> {
  return pick(view, OWN_TRAITS);
}

function pick(view: Readonly<View>, keys: readonly (keyof View)[]): Partial<View> {
  return Object.fromEntries(keys.map((key) => [key, view[key]]));
}

export default { render: failSoft(render, 'panel.selected') };
