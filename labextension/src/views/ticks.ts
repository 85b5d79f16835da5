/** Where axes have their marks, and what is written there. */
import { formatNumber, formatTime } from './format';

export interface Mark {
  readonly value: number;
  readonly label: string;
}

/** Round numbers between two ends, some `wanted` of them; one where both ends are the same. */
export function linearTicks(low: number, high: number, wanted = 5): Mark[] {
  if (!(high > low)) return Number.isNaN(low) ? [] : [{ value: low, label: formatNumber(low) }];
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((size) => size >= raw * 0.999) ?? raw;
  const marks: Mark[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    const value = Number((i * step).toPrecision(12));
    marks.push({ value, label: formatNumber(value, 5) });
  }
  return marks;
}

/** Powers of ten, thinned to some `wanted`; 1, 2 and 5 times them, or round numbers, where there are too few. */
export function logTicks(low: number, high: number, wanted = 6): Mark[] {
  const [first, last] = [Math.floor(Math.log10(low) + 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.ceil((last - first + 1) / wanted);
  const marks = (sizes: readonly number[]) => {
    const found: Mark[] = [];
    for (let e = first; e <= last; e += step) {
      for (const size of sizes) {
        const value = Number(`${size}e${e}`);
        const within = value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
        if (within) found.push({ value, label: formatNumber(value) });
      }
    }
    return found;
  };
  const options = [[1], [1, 2, 5]].map(marks);
  return options.find((found) => found.length > 2) ?? linearTicks(low, high, wanted);
}

const MINUTE = 60_000;
const TIME_STEPS = [1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 10080, 43200].map(
  (minutes) => minutes * MINUTE,
);

/** Whole minutes, hours or days of UTC. */
export function timeTicks(low: number, high: number, wanted = 5): Mark[] {
  if (Number.isNaN(low)) return [];
  if (!(high > low)) return [{ value: low, label: formatTime(low) }];
  const step = TIME_STEPS.find((size) => size >= (high - low) / wanted) ?? (high - low) / (wanted - 1);
  const marks: Mark[] = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) {
    const text = formatTime(at);
    marks.push({ value: at, label: step >= 1440 * MINUTE ? text.slice(5, 10) : text.slice(11) });
  }
  return marks.length > 0
    ? marks
    : [low, high].map((value) => ({ value, label: formatTime(value, true).slice(11) }));
}

/** A sweep over magnitudes: on a linear axis most values would stand in one heap at its foot. */
export function spansMagnitudes(numbers: ArrayLike<number>, low: number, high: number): boolean {
  if (!(low > 0) || high / low < 50) return false;
  const sorted = Float64Array.from(numbers).filter(Number.isFinite).sort();
  const middle = sorted[sorted.length >> 1];
  const linear = (middle - low) / (high - low);
  const logarithmic = Math.log(middle / low) / Math.log(high / low);
  return Math.abs(logarithmic - 0.5) < Math.abs(linear - 0.5);
}
