/** The explorer: filter, plot and table over one state, and the actions on a run. */
import { Actions } from './actions';
import type { Ask } from './ask';
import { isDark } from './color';
import { Bin, h, readable } from './dom';
import { FilterBox } from './filter/filterbox';
import { formatCount, formatNumber } from './format';
import { ParallelPlot } from './parallel/parallel';
import type { ExplorerState, Topic } from './state';
import { ColumnChooser } from './table/chooser';
import { RunTable } from './table/table';
import { Tabs } from './tabs';
import { watchTheme } from './theme';

/** How long changes settle before the live region speaks, in ms. */
const SETTLE = 500;

/** Builds the explorer into `root`; returns what takes it away again. */
export function explorerView(root: HTMLElement, state: ExplorerState, ask: Ask): () => void {
  const bin = new Bin();
  const filter = new FilterBox(state);
  const chooser = new ColumnChooser(state);
  const plot = new ParallelPlot(state);
  const table = new RunTable(state);
  const actions = new Actions(state, ask);
  const tabs = new Tabs(state, [{ tab: 'table', title: () => 'Table', make: () => table }]);
  const parts = [filter, chooser, plot, tabs, actions];
  for (const part of parts) bin.add(() => part.destroy());

  const title = h('strong', { class: 'mam-title' });
  const store = h('span', { class: 'mam-store' });
  const count = h('span', { class: 'mam-count' });
  const lacking = h('span', { class: 'mam-lacking' });
  const spoken = h('div', { class: 'mam-spoken', role: 'status', 'aria-live': 'polite' });
  const color = h('select', { class: 'mam-select' });
  const colorLabel = h('label', { class: 'mam-color' }, h('span', {}, 'Color'), color, plot.legend.element);
  const head = h('div', { class: 'mam-bar mam-head' }, title, store, h('span', { class: 'mam-gap' }));
  head.append(colorLabel, chooser.element);
  const line = h('div', { class: 'mam-bar mam-filter-bar' }, filter.element);
  line.append(h('div', { class: 'mam-counts' }, count, lacking));
  root.classList.add('mam-root', 'mam-explorer');
  root.replaceChildren(head, line, plot.element, actions.element, tabs.element, spoken);

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
    count.textContent = countText(state);
    lacking.textContent = lackingText(state);
    say();
  };
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
      (column) => column.numbers && column.info.kind === kind && (column.info.varies || column === color),
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
  );
  select.value = color?.info.key ?? '';
  select.disabled = select.options.length === 0;
}
