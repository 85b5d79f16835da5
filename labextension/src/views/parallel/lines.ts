/** Draws the lines of the parallel plot on canvas, a batch a frame, so that 10,000 of them never block the page. */
import { BINS, type ColorScale } from '../color';
import { Raster } from './raster';

/** Where the lines go: one x an axis, one y an axis and row, in CSS pixels. */
export interface Geometry {
  readonly width: number;
  readonly height: number;
  readonly xs: Float32Array;
  readonly ys: readonly Float32Array[];
}

/** Up to here lines are stroked, which is prettier; beyond, a machine without a GPU would be seconds at it. */
const MOST_STROKES = 500;
/** Lines stroked in a frame at first. */
const FIRST_BATCH = 250;
const SLOW_FRAME_MS = 40;
const QUICK_FRAME_MS = 22;
/** Up to here lines are rastered at twice the resolution and scaled down, which smooths them. */
const MOST_SMOOTH = 3000;
/** Rastering in one frame, in ms. */
const FRAME_BUDGET = 12;

interface Style {
  readonly alpha: number;
  readonly width: number;
}

/** One canvas with lines of many runs. */
export class LineLayer {
  readonly canvas = document.createElement('canvas');
  private frame = 0;
  private batch = FIRST_BATCH;

  constructor(name: string) {
    this.canvas.className = `mam-lines mam-lines-${name}`;
    this.canvas.setAttribute('aria-hidden', 'true');
  }

  /** Clears, then draws the rows over as many frames as it takes; a new call gives the old one up. */
  draw(rows: Int32Array, geometry: Geometry, scale: ColorScale, style: Style): void {
    cancelAnimationFrame(this.frame);
    delete this.canvas.dataset.drawn;
    if (rows.length === 0 || geometry.xs.length === 0) this.clear(geometry);
    else if (rows.length > MOST_STROKES && geometry.xs.length > 1) this.raster(rows, geometry, scale, style);
    else this.stroke(rows, geometry, scale, style);
  }

  private stroke(rows: Int32Array, geometry: Geometry, scale: ColorScale, style: Style): void {
    const context = this.clear(geometry);
    if (!context) return;
    context.globalAlpha = style.alpha;
    context.lineWidth = style.width;
    context.lineJoin = 'round';
    const order = shuffled(rows);
    let from = 0;
    let last = 0;
    const step = (now: number) => {
      if (last > 0) this.adapt(now - last);
      last = now;
      const to = Math.min(order.length, from + this.batch);
      strokeBatch(context, order.subarray(from, to), geometry, scale);
      from = to;
      this.next(from < order.length, step);
    };
    step(0);
  }

  private raster(rows: Int32Array, geometry: Geometry, scale: ColorScale, style: Style): void {
    const fine = rows.length <= MOST_SMOOTH;
    const raster = new Raster(geometry, fine ? 2 : 1);
    // A line one pixel wide is half as wide where pixels are half as big.
    const alpha = fine ? Math.min(0.95, style.alpha * 1.8) : style.alpha;
    const order = shuffled(rows);
    let from = 0;
    const step = () => {
      from = raster.add(order, from, scale.bins, performance.now() + FRAME_BUDGET);
      const context = this.sized(geometry, raster.size);
      if (!context) return;
      // While lines are still to come, those drawn stand for them.
      const shown = Math.min(1, (alpha * order.length) / from);
      raster.paint(context, scale, shown);
      this.next(from < order.length, step);
    };
    step();
  }

  private next(more: boolean, step: (now: number) => void): void {
    if (more) this.frame = requestAnimationFrame(step);
    else this.canvas.dataset.drawn = 'all';
  }

  /** Draws a few lines thick, with a casing in the background's colour that lifts them off the others. */
  drawOver(
    rows: readonly { row: number; color: string; width: number }[],
    geometry: Geometry,
    casing: string,
  ): void {
    const context = this.clear(geometry);
    if (!context) return;
    context.lineJoin = 'round';
    for (const { row, color, width } of rows) {
      for (const [stroke, lineWidth] of [
        [casing, width + 3],
        [color, width],
      ] as const) {
        context.strokeStyle = stroke;
        context.lineWidth = lineWidth;
        context.beginPath();
        trace(context, row, geometry);
        context.stroke();
      }
    }
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
  }

  private clear(geometry: Geometry): CanvasRenderingContext2D | null {
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = geometry;
    const context = this.sized(geometry, [Math.round(width * ratio), Math.round(height * ratio)]);
    if (!context) return null;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
  }

  private sized(
    { width, height }: Geometry,
    [w, h]: readonly [number, number],
  ): CanvasRenderingContext2D | null {
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
    }
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    return this.canvas.getContext('2d');
  }

  private adapt(frameMs: number): void {
    if (frameMs > SLOW_FRAME_MS) this.batch = Math.max(40, Math.round(this.batch * 0.6));
    else if (frameMs < QUICK_FRAME_MS) this.batch = Math.min(2000, Math.round(this.batch * 1.5));
  }
}

/** The row whose line passes nearest to a point, and how far that is in pixels. */
export function nearestLine(
  rows: ArrayLike<number>,
  geometry: Geometry,
  x: number,
  y: number,
): [number, number] {
  const { xs, ys } = geometry;
  if (xs.length === 0) return [-1, Number.POSITIVE_INFINITY];
  let i = 0;
  while (i < xs.length - 2 && x > xs[i + 1]) i++;
  const next = Math.min(i + 1, xs.length - 1);
  const span = xs[next] - xs[i] || 1;
  const t = Math.min(1, Math.max(0, (x - xs[i]) / span));
  const [a, b] = [ys[i], ys[next]];
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    const slope = (b[row] - a[row]) / span;
    const distance = Math.abs(a[row] + (b[row] - a[row]) * t - y) / Math.sqrt(1 + slope * slope);
    if (distance < least) [best, least] = [row, distance];
  }
  return [best, least];
}

/** How opaque each of n lines is, so that few are strong and many still show where they are dense. */
export function alphaFor(count: number): number {
  return Math.min(0.9, Math.max(0.1, 3.4 / count ** 0.36));
}

function strokeBatch(
  context: CanvasRenderingContext2D,
  rows: Int32Array,
  geometry: Geometry,
  { bins, colors }: ColorScale,
): void {
  const groups: number[][] = Array.from({ length: BINS + 1 }, () => []);
  for (const row of rows) groups[bins[row]].push(row);
  groups.forEach((group, bin) => {
    // Short paths: stroking one long self-crossing path costs more than its parts.
    for (let from = 0; from < group.length; from += 12) {
      context.strokeStyle = colors[bin];
      context.beginPath();
      for (let i = from; i < Math.min(group.length, from + 12); i++) trace(context, group[i], geometry);
      context.stroke();
    }
  });
}

function trace(context: CanvasRenderingContext2D, row: number, { xs, ys }: Geometry): void {
  context.moveTo(xs[0] - 3, ys[0][row]);
  for (let i = 0; i < xs.length; i++) context.lineTo(xs[i], ys[i][row]);
  context.lineTo(xs[xs.length - 1] + 3, ys[xs.length - 1][row]);
}

/** The same order each time, but a fair sample at every point, so that the first frame already shows the picture. */
function shuffled(rows: Int32Array): Int32Array {
  const order = rows.slice();
  let seed = 1;
  for (let i = order.length - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    const j = seed % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
