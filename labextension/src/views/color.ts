/** Colours of lines: viridis, cut so that it never fades into the background, the better end always the stronger. */
import type { Column } from './columns';
import { compareText } from './filter/query-values';

/** Viridis at eleven points; told apart by people with any colour blindness, and in grey. */
const VIRIDIS: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [72, 36, 117],
  [65, 68, 135],
  [53, 95, 141],
  [42, 120, 142],
  [33, 145, 140],
  [34, 168, 132],
  [68, 191, 112],
  [122, 209, 81],
  [189, 223, 38],
  [253, 231, 37],
];
/** How many colours lines are drawn in: more cannot be told apart, and each costs a stroke. */
export const BINS = 24;
/** The bin of runs that have no value to be coloured by. */
export const NO_BIN = BINS;
/** Ten colours for words (Tableau's, stronger on paper), then that of all other words. */
const WORDS: readonly string[] = [
  ...['#2f6fb3', '#d9760f', '#2c8a3c', '#c43a39', '#7d58ac'],
  ...['#8a5646', '#c658a4', '#0c8f9c', '#8f8a13', '#55657a'],
];
const WORDS_ON_DARK: readonly string[] = [
  ...['#6aa9f0', '#ffa24d', '#63c573', '#ff7b75', '#b899e6'],
  ...['#c9998a', '#f09ad3', '#4cd0dc', '#d3cc4f', '#a5b4c8'],
];

export interface ColorScale {
  /** BINS colours from low to high, or one a word, then that of runs without a value. */
  readonly colors: readonly string[];
  readonly bins: Uint8Array;
  readonly low: number;
  readonly high: number;
  /** The value in the middle by rank. */
  readonly middle: number;
  /** What is coloured by words: those with a colour of their own, in the order of `colors`, and how many have none. */
  readonly words: readonly string[] | null;
  readonly others: number;
}

interface Binned {
  readonly bins: Uint8Array;
  readonly low: number;
  readonly high: number;
  readonly middle: number;
  readonly words: readonly string[] | null;
  readonly others: number;
}

/** Which runs have which colour depends on the column alone: found once, whatever the theme. */
const known = new WeakMap<Column, Binned>();

/** Colours for each row by a column; `dark` says what they are drawn on, `goal` which end is better. */
export function colorScale(
  column: Column | null,
  rows: number,
  dark: boolean,
  goal: 'min' | 'max' | null,
): ColorScale {
  const none = dark ? '#8b949e' : '#8a8f98';
  const binned = (column && known.get(column)) ?? binnedBy(column, rows);
  if (column) known.set(column, binned);
  if (binned.words) {
    const palette = dark ? WORDS_ON_DARK : WORDS;
    const colors = binned.words.map((_, i) => palette[i]);
    return { ...binned, colors: [...colors, ...Array<string>(BINS - colors.length).fill(none), none] };
  }
  if (Number.isNaN(binned.low)) return { ...binned, colors: Array<string>(BINS + 1).fill(none) };
  // The strong end is the dark one on paper and the bright one on black.
  const flip = (goal === 'min') === dark;
  const [from, to] = dark ? [0.22, 1] : [0, 0.84];
  const colors = Array.from({ length: BINS }, (_, bin) => {
    const t = bin / (BINS - 1);
    return viridis(from + (to - from) * (flip ? 1 - t : t));
  });
  return { ...binned, colors: [...colors, none] };
}

function binnedBy(column: Column | null, rows: number): Binned {
  if (column?.numbers) return binnedNumbers(column.numbers);
  if (column?.words) return binnedWords(column.words.codes, column.words.texts);
  const bins = new Uint8Array(rows).fill(NO_BIN);
  return { bins, low: Number.NaN, high: Number.NaN, middle: Number.NaN, words: null, others: 0 };
}

/** By rank, as in the picture that stays in the notebook: one outlier must not take all the colours. */
function binnedNumbers(numbers: Float64Array): Binned {
  const sorted = numbers.filter(Number.isFinite).sort();
  const bins = new Uint8Array(numbers.length).fill(NO_BIN);
  const count = sorted.length;
  const [low = Number.NaN, high = Number.NaN] = [sorted[0], sorted[count - 1]];
  const middle = sorted[count >> 1] ?? Number.NaN;
  // The least value of each bin; equal values share the bin of their middle one.
  const least = new Float64Array(BINS).fill(Number.POSITIVE_INFINITY);
  for (let first = 0, next = 0; first < count; ) {
    let last = first;
    while (sorted[last + 1] === sorted[first]) last++;
    const bin = Math.min(BINS - 1, Math.floor(((first + last + 1) / 2 / count) * BINS));
    while (next <= bin) least[next++] = sorted[first];
    first = last + 1;
  }
  for (let row = 0; row < numbers.length; row++) {
    const value = numbers[row];
    if (!(value >= low && value <= high)) continue;
    let bin = 0;
    for (let step = 16; step > 0; step >>= 1)
      if (bin + step < BINS && least[bin + step] <= value) bin += step;
    bins[row] = bin;
  }
  return { bins, low, high, middle, words: null, others: 0 };
}

/** The most frequent words have a colour each. */
function binnedWords(codes: Int32Array, texts: readonly string[]): Binned {
  const counts = new Uint32Array(texts.length);
  for (const code of codes) if (code >= 0) counts[code]++;
  const frequent = texts.map((_, code) => code).sort((a, b) => counts[b] - counts[a]);
  const own = frequent.slice(0, WORDS.length).sort((a, b) => compareText(texts[a], texts[b]));
  const binOf = new Uint8Array(texts.length).fill(WORDS.length);
  own.forEach((code, bin) => {
    binOf[code] = bin;
  });
  const bins = new Uint8Array(codes.length);
  for (let row = 0; row < codes.length; row++) bins[row] = codes[row] < 0 ? NO_BIN : binOf[codes[row]];
  const words = own.map((code) => texts[code]);
  const others = texts.length - own.length;
  return { bins, low: Number.NaN, high: Number.NaN, middle: Number.NaN, words, others };
}

function viridis(t: number): string {
  const at = Math.min(0.9999, Math.max(0, t)) * (VIRIDIS.length - 1);
  const i = Math.floor(at);
  const mix = (k: 0 | 1 | 2) => Math.round(VIRIDIS[i][k] + (VIRIDIS[i + 1][k] - VIRIDIS[i][k]) * (at - i));
  return `rgb(${mix(0)} ${mix(1)} ${mix(2)})`;
}

/** Least and largest finite value, NaN when there is none. */
export function extent(values: ArrayLike<number>): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? [Number.NaN, Number.NaN] : [low, high];
}

/** Whether an element is painted on a dark background. */
export function isDark(element: Element): boolean {
  for (let at: Element | null = element; at; at = at.parentElement) {
    const found = /^rgba?\(([\d.]+)[, ]+([\d.]+)[, ]+([\d.]+)(?:[, /]+([\d.]+))?/.exec(
      getComputedStyle(at).backgroundColor,
    );
    if (!found || found[4] === '0') continue;
    return 0.299 * Number(found[1]) + 0.587 * Number(found[2]) + 0.114 * Number(found[3]) < 128;
  }
  return false;
}
