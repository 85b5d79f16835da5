/**
 * The explorer panel in a notebook. Synced with Python: query, selected_run_ids, columns, axes, color.
 * Never synced: sort, hover, scroll.
 */
import type { AnyModel, Render } from '@anywidget/types';

import { CONTRACT_VERSION, type ExplorerInfo, type Failure } from '../contract';
import { readRuns } from '../views/columns';
import { Bin, h } from '../views/dom';
import { explorerView } from '../views/explorer';
import { failureNote } from '../views/failure';
import { ExplorerState, type Topic } from '../views/state';
import { failSoft, follow } from './failsoft';
import { openTransport } from './transport';

interface Traits extends Record<string, unknown> {
  _runs: DataView;
  _info: ExplorerInfo;
  query: string;
  selected_run_ids: string[];
  columns: string[];
  axes: string[];
  color: string;
  error: Failure | null;
}

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
  const state = new ExplorerState(readRuns(bytesOf(model.get('_runs')), info.columns), info);
  const transport = openTransport(model);
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
  const reload = () => {
    const fresh = model.get('_info');
    state.setRuns(readRuns(bytesOf(model.get('_runs')), fresh.columns), fresh);
  };
  bin.add(follow(model, { ...pull, _runs: reload, _info: reload, error: showError }));
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
    if (dirty.has('columns')) put(model, 'columns', [...state.chosen.columns]);
    if (dirty.has('axes')) put(model, 'axes', [...state.chosen.axes]);
    if (dirty.has('color')) put(model, 'color', state.chosen.color);
    dirty.clear();
    if (before > 0) model.save_changes();
  };
  const noticed = (topic: Topic) => {
    if (topic === 'hover' || topic === 'sort' || topic === 'runs') return;
    dirty.add(topic);
    window.clearTimeout(timer);
    timer = window.setTimeout(flush, SYNC_AFTER);
  };
  return { noticed, flush };
}

function put<K extends keyof Traits & string>(model: AnyModel<Traits>, key: K, value: Traits[K]): void {
  if (JSON.stringify(model.get(key)) !== JSON.stringify(value)) model.set(key, value);
}

/** The bytes on their own: a view into a larger message may not start where Arrow's columns can. */
function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

export default { render: failSoft(render, 'panel.selected') };
