/** Where the lines go. */

/** One x an axis, one y an axis and row, in CSS pixels. */
export interface Geometry {
  readonly width: number;
  readonly height: number;
  readonly xs: Float32Array;
  readonly ys: readonly Float32Array[];
  /** The same as whole pixels of an image, `scale` a CSS pixel. */
  pixels(axis: number, scale: number): Uint16Array;
}

/** Made once for each list of heights, which an axis keeps wherever it is moved. */
const wholes = new WeakMap<Float32Array, Map<string, Uint16Array>>();

export function makeGeometry(
  width: number,
  height: number,
  xs: Float32Array,
  ys: readonly Float32Array[],
): Geometry {
  return {
    width,
    height,
    xs,
    ys,
    pixels(axis, scale) {
      const source = ys[axis];
      const made = wholes.get(source) ?? new Map<string, Uint16Array>();
      wholes.set(source, made);
      const key = `${height} ${scale}`;
      const known = made.get(key);
      if (known) return known;
      const most = Math.round(height * scale) - 1;
      const rows = new Uint16Array(source.length);
      for (let row = 0; row < rows.length; row++) {
        const y = source[row] * scale;
        rows[row] = y > most ? most : y;
      }
      made.set(key, rows);
      return rows;
    },
  };
}

/** The row whose line passes nearest to a point, and how far that is in pixels; -1 for none. */
export function nearestLine(
  rows: ArrayLike<number>,
  { xs, ys }: Pick<Geometry, 'xs' | 'ys'>,
  x: number,
  y: number,
): [number, number] {
  if (xs.length === 0) return [-1, Number.POSITIVE_INFINITY];
  let i = 0;
  while (i < xs.length - 2 && x > xs[i + 1]) i++;
  const next = Math.min(i + 1, xs.length - 1);
  const span = xs[next] - xs[i] || 1;
  const t = Math.min(1, Math.max(0, (x - xs[i]) / span));
  const [a, b] = [ys[i], ys[next]];
  const perPixel = 1 / (span * span);
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  // 100,000 lines are looked at in half a millisecond: an index would have to be made anew with each filter.
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    const rise = b[row] - a[row];
    const off = a[row] + rise * t - y;
    const distance = (off * off) / (1 + rise * rise * perPixel);
    if (distance < least) {
      best = row;
      least = distance;
    }
  }
  return [best, Math.sqrt(least)];
}
