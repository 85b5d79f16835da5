/** A column of the runs as something to draw: numbers stand where they are, words in their order. */
import { extent } from '../color';
import type { Column } from '../columns';
import { textAt } from '../columns';
import { readable } from '../dom';
import { compareText } from '../filter/query-values';
import { spansMagnitudes } from '../ticks';
import { numberScale, type Scale, wordScale } from './scale';

export interface Field {
  readonly column: Column;
  readonly name: string;
  /** A value a run, of all runs: NaN where there is none; the place of the word in `words`. */
  readonly values: ArrayLike<number>;
  readonly words: readonly string[] | null;
  readonly scale: Scale;
  text(row: number): string;
}

/** A tag may have 10 MB: nobody reads more than this of it beside a chart, in characters. */
const LONGEST = 120;

/** `log` null leaves it to the data: params that span magnitudes are logarithmic. The axis spans `rows`. */
export function fieldOf(column: Column, rows: Int32Array, log: boolean | null): Field {
  const { info, numbers } = column;
  const name = readable(info.name);
  if (numbers) {
    const values = Float64Array.from(rows, (row) => numbers[row]);
    const [low, high] = extent(values);
    const time = info.type === 'time';
    const isLog = !time && (log ?? (info.kind === 'param' && spansMagnitudes(values, low, high)));
    const scale = numberScale(isLog && !(low > 0) ? leastPositive(values) : low, high, {
      log: isLog,
      time,
      whole: values.every((value) => !(value % 1)),
    });
    const text = (row: number) => {
      if (column.missing[row]) return '';
      if (time || info.kind === 'metric') return scale.write(numbers[row]);
      return readable(textAt(column, row).slice(0, LONGEST));
    };
    return { column, name, values: numbers, words: null, scale, text };
  }
  return wordField(column, rows);
}

/** As words, also when they are numbers: a box a value. */
export function wordField(column: Column, rows: Int32Array): Field {
  const present = new Map<string, number>();
  for (const row of rows) if (!column.missing[row]) present.set(textAt(column, row), 0);
  const texts = [...present.keys()].sort(compareNatural);
  for (const [at, text] of texts.entries()) present.set(text, at);
  const values = new Float64Array(column.missing.length).fill(Number.NaN);
  for (const row of rows) values[row] = column.missing[row] ? Number.NaN : present.get(textAt(column, row))!;
  const words = texts.map((text) => (text === '' ? '(empty)' : readable(text.slice(0, LONGEST))));
  const name = readable(column.info.name);
  return { column, name, values, words, scale: wordScale(words), text: (row) => words[values[row]] ?? '' };
}

function compareNatural(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return x !== y && !Number.isNaN(x - y) ? x - y : compareText(a, b);
}

function leastPositive(values: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) if (value > 0 && value < least) least = value;
  return Number.isFinite(least) ? least : Number.NaN;
}
