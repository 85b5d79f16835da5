/** Runs with equal params as one line: mean and spread of each metric over what differs, such as seeds. */
import type { SortTerm } from '../../contract';
import { type Column, type Runs, textAt } from '../columns';
import { compareText } from '../filter/query-values';

export interface Group {
  readonly id: string;
  /** In the order of the sort. */
  readonly rows: Int32Array;
}

/** Of the finite values; `std` is that of a sample, NaN of less than two. */
export interface Spread {
  readonly mean: number;
  readonly std: number;
  readonly count: number;
  readonly low: number;
  readonly high: number;
}

/** The groups in the order of their aggregates; runs keep theirs. */
export function groupsOf(
  runs: Runs,
  keys: readonly string[],
  shown: Int32Array,
  sort: readonly SortTerm[],
): Group[] {
  const columns = keys.flatMap((key) => runs.columns.get(key) ?? []);
  const found = new Map<string, number[]>();
  for (const row of shown) {
    const id = columns.map((column) => (column.missing[row] ? '' : `=${textAt(column, row)}`)).join('\u0000');
    const rows = found.get(id);
    if (rows) rows.push(row);
    else found.set(id, [row]);
  }
  const groups = [...found].map(([id, rows]) => ({ id, rows: Int32Array.from(rows) }));
  const terms = sort.flatMap(({ key, descending }) => {
    const column = runs.columns.get(key);
    return column
      ? [{ values: groups.map((group) => ranked(column, group)), sign: descending ? -1 : 1 }]
      : [];
  });
  const order = groups.map((_, at) => at);
  order.sort((a, b) => {
    for (const { values, sign } of terms) {
      const way = compare(values[a], values[b], sign);
      if (way !== 0) return way;
    }
    return a - b;
  });
  return order.map((at) => groups[at]);
}

function ranked(column: Column, group: Group): number | string | null {
  if (column.numbers) return finite(spreadOf(column, group).mean);
  const first = group.rows[0];
  return column.missing[first] ? null : textAt(column, first);
}

function finite(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function compare(a: number | string | null, b: number | string | null, sign: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === 'string' || typeof b === 'string') return sign * compareText(String(a), String(b));
  return sign * Math.sign(a - b);
}

const spreads = new WeakMap<Group, Map<Column, Spread>>();

export function spreadOf(column: Column, group: Group): Spread {
  let known = spreads.get(group);
  if (!known) {
    known = new Map();
    spreads.set(group, known);
  }
  let spread = known.get(column);
  if (!spread) {
    spread = computed(column, group.rows);
    known.set(column, spread);
  }
  return spread;
}

function computed({ numbers }: Column, rows: Int32Array): Spread {
  let count = 0;
  let mean = 0;
  let squares = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const value = numbers?.[row] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    count += 1;
    const delta = value - mean;
    mean += delta / count; // Welford's way: no loss where the mean is large and the spread small
    squares += delta * (value - mean);
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (count === 0) return { mean: Number.NaN, std: Number.NaN, count, low: Number.NaN, high: Number.NaN };
  return { mean, std: count > 1 ? Math.sqrt(squares / (count - 1)) : Number.NaN, count, low, high };
}

/** The text that all runs of a group have, else how many there are; null where none has one. */
export function commonText(column: Column, { rows }: Group): { text: string } | { distinct: number } | null {
  const texts = new Set<string>();
  for (const row of rows) if (!column.missing[row]) texts.add(textAt(column, row));
  if (texts.size === 0) return null;
  const [text] = texts;
  return texts.size === 1 ? { text } : { distinct: texts.size };
}
