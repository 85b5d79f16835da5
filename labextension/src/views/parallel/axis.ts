/** One axis of the parallel plot: where a value stands, and what value stands there. Positions run from 0 (low) to 1. */

import type { View } from '../../contract';
import { extent } from '../color';
import type { Column } from '../columns';
import { type BrushPart, type Lane, roundOutward } from '../filter/brushes';
import { formatNumber } from '../format';
import { linearTicks, logTicks, type Mark, spansMagnitudes, timeTicks } from '../ticks';
import { wordAxis } from './word-axis';

export type Scale = View['scales'][string];

export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface Axis {
  readonly column: Column;
  readonly scale: Scale | 'words';
  /** What can be chosen; none where there is nothing to choose. */
  readonly scales: readonly Scale[];
  readonly log: boolean;
  readonly ticks: readonly Tick[];
  /** What is to be said of it, such as that it has too many words to be brushed; '' for nothing. */
  readonly note: string;
  /** A position a row, NaN where it passes on a lane. */
  readonly positions: Float32Array;
  /** Which lanes rows pass on, and which lane a row whose position is NaN. */
  readonly lanes: ReadonlySet<Lane>;
  laneOf(row: number): Lane;
  /** What a stretch of the axis chooses; null when that is nothing or all. `pixels` is the axis' length. */
  brushAt(low: number, high: number, pixels: number): BrushPart | null;
  /** The stretches of the axis that a part of a brush covers. */
  stretches(part: BrushPart): readonly (readonly [number, number])[];
}

const made = new WeakMap<Column, Map<Scale | null, Axis>>();

/** An axis for any column; null leaves the scale to the data. Made once a column and scale. */
export function makeAxis(column: Column, scale: Scale | null): Axis {
  const known = made.get(column) ?? new Map<Scale | null, Axis>();
  made.set(column, known);
  const axis =
    known.get(scale) ?? (column.numbers ? numberAxis(column, column.numbers, scale) : wordAxis(column));
  known.set(scale, axis);
  return axis;
}

/** How values become lengths, and back. */
interface Measure {
  to(value: number): number;
  from(length: number): number;
}

const LINEAR: Measure = { to: (value) => value, from: (length) => length };
const LOG: Measure = { to: Math.log10, from: (length) => 10 ** length };

function numberAxis(column: Column, numbers: Float64Array, wanted: Scale | null): Axis {
  const [low, high] = extent(numbers);
  const isTime = column.info.type === 'time';
  const scales: Scale[] =
    high > low ? ['linear', ...(low > 0 && !isTime ? (['log'] as const) : []), 'quantile'] : [];
  const unasked =
    column.info.kind === 'param' && spansMagnitudes(sample(numbers), low, high) ? 'log' : 'linear';
  const scale = wanted && scales.includes(wanted) ? wanted : scales.includes(unasked) ? unasked : 'linear';
  const log = scale === 'log';
  const measure = log ? LOG : scale === 'quantile' ? quantiles(numbers) : LINEAR;
  // A lone value stands in the middle; the ends get air so that lines do not end on the frame.
  const pad = high > low ? (measure.to(high) - measure.to(low)) * 0.03 : 0.5;
  const [from, to] = [measure.to(low) - pad, measure.to(high) + pad];
  const toPosition = (value: number) => (measure.to(value) - from) / (to - from);
  const toValue = (at: number) => measure.from(from + (to - from) * at);
  const { positions, lanes } = placed(column, numbers, toPosition);
  const ends =
    scale === 'quantile'
      ? quantileTicks(measure)
      : isTime
        ? timeTicks(low, high)
        : log
          ? logTicks(low, high)
          : linearTicks(low, high);
  return {
    column,
    scale,
    scales,
    log,
    note: '',
    positions,
    lanes,
    laneOf: (row) => laneOfNumber(column, numbers, row),
    ticks: ends.map(({ value, label }) => ({ at: toPosition(value), label })),
    brushAt(a, b, pixels) {
      const slack = 0.75 / pixels;
      const bound = (at: number, up: boolean) => {
        const value = toValue(at);
        const next = toValue(at + (up ? slack : -slack));
        return isTime ? Math.round(value / 1000) * 1000 : roundOutward(value, up, Math.abs(next - value));
      };
      const range = { low: bound(a, false), high: bound(b, true) };
      // Over the end, no bound is needed; but infinity has a lane of its own, and is not meant.
      const open = {
        low: range.low <= low && !lanes.has('-inf') ? Number.NEGATIVE_INFINITY : range.low,
        high: range.high >= high && !lanes.has('inf') ? Number.POSITIVE_INFINITY : range.high,
      };
      const all = open.low <= low && open.high >= high && lanes.size === 0;
      return all || (open.low === Number.NEGATIVE_INFINITY && open.high === Number.POSITIVE_INFINITY)
        ? null
        : { type: 'range', ...open };
    },
    stretches(part) {
      if (part.type !== 'range' || part.low > part.high) return [];
      const clamp = (value: number, end: number) => {
        if (!Number.isFinite(value) || (log && value <= 0)) return end;
        return Math.min(1, Math.max(0, toPosition(value)));
      };
      return [[clamp(part.low, 0), clamp(part.high, 1)]];
    },
  };
}

function placed(
  { missing }: Column,
  numbers: Float64Array,
  toPosition: (value: number) => number,
): { positions: Float32Array; lanes: ReadonlySet<Lane> } {
  const positions = new Float32Array(numbers.length);
  const lanes = new Set<Lane>();
  for (let row = 0; row < numbers.length; row++) {
    const value = numbers[row];
    // Not Number.isFinite: this runs a million times.
    if (value - value === 0) positions[row] = toPosition(value);
    else {
      positions[row] = Number.NaN;
      lanes.add(missing[row] ? 'missing' : value > 0 ? 'inf' : value < 0 ? '-inf' : 'nan');
    }
  }
  return { positions, lanes };
}

function laneOfNumber({ missing }: Column, numbers: Float64Array, row: number): Lane {
  if (missing[row]) return 'missing';
  return numbers[row] > 0 ? 'inf' : numbers[row] < 0 ? '-inf' : 'nan';
}

/** Enough values to see how they spread. */
function sample(numbers: Float64Array): Float64Array {
  const every = Math.ceil(numbers.length / 2000);
  return every === 1 ? numbers : numbers.filter((_, row) => row % every === 0);
}

/** Values by rank: as many runs between two places as the places are apart. Equal values share their middle rank. */
function quantiles(numbers: Float64Array): Measure {
  const sorted = numbers.filter(Number.isFinite).sort();
  const values: number[] = [];
  const ranks: number[] = [];
  for (let first = 0; first < sorted.length; ) {
    let last = first;
    while (sorted[last + 1] === sorted[first]) last++;
    values.push(sorted[first]);
    ranks.push((first + last) / 2 / Math.max(1, sorted.length - 1));
    first = last + 1;
  }
  return { to: (value) => between(values, ranks, value), from: (length) => between(ranks, values, length) };
}

/** Reads a rising table, straight between its entries. */
function between(xs: readonly number[], ys: readonly number[], x: number): number {
  let [low, high] = [0, xs.length - 1];
  if (!(x > xs[low])) return ys[low] ?? Number.NaN;
  if (x >= xs[high]) return ys[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle;
    else high = middle;
  }
  return ys[low] + ((ys[high] - ys[low]) * (x - xs[low])) / (xs[high] - xs[low]);
}

function quantileTicks({ from }: Measure): Mark[] {
  const values = [...new Set([0, 0.25, 0.5, 0.75, 1].map(from))].filter((value) => !Number.isNaN(value));
  return values.map((value) => ({ value, label: formatNumber(value, 3) }));
}
