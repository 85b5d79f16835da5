/** One axis of the parallel plot: where a value stands, and what value stands there. Positions run from 0 (low) to 1. */

import { extent } from '../color';
import type { Column } from '../columns';
import type { Brush } from '../filter/brushes';
import { roundOutward } from '../filter/brushes';
import { compareText } from '../filter/query-values';
import { formatNumber, formatTime } from '../format';

export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface Axis {
  readonly column: Column;
  readonly log: boolean;
  readonly canLog: boolean;
  readonly ticks: readonly Tick[];
  /** A position a row, NaN on the lane of runs without a value. */
  readonly positions: Float32Array;
  /** The brush of a stretch of the axis; null when it covers nothing. `pixels` is the axis' length. */
  brushAt(low: number, high: number, pixels: number): Brush | null;
  /** The stretches of the axis that a brush covers. */
  stretches(brush: Brush): readonly (readonly [number, number])[];
}

/** An axis for any column; `log` asks for a logarithmic one, null leaves the choice to the data. */
export function makeAxis(column: Column, log: boolean | null): Axis {
  return column.numbers ? numberAxis(column, column.numbers, log) : wordAxis(column);
}

function numberAxis(column: Column, numbers: Float64Array, wanted: boolean | null): Axis {
  const [low, high] = extent(numbers);
  const isTime = column.info.type === 'time';
  const canLog = !isTime && low > 0 && high > low;
  const log = canLog && (wanted ?? (column.info.kind === 'param' && spansMagnitudes(numbers, low, high)));
  const scale = (value: number) => (log ? Math.log10(value) : value);
  const unscale = (value: number) => (log ? 10 ** value : value);
  // A lone value stands in the middle; the ends get air so that lines do not end on the frame.
  const pad = high > low ? (scale(high) - scale(low)) * 0.03 : 0.5;
  const [from, to] = [scale(low) - pad, scale(high) + pad];
  const toPosition = (value: number) => (scale(value) - from) / (to - from);
  const positions = Float32Array.from(numbers, (value) =>
    Number.isFinite(value) ? toPosition(value) : Number.NaN,
  );
  const ends = isTime ? timeTicks(low, high) : log ? logTicks(low, high) : linearTicks(low, high);
  return {
    column,
    log,
    canLog,
    positions,
    ticks: ends.map(({ value, label }) => ({ at: toPosition(value), label })),
    brushAt(a, b, pixels) {
      const slack = 0.75 / pixels;
      const bound = (at: number, up: boolean) => {
        const value = unscale(from + (to - from) * at);
        const next = unscale(from + (to - from) * (at + (up ? slack : -slack)));
        return isTime ? Math.round(value / 1000) * 1000 : roundOutward(value, up, Math.abs(next - value));
      };
      const range = { low: bound(a, false), high: bound(b, true) };
      const open = {
        low: range.low <= low ? Number.NEGATIVE_INFINITY : range.low,
        high: range.high >= high ? Number.POSITIVE_INFINITY : range.high,
      };
      return Number.isFinite(open.low) || Number.isFinite(open.high) ? { type: 'range', ...open } : null;
    },
    stretches(brush) {
      if (brush.type !== 'range') return [];
      const clamp = (value: number, end: number) => {
        if (!Number.isFinite(value) || (log && value <= 0)) return end;
        return Math.min(1, Math.max(0, toPosition(value)));
      };
      return [[clamp(brush.low, 0), clamp(brush.high, 1)]];
    },
  };
}

/** A sweep over magnitudes: on a linear axis most values would stand in one heap at its foot. */
function spansMagnitudes(numbers: Float64Array, low: number, high: number): boolean {
  if (high / low < 50) return false;
  const sorted = numbers.filter(Number.isFinite).sort();
  const middle = sorted[sorted.length >> 1];
  const linear = (middle - low) / (high - low);
  const logarithmic = Math.log(middle / low) / Math.log(high / low);
  return Math.abs(logarithmic - 0.5) < Math.abs(linear - 0.5);
}

function wordAxis(column: Column): Axis {
  const { codes, texts } = column.words ?? { codes: new Int32Array(0), texts: [] };
  const order = texts.map((_, code) => code).sort((a, b) => compareText(texts[b], texts[a]));
  const place = new Float32Array(texts.length);
  const step = 1 / Math.max(1, order.length);
  order.forEach((code, at) => {
    place[code] = (at + 0.5) * step;
  });
  const sorted = order.map((code) => texts[code]);
  return {
    column,
    log: false,
    canLog: false,
    positions: Float32Array.from(codes, (code) => (code < 0 ? Number.NaN : place[code])),
    ticks: sorted.map((label, at) => ({ at: (at + 0.5) * step, label: label === '' ? '(empty)' : label })),
    brushAt(low, high) {
      // A short stroke beside a word still means that word.
      const under = Math.min(sorted.length - 1, Math.floor((low + high) / 2 / step));
      const chosen = sorted
        .filter((_, at) => at === under || ((at + 0.5) * step >= low && (at + 0.5) * step <= high))
        .reverse();
      return chosen.length === 0 || chosen.length === sorted.length ? null : { type: 'words', texts: chosen };
    },
    stretches(brush) {
      if (brush.type !== 'words') return [];
      const chosen = sorted.flatMap((text, at) => (brush.texts.includes(text) ? [at] : []));
      const runs: [number, number][] = [];
      for (const at of chosen) {
        const last = runs[runs.length - 1];
        if (last && Math.abs(last[1] - at * step) < step / 2) last[1] = (at + 1) * step;
        else runs.push([at * step, (at + 1) * step]);
      }
      return runs.map(([a, b]) => [a + step * 0.08, b - step * 0.08]);
    },
  };
}

interface Mark {
  readonly value: number;
  readonly label: string;
}

function linearTicks(low: number, high: number): Mark[] {
  if (!(high > low)) return Number.isNaN(low) ? [] : [{ value: low, label: formatNumber(low) }];
  const raw = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((size) => size >= raw * 0.999) ?? raw;
  const marks: Mark[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    const value = Number((i * step).toPrecision(12));
    marks.push({ value, label: formatNumber(value, 5) });
  }
  return marks;
}

function logTicks(low: number, high: number): Mark[] {
  const decades: Mark[] = [];
  for (let e = Math.ceil(Math.log10(low) - 1e-9); e <= Math.log10(high) + 1e-9; e++) {
    decades.push({ value: 10 ** e, label: formatNumber(Number(`1e${e}`)) });
  }
  if (decades.length >= 2) return decades;
  return [low, high].map((value) => ({ value, label: formatNumber(value, 3) }));
}

const MINUTE = 60_000;
const TIME_STEPS = [1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 10080, 43200].map(
  (minutes) => minutes * MINUTE,
);

function timeTicks(low: number, high: number): Mark[] {
  if (Number.isNaN(low)) return [];
  if (!(high > low)) return [{ value: low, label: formatTime(low) }];
  const step = TIME_STEPS.find((size) => size >= (high - low) / 5) ?? (high - low) / 4;
  const marks: Mark[] = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) {
    const text = formatTime(at);
    marks.push({ value: at, label: step >= 1440 * MINUTE ? text.slice(5, 10) : text.slice(11) });
  }
  return marks.length > 0
    ? marks
    : [low, high].map((value) => ({ value, label: formatTime(value, true).slice(11) }));
}
