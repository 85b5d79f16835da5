/** Runs as dots: coloured, sized, and the key of the colours. */
import { BINS, type ColorScale, colorScale } from '../color';
import type { Column } from '../columns';
import { readable } from '../dom';
import { formatNumber, formatTime } from '../format';
import { type Box, fitted, widthOf } from './frame';
import type { Pen } from './pen';
import type { Look, Scene } from './plot';
import { numberScale } from './scale';

/** Of a name, in characters: what is longer is cut anyway, and may be very long. */
const LONGEST = 120;

export interface Tint {
  readonly column: Column | null;
  readonly scale: ColorScale;
}

/** Colours by the column chosen, else by that of the panel; by the rank among `only` some rows, else among all. */
export function tintOf({ spec, state, look }: Scene, only?: readonly number[]): Tint {
  const column = state.runs.columns.get(spec.color) ?? state.color;
  const goal = column !== null && column === state.metric ? state.info.goal : null;
  let of = column;
  if (only && column?.numbers) {
    const numbers = new Float64Array(state.runs.length).fill(Number.NaN);
    for (const row of only) numbers[row] = column.numbers[row];
    of = { ...column, numbers };
  }
  return { column, scale: colorScale(of, state.runs.length, look.dark, goal) };
}

/** A radius a run, in px: its area goes with the value; null when all are the same. */
export function radiiOf(column: Column | undefined, rows: Int32Array): Float32Array | null {
  const { numbers } = column ?? {};
  if (!numbers) return null;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    if (!Number.isFinite(numbers[row])) continue;
    low = Math.min(low, numbers[row]);
    high = Math.max(high, numbers[row]);
  }
  const scale = numberScale(low, high, { pad: 0 });
  // The smallest dot is for runs without a value.
  return Float32Array.from(rows, (row) =>
    Number.isFinite(numbers[row]) ? Math.sqrt(6 + scale.at(numbers[row]) * 58) : 1.5,
  );
}

/** Dots at `xy`, a run of `rows` each. Many (`count`) are small and let what is under them through. */
export function paintDots(
  pen: Pen,
  xy: Float32Array,
  rows: Int32Array,
  { bins, colors }: ColorScale,
  radii: Float32Array | null,
  count = rows.length,
): void {
  const alpha = count > 20_000 ? 0.35 : count > 2000 ? 0.55 : 0.8;
  const radius = count > 20_000 ? 1.2 : count > 2000 ? 1.8 : count > 300 ? 2.6 : 3.4;
  const groups = new Map<number, number[]>();
  for (let i = 0; i < rows.length; i++) {
    const size = radii ? Math.round(radii[i] * 2) : 0;
    const group = size * 64 + bins[rows[i]];
    const members = groups.get(group);
    if (members) members.push(xy[i * 2], xy[i * 2 + 1]);
    else groups.set(group, [xy[i * 2], xy[i * 2 + 1]]);
  }
  // Large ones first, so that no dot hides another; low bins last, which are the better ones where low is good.
  const order = [...groups.keys()].sort((a, b) => b - a);
  const part = (group: number) => ({ xy: groups.get(group)!, color: colors[group % 64] });
  if (!radii) pen.cloud(order.map(part), radius, alpha);
  else for (const group of order) pen.cloud([part(group)], Math.floor(group / 64) / 2, alpha);
}

/** What the colours mean, at the right above the drawing. */
export function paintKey(pen: Pen, { fg }: Look, box: Box, { column, scale }: Tint): void {
  if (!column) return;
  const ink = { color: fg, alpha: 0.72 };
  const y = box.top - 12;
  let x = Math.round(box.left + box.width);
  const name = readable(column.info.name.slice(0, LONGEST));
  if (scale.words) {
    const words = scale.words.map((word) => fitted(readable(word.slice(0, LONGEST)) || '(empty)', 90));
    const more = scale.others > 0 ? [`${scale.others} others`] : [];
    // From the right; the first ones are kept where there is no room for all.
    let free = x - box.left - widthOf(name) - 16;
    const all = [...words, ...more].map((text, bin) => ({ text, bin, width: widthOf(text) + 24 }));
    const kept = all.filter(({ width }) => {
      free -= width;
      return free > 0;
    });
    for (const { text, bin, width } of kept.reverse()) {
      x -= width;
      pen.dots([x + 10, y], 4, { color: scale.colors[bin] });
      pen.text(x + 18, y, text, ink);
    }
  } else if (!Number.isNaN(scale.low)) {
    const write = column.info.type === 'time' ? formatTime : (value: number) => formatNumber(value);
    const [low, high] = [write(scale.low), write(scale.high)];
    pen.text(x, y, high, ink, { anchor: 'end' });
    x -= Math.round(widthOf(high)) + 6 + BINS * 2;
    for (let bin = 0; bin < BINS; bin++) pen.rect(x + bin * 2, y - 4, 2, 8, { color: scale.colors[bin] });
    pen.text(x - 6, y, low, ink, { anchor: 'end' });
    x -= widthOf(low) + 14;
  } else return;
  pen.text(x, y, fitted(name, x - box.left), ink, { anchor: 'end' });
}

/** Room that the key takes at the top. */
export const KEY_ROOM = 22;
