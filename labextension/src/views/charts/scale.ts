/** An axis of a chart: where a value stands on it (0 to 1), and its marks. */
import { formatNumber, formatTime } from '../format';
import { linearTicks, logTicks, type Mark, timeTicks } from '../ticks';

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  /** Of words: how many. */
  readonly words?: number;
  /** NaN where the value has no place: not finite, or not above 0 on a logarithmic axis. */
  at(value: number): number;
  /** The value at a place. */
  value(at: number): number;
  /** Marks for an axis of some length in px, `room` px for each. */
  ticks(length: number, room: number): Mark[];
  write(value: number): string;
}

export interface ScaleWish {
  readonly log?: boolean;
  readonly time?: boolean;
  /** Whole numbers have no marks between them. */
  readonly whole?: boolean;
  /** Air at both ends, as a part of the length. */
  readonly pad?: number;
}

export function numberScale(
  low: number,
  high: number,
  { log = false, time = false, whole = false, pad = 0.04 }: ScaleWish = {},
): Scale {
  const isLog = log && low > 0;
  const scale = (value: number) => (isLog ? (value > 0 ? Math.log10(value) : Number.NaN) : value);
  const [a, b] = [scale(low), scale(high)];
  // A lone value stands in the middle.
  const air = b > a ? (b - a) * pad : Math.abs(a) * 0.05 || 0.5;
  const [from, to] = [a - air, b + air];
  return {
    low,
    high,
    log: isLog,
    at: (value) => (Number.isFinite(value) ? (scale(value) - from) / (to - from) : Number.NaN),
    value: (at) => (isLog ? 10 ** (from + at * (to - from)) : from + at * (to - from)),
    ticks: (length, room) => {
      const fits = Math.max(2, Math.floor(length / room));
      const wanted = whole && !isLog ? Math.max(1, Math.min(fits, high - low)) : fits;
      return (time ? timeTicks : isLog ? logTicks : linearTicks)(low, high, wanted);
    },
    write: time ? (value) => formatTime(value, true) : (value) => formatNumber(value, 5),
  };
}

/** Words at equal distances; values are their places: 0, 1, 2. */
export function wordScale(words: readonly string[]): Scale {
  const count = Math.max(1, words.length);
  return {
    low: 0,
    high: count - 1,
    log: false,
    words: count,
    at: (value) => (value >= 0 ? (value + 0.5) / count : Number.NaN),
    value: (at) => at * count - 0.5,
    ticks: (length, room) => {
      const step = Math.max(1, Math.ceil((count * room) / length));
      return words.flatMap((label, value) => (value % step === 0 ? [{ value, label }] : []));
    },
    write: (value) => words[value] ?? '',
  };
}
