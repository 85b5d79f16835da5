/** The explorer: filter, plot and table over one state, and the actions on a run. */
import type { ColumnInfo } from '../contract';
import { Actions } from './actions';
import type { Ask } from './ask';
import { ChartBoard } from './charts/board';
import { isDark } from './color';
import { compareTab } from './compare/tab';
import { Bin, h, readable } from './dom';
import { FilterBox } from './filter/filterbox';
import { Follower } from './follow';
import { formatCount, formatNumber } from './format';
import { ParallelPlot } from './parallel/parallel';
import { SavedViews } from './saved-views';
import type { ExplorerState, Topic } from './state';
import { ColumnChooser } from './table/chooser';
import { RunTable } from './table/table';
import { type TabSpec, Tabs } from './tabs';
import { watchTheme } from './theme';

/** How long changes settle before the live region speaks, in ms. */
const SETTLE = 500;

/** Builds the explorer into `root`; returns what takes it away again. */
export function explorerView(root: HTMLElement, state: ExplorerState, ask: Ask): () => void {
  const bin = new Bin();
  const filter = new FilterBox(state);
  const chooser = new ColumnChooser(state);
  const plot = new ParallelPlot(state, ask);
  const specs: TabSpec[] = [
    { tab: 'table', title: () => 'Table', make: () => new RunTable(state, ask) },
    { tab: 'charts', title: () => 'Charts', make: () => new ChartBoard(state, ask) },
    compareTab(state, ask),
  ];
  const tabs = new Tabs(state, specs);
  const actions = new Actions(
    state,
    ask,
    specs.some(({ tab }) => tab === 'compare'),
  );
  const views = new SavedViews(state, ask);
  const follower = new Follower(state, ask, root);
  const parts = [filter, chooser, plot, tabs, actions, views, follower];
  for (const part of parts) bin.add(() => part.destroy());

  const title = h('strong', { class: 'mam-title' });
  const store = h('span', { class: 'mam-store' });
  const count = h('span', { class: 'mam-count' });
  const lacking = h('span', { class: 'mam-lacking' });
  const unfilter = h('button', { type: 'button', class: 'mam-link' }, 'Clear the filter');
  const fold = h('button', { type: 'button', class: 'mam-button mam-plot-fold' }, 'Plot');
  const empty = emptyNote();
  const spoken = h('div', { class: 'mam-spoken', role: 'status', 'aria-live': 'polite' });
  const color = h('select', { class: 'mam-select' });
  const colorLabel = h('label', { class: 'mam-color' }, h('span', {}, 'Color'), color, plot.legend.element);
  const head = h('div', { class: 'mam-bar mam-head' }, title, store, h('span', { class: 'mam-gap' }));
  head.append(colorLabel, chooser.element, views.element, fold);
  const line = h('div', { class: 'mam-bar mam-filter-bar' }, filter.element);
  const counts = h('div', { class: 'mam-counts' }, count, lacking, unfilter);
  line.append(counts);
  root.classList.add('mam-root', 'mam-explorer');
  root.replaceChildren(head, views.note, follower.notice, line, empty, plot.element, actions.element);
  root.append(tabs.element, spoken);

  let timer = 0;
  const say = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      spoken.textContent = summary(state);
    }, SETTLE);
  };
  const draw = (topic: Topic | null) => {
    if (topic === 'hover') return;
    if (topic === null || topic === 'runs') {
      title.textContent = readable(state.info.title);
      store.textContent = readable(state.info.store);
      store.title = state.info.store;
    }
    if (topic === null || topic === 'runs' || topic === 'color' || topic === 'axes') fillColors(color, state);
    const none = state.runs.length === 0;
    empty.hidden = !none;
    const place = none ? empty : counts;
    if (follower.element.parentElement !== place) place.append(follower.element);
    line.hidden = actions.element.hidden = tabs.element.hidden = none;
    colorLabel.hidden = chooser.element.hidden = fold.hidden = none;
    plot.element.hidden = none || state.view.folded;
    fold.setAttribute('aria-expanded', String(!state.view.folded));
    unfilter.hidden = none || state.shown.length > 0;
    count.textContent = countText(state);
    lacking.textContent = lackingText(state);
    say();
  };
  bin.on(unfilter, 'click', () => state.setQuery(''));
  bin.on(fold, 'click', () => state.set('folded', !state.view.folded));
  bin.on(color, 'change', () => state.setColor(color.value));
  bin.add(state.subscribe(draw));
  const paint = () => {
    root.classList.toggle('mam-dark', isDark(root));
    plot.redraw();
  };
  bin.add(watchTheme(root, paint));
  bin.add(() => window.clearTimeout(timer));
  draw(null);
  paint();
  return () => {
    bin.empty();
    root.replaceChildren();
  };
}

/** What there is to do where nothing was logged yet. */
function emptyNote(): HTMLElement {
  const example = 'with mlflow.start_run():\n    mlflow.log_metric("rmse", 0.42)';
  return h(
    'div',
    { class: 'mam-start', hidden: true },
    h('p', {}, h('b', {}, 'No runs yet.'), ' They appear here as they start. One is made by'),
    h('pre', {}, example),
  );
}

/** "18 of 240 runs", and how many the store has when not all were loaded. */
export function countText({ shown, runs, info }: ExplorerState): string {
  const all = formatCount(runs.length);
  const noun = runs.length === 1 ? 'run' : 'runs';
  const some =
    shown.length === runs.length ? `${all} ${noun}` : `${formatCount(shown.length)} of ${all} ${noun}`;
  return info.total > runs.length ? `${some} loaded, ${formatCount(info.total)} in the store` : some;
}

function lackingText({ shown, color }: ExplorerState): string {
  if (!color?.numbers) return '';
  const { numbers, info } = color;
  const without = shown.reduce((sum, row) => sum + (Number.isFinite(numbers[row]) ? 0 : 1), 0);
  return without === 0 ? '' : `${formatCount(without)} without ${readable(info.name)}`;
}

function summary(state: ExplorerState): string {
  const { metric } = state;
  const best = state.best(state.shown);
  if (!metric?.numbers || best < 0) return countText(state);
  return `${countText(state)}, best ${metric.info.name} ${formatNumber(metric.numbers[best])}`;
}

function fillColors(select: HTMLSelectElement, { runs, color }: ExplorerState): void {
  const group = (label: string, kind: string) => {
    const options = [...runs.columns.values()].filter(
      (column) =>
        column.info.kind === kind && (column === color || (column.info.varies && tells(column.info))),
    );
    return options.length === 0
      ? []
      : [
          h(
            'optgroup',
            { label },
            ...options.map(({ info }) => h('option', { value: info.key }, readable(info.name))),
          ),
        ];
  };
  select.replaceChildren(
    ...group('Metrics', 'metric'),
    ...group('Parameters', 'param'),
    ...group('Run', 'attribute'),
    ...group('Tags', 'tag'),
  );
  select.value = color?.info.key ?? '';
  select.disabled = select.options.length === 0;
}

/** Ids and addresses differ in all runs, and mlflow's own tags say nothing of what was tried. */
function tells({ key }: ColumnInfo): boolean {
  return !['run_id', 'run_name', 'artifact_uri'].includes(key) && !key.startsWith('tags.mlflow.');
}
