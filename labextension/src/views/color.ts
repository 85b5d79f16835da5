/** Colours of lines: viridis, cut so that it never fades into the background, the better end always the stronger. */
import type { Column } from './columns';

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

export interface ColorScale {
  /** BINS colours from low to high, then that of runs without a value. */
  readonly colors: readonly string[];
  readonly bins: Uint8Array;
  readonly low: number;
  readonly high: number;
}

/** Colours for each row by a numeric column; `dark` says what they are drawn on, `goal` which end is better. */
export function colorScale(
  column: Column | null,
  rows: number,
  dark: boolean,
  goal: 'min' | 'max' | null,
): ColorScale {
  const none = dark ? '#8b949e' : '#8a8f98';
  const [low, high] = column?.numbers ? extent(column.numbers) : [Number.NaN, Number.NaN];
  const bins = new Uint8Array(rows).fill(NO_BIN);
  if (!column?.numbers || Number.isNaN(low)) {
    return { colors: [...Array<string>(BINS).fill(none), none], bins, low, high };
  }
  const sorted = Float64Array.from(column.numbers).filter(Number.isFinite).sort();
  // By rank, as in the picture that stays in the notebook: one outlier must not take all the colours.
  const bin = new Map<number, number>();
  for (let first = 0; first < sorted.length; ) {
    let last = first;
    while (sorted[last + 1] === sorted[first]) last++;
    bin.set(sorted[first], Math.min(BINS - 1, Math.floor(((first + last + 1) / 2 / sorted.length) * BINS)));
    first = last + 1;
  }
  for (let row = 0; row < rows; row++) bins[row] = bin.get(column.numbers[row]) ?? NO_BIN;
  // The strong end is the dark one on paper and the bright one on black.
  const flip = (goal === 'min') === dark;
  const [from, to] = dark ? [0.22, 1] : [0, 0.84];
  const colors = Array.from({ length: BINS }, (_, bin) => {
    const t = bin / (BINS - 1);
    return viridis(from + (to - from) * (flip ? 1 - t : t));
  });
  return { colors: [...colors, none], bins, low, high };
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
