/** What can be done with a column: the menu of its heading, and of its line in the chooser. */
import { type Column, parseNumber, textAt } from '../columns';
import { readable } from '../dom';
import { formatCount, formatNumber } from '../format';
import type { MenuEntry } from '../menu';
import type { ExplorerState } from '../state';
import { isNumeric, isPinned, pin, setWidth, shiftColumn } from './layout';
import { goalOf, isGrouped, markOf, setMark } from './marks';
import type { MetricValues } from './values';

/** Distinct texts that a menu lists, the most frequent first. */
const LISTED = 24;

/** The entries for one column; `filter` opens the list of its values. */
export function columnEntries(
  state: ExplorerState,
  values: MetricValues,
  column: Column,
  filter: () => void,
): MenuEntry[] {
  const { key } = column.info;
  const shown = state.columns.includes(key);
  return [
    ...sortEntries(state, key),
    { label: 'Filter…', run: filter },
    ...(column.info.kind === 'param' ? [groupEntry(state, key)] : []),
    ...(column.info.kind === 'metric' ? metricEntries(state, values, column) : []),
    null,
    {
      label: 'Pinned at the left',
      checked: isPinned(state, key),
      run: () => pin(state, key, !isPinned(state, key)),
    },
    ...(shown
      ? [
          { label: 'Move left', hint: 'Alt ←', run: () => shiftColumn(state, key, -1) },
          { label: 'Move right', hint: 'Alt →', run: () => shiftColumn(state, key, 1) },
          { label: 'Fit the width', run: () => setWidth(state, key, null) },
          { label: 'Hide', run: () => hide(state, key) },
        ]
      : [{ label: 'Show', run: () => state.setColumns([...state.columns, key]) }]),
  ];
}

function sortEntries(state: ExplorerState, key: string): MenuEntry[] {
  const at = state.sort.find((term) => term.key === key);
  const others = state.sort.filter((term) => term.key !== key);
  const sort = (descending: boolean) => state.setSort([{ key, descending }]);
  return [
    { label: 'Sort ascending', checked: at?.descending === false, run: () => sort(false) },
    { label: 'Sort descending', checked: at?.descending === true, run: () => sort(true) },
    ...(at === undefined && state.sort.length > 0
      ? [
          {
            label: 'Then sort by this',
            run: () => state.setSort([...state.sort, { key, descending: false }]),
          },
        ]
      : []),
    ...(at !== undefined && others.length > 0
      ? [{ label: 'Do not sort by this', run: () => state.setSort(others) }]
      : []),
    ...(state.view.sort.length > 0 ? [{ label: 'Default order', run: () => state.setSort([]) }] : []),
    null,
  ];
}

function groupEntry(state: ExplorerState, key: string): MenuEntry {
  const { group_by } = state.view;
  const on = group_by.includes(key);
  const run = () =>
    state.set('group_by', on ? group_by.filter((other) => other !== key) : [...group_by, key]);
  return { label: 'Group by this', checked: on, run };
}

function metricEntries(state: ExplorerState, values: MetricValues, column: Column): MenuEntry[] {
  const { key } = column.info;
  const now = state.view.values[key] ?? 'last';
  const how = (label: string, value: string) => ({
    label,
    checked: now === value,
    run: () => values.choose(key, value),
  });
  const mark = markOf(state, column);
  const disabled = isGrouped(state);
  const step = now.startsWith('step:') ? now.slice(5) : '';
  return [
    'Value',
    how('Last', 'last'),
    how('Minimum', 'min'),
    how('Maximum', 'max'),
    {
      label: 'At step',
      checked: step !== '',
      input: { type: 'number', value: step },
      run: (text) => {
        if (Number.isSafeInteger(parseNumber(text))) values.choose(key, `step:${parseNumber(text)}`);
      },
    },
    'In the cells',
    {
      label: 'Bars',
      hint: goalOf(state, column) ? 'longer is better' : 'longer is greater',
      checked: mark === 'bar',
      disabled,
      run: () => setMark(state, key, mark === 'bar' ? 'none' : 'bar'),
    },
    {
      label: 'Sparkline',
      checked: mark === 'line',
      disabled,
      run: () => setMark(state, key, mark === 'line' ? 'none' : 'line'),
    },
  ];
}

function hide(state: ExplorerState, key: string): void {
  const keys = state.columns.filter((other) => other !== key);
  if (keys.length > 0) state.setColumns(keys); // an empty list would bring the default ones back
}

/** Chooses runs by what they have in a column: some texts, or a range. */
export function filterEntries(state: ExplorerState, column: Column): MenuEntry[] {
  const { key } = column.info;
  const brush = state.brushes.get(key);
  const clear: MenuEntry[] = brush ? [null, { label: 'All', run: () => state.setBrush(key, null) }] : [];
  if (column.words && (!isNumeric(column) || column.words.texts.length <= LISTED)) {
    const chosen = new Set(brush?.type === 'words' ? brush.texts : []);
    const toggle = (text: string) => {
      const texts = chosen.has(text) ? [...chosen].filter((other) => other !== text) : [...chosen, text];
      state.setBrush(key, texts.length > 0 ? { type: 'words', texts } : null);
    };
    const { counted, more } = frequent(column);
    return [
      ...counted.map(([text, count]) => ({
        label: readable(text.slice(0, 80)) || '(empty)',
        checked: chosen.has(text),
        hint: formatCount(count),
        stays: true,
        run: () => toggle(text),
      })),
      ...(more > 0 ? [`${formatCount(more)} more values: type in the filter`] : []),
      ...clear,
    ];
  }
  const range =
    brush?.type === 'range' ? brush : { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const bound = (label: string, end: 'low' | 'high'): MenuEntry => ({
    label,
    input: { type: 'number', value: Number.isFinite(range[end]) ? formatNumber(range[end], 6) : '' },
    run: (text) => {
      const value = parseNumber(text);
      if (value !== null)
        state.setBrush(key, { type: 'range', low: range.low, high: range.high, [end]: value });
    },
  });
  if (column.info.type === 'time') return ['Brush the axis, or type in the filter', ...clear];
  return [bound('At least', 'low'), bound('At most', 'high'), ...clear];
}

/** The most frequent texts of a column, and how many others there are. */
function frequent(column: Column): { counted: [string, number][]; more: number } {
  const counts = new Map<string, number>();
  for (let row = 0; row < column.missing.length; row++) {
    if (column.missing[row]) continue;
    const text = textAt(column, row);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const all = [...counts].sort((a, b) => b[1] - a[1]);
  return { counted: all.slice(0, LISTED), more: all.length - LISTED };
}
