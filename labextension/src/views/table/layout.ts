/** Where the columns stand: order, widths, which stay at the left, and which of the others are in view. */
import type { Column } from '../columns';
import { cellFormatter, formatNumber } from '../format';
import type { ExplorerState } from '../state';

export const TICK_WIDTH = 58;
const LEAST = 48;
const MOST = 900;
/** Drawn beyond both edges, in px: scrolling sideways a little draws nothing anew. */
const SPARE = 160;
/** Stands in `view.pinned` for "nothing is pinned": an empty list is the default, the run's name. */
export const NO_PIN = '-';

export interface Shown {
  readonly key: string;
  readonly column: Column;
  readonly width: number;
  readonly pinned: boolean;
  /** From the left edge of the table, in px. */
  readonly left: number;
  /** Among all columns, from 0. */
  readonly at: number;
  readonly numeric: boolean;
}

/** What is drawn of the columns that are not pinned: `before` px are left out at the left. */
export interface Window {
  readonly first: number;
  readonly last: number;
  readonly before: number;
}

export class Layout {
  readonly columns: readonly Shown[];
  readonly pinned: readonly Shown[];
  readonly free: readonly Shown[];
  /** In px, the column of ticks included. */
  readonly total: number;

  /** `columnOf` gives what a key shows now, `room` what it needs beside its text in px. */
  constructor(
    state: ExplorerState,
    columnOf: (key: string) => Column | undefined,
    room: (column: Column) => number,
  ) {
    const keys = inOrder(state);
    const pins = new Set(pinnedKeys(state));
    const sample = keys.length > 200 ? 12 : 60;
    let left = TICK_WIDTH;
    this.columns = keys.flatMap((key, at) => {
      const column = columnOf(key);
      if (!column) return [];
      const width = state.view.widths[key] ?? measured(column, sample) + room(column);
      const shown = { key, column, width, pinned: pins.has(key), left, at, numeric: isNumeric(column) };
      left += width;
      return [shown];
    });
    this.total = left;
    this.pinned = this.columns.filter(({ pinned }) => pinned);
    this.free = this.columns.filter(({ pinned }) => !pinned);
  }

  window(scrollLeft: number, width: number): Window {
    const { free } = this;
    const start = (free[0]?.left ?? 0) + scrollLeft - SPARE;
    const end = TICK_WIDTH + scrollLeft + width + SPARE;
    const first = firstAfter(free, start);
    let last = first;
    while (last < free.length && free[last].left < end) last++;
    return { first, last, before: first > 0 ? (free[first]?.left ?? this.total) - free[0].left : 0 };
  }
}

/** The first column that reaches beyond `x`. */
function firstAfter(columns: readonly Shown[], x: number): number {
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (columns[middle].left + columns[middle].width > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The pinned keys that are shown: the run's name where nothing was chosen. */
export function pinnedKeys({ view, columns }: ExplorerState): string[] {
  const wanted = view.pinned.length > 0 ? view.pinned : ['run_name'];
  return columns.filter((key) => wanted.includes(key));
}

/** All keys as they stand: pinned ones first, then what runs are grouped by. Lines that open need the name's column. */
export function inOrder(state: ExplorerState): string[] {
  const { view, runs, columns } = state;
  const groups = view.group_by.filter((key) => runs.columns.has(key));
  const name = view.tree || groups.length > 0 ? ['run_name'] : [];
  return [
    ...new Set([...(columns.includes('run_name') ? [] : name), ...pinnedKeys(state), ...groups, ...columns]),
  ];
}

export function isPinned(state: ExplorerState, key: string): boolean {
  return pinnedKeys(state).includes(key);
}

export function pin(state: ExplorerState, key: string, on: boolean): void {
  const keys = pinnedKeys(state).filter((other) => other !== key);
  if (on) keys.push(key);
  state.set('pinned', keys.length > 0 ? keys : [NO_PIN]);
}

/** Puts a column before another one, or at the end; it takes over whether that one is pinned. */
export function moveColumn(state: ExplorerState, key: string, before: string | null): void {
  if (key === before) return;
  const keys = inOrder(state).filter((other) => other !== key);
  const at = before === null ? keys.length : keys.indexOf(before);
  if (at < 0) return;
  const neighbour = keys[at] ?? keys[at - 1];
  keys.splice(at, 0, key);
  if (neighbour !== undefined) pin(state, key, isPinned(state, neighbour));
  state.setColumns(keys);
}

/** One place to the left or right. */
export function shiftColumn(state: ExplorerState, key: string, by: -1 | 1): void {
  const keys = inOrder(state);
  const at = keys.indexOf(key);
  if (at < 0 || keys[at + by] === undefined) return;
  moveColumn(state, key, (by < 0 ? keys[at - 1] : keys[at + 2]) ?? null);
}

export function setWidth(state: ExplorerState, key: string, width: number | null): void {
  const { [key]: _, ...others } = state.view.widths;
  const px = width === null ? null : Math.round(Math.min(MOST, Math.max(LEAST, width)));
  state.set('widths', px === null ? others : { ...others, [key]: px });
}

const formatters = new WeakMap<Column, (row: number) => string>();

/** How a column writes its cells; made when one is first seen. */
export function textOf(column: Column): (row: number) => string {
  let found = formatters.get(column);
  if (!found) {
    found = cellFormatter(column);
    formatters.set(column, found);
  }
  return found;
}

export function isNumeric({ numbers, info }: Column): boolean {
  return numbers !== null && info.type === 'number';
}

const widths = new WeakMap<Column, number>();

/** As wide as its longest text, within reason: a cut number would be read as another one. */
function measured(column: Column, sample: number): number {
  const known = widths.get(column);
  if (known !== undefined) return known;
  const { info, numbers, missing } = column;
  // The formatter of a metric looks at all rows: for thousands of columns that are not in view, a guess must do.
  const text = sample < 60 && numbers ? (row: number) => formatNumber(numbers[row], 6) : textOf(column);
  let longest = numbers ? text(greatest(numbers, sample)).length : 0;
  const step = Math.max(1, Math.floor(missing.length / sample));
  for (let row = 0; row < missing.length; row += step) longest = Math.max(longest, text(row).length);
  const most = info.key === 'run_name' ? 230 : 190;
  const name = Math.min(info.name.length * 6.7 + 62, 182);
  const spare = info.key === 'status' ? 34 : info.key === 'run_name' ? 58 : 24;
  const width = Math.round(Math.min(most, Math.max(64, name, longest * 7.2 + spare)));
  widths.set(column, width);
  return width;
}

/** The row whose number is the farthest from 0; among some rows where there are many columns. */
function greatest(numbers: Float64Array, sample: number): number {
  let most = -1;
  let at = 0;
  const step = sample < 60 ? Math.max(1, Math.floor(numbers.length / 500)) : 1;
  for (let row = 0; row < numbers.length; row += step) {
    const size = Math.abs(numbers[row]);
    if (size > most && size < Number.POSITIVE_INFINITY) {
      most = size;
      at = row;
    }
  }
  return at;
}
