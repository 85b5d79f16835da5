/** Draws the lines of the parallel plot on canvas: at once as well as time allows, then as well as can be. */
import { BINS, type ColorScale } from '../color';
import type { Geometry } from './geometry';
import { Raster, type RasterStyle } from './raster';

/** Up to here lines are stroked, which is prettier; beyond, a machine without a GPU would be seconds at it. */
const MOST_STROKES = 500;
/** Up to here lines are rastered at twice the resolution and scaled down, which smooths them. */
const MOST_SMOOTH = 4000;
/** From here on single lines are not seen any more, but how dense they are. */
export const MANY = 5000;
/** More ticked lines than this are not lifted out of the others: they would hide them. */
export const MOST_OVER = 300;
/** Up to here the exact picture is made at once: it takes less time than the eye. */
const MOST_AT_ONCE = 12_000;
/** Up to here steep lines are drawn without holes; beyond, other lines fill them. */
const MOST_FILLED = 6000;
/** The same while a brush is dragged, and the table follows it. */
const MOST_IN_HAND = 1500;
/** Lines of the first picture: a fair sample where there are more. */
const MOST_FIRST = 100_000;
/** A picture that follows the hand may take this long, in ms; beyond, it is made coarser. */
const IN_HAND = 32;
/** Lines begin and end on every so manieth pixel of such a picture: at four, one sees it. */
const STEPS = [2, 4] as const;
/** Rastering at a stretch, in ms; then the page has its turn. */
const SLICE = 24;

export interface LineStyle {
  /** How opaque one line is. */
  readonly alpha: number;
  readonly width: number;
  /** Pixels show how many lines pass, not lines. */
  readonly density: boolean;
  /** The picture changes while one looks: the exact one waits this long, in ms. */
  readonly wait: number;
}

/** One canvas with lines of many runs. `data-drawn` says how far it is: "some", then "all". */
export class LineLayer {
  readonly canvas = document.createElement('canvas');
  private timer = 0;
  private step: number = STEPS[0];
  /** What is still to be done to the picture, while it waits. */
  private waiting: (() => void) | null = null;

  constructor(name: string) {
    this.canvas.className = `mam-lines mam-lines-${name}`;
    this.canvas.setAttribute('aria-hidden', 'true');
  }

  /** Clears, then draws the rows; a new call gives the old one up. `rows` best go up, as they lie in memory. */
  draw(rows: Int32Array, geometry: Geometry, colors: ColorScale, style: LineStyle): void {
    this.stop();
    delete this.canvas.dataset.drawn;
    const lone = geometry.xs.length < 2;
    if (rows.length === 0 || lone || (rows.length <= MOST_STROKES && !style.density)) {
      this.stroke(lone ? new Int32Array(0) : rows, geometry, colors, style);
      this.canvas.dataset.drawn = 'all';
      return;
    }
    const fine = rows.length <= MOST_SMOOTH && !style.density;
    const inHand = style.wait > 0;
    const few = rows.length <= (inHand ? MOST_IN_HAND : MOST_AT_ONCE);
    const sample = sampled(rows, MOST_FIRST);
    const quick = rasterStyle(style, sample.length, 1, few ? 1 : inHand ? this.step : STEPS[0]);
    const begun = performance.now();
    this.paint(new Raster(geometry, sample, colors, few ? quick : { ...quick, filled: false }));
    const took = performance.now() - begun;
    // The coarse picture takes a fifth of the time of the finer one: between the two, all stays as it is.
    if (inHand && !few && (took > IN_HAND || took < IN_HAND / 6)) this.step = STEPS[took > IN_HAND ? 1 : 0];
    if (few && !fine) {
      this.canvas.dataset.drawn = 'all';
      return;
    }
    this.canvas.dataset.drawn = 'some';
    const exact = rasterStyle(style, rows.length, fine ? 2 : 1, 1);
    const refine = () => {
      this.waiting = null;
      this.refine(new Raster(geometry, rows, colors, exact));
    };
    this.waiting = refine;
    this.timer = window.setTimeout(refine, style.wait);
  }

  /** The exact picture now, if it waits. */
  hurry(): void {
    if (!this.waiting) return;
    window.clearTimeout(this.timer);
    this.waiting();
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
    window.clearTimeout(this.timer);
    this.waiting = null;
  }

  private stroke(rows: Int32Array, geometry: Geometry, colors: ColorScale, style: LineStyle): void {
    const context = this.clear(geometry);
    if (!context) return;
    context.globalAlpha = style.alpha;
    context.lineWidth = style.width;
    context.lineJoin = 'round';
    strokeAll(context, shuffled(rows), geometry, colors);
  }

  private paint(raster: Raster): void {
    const context = this.sized(raster);
    for (let gap = 0; context && gap < raster.gaps; gap++) raster.draw(gap);
    if (context) raster.paint(context);
  }

  /** The exact picture over the first one, from axis to axis. */
  private refine(raster: Raster): void {
    const context = this.canvas.getContext('2d');
    if (!context) return;
    const same = this.canvas.width === raster.width && this.canvas.height === raster.height;
    let gap = 0;
    const slice = () => {
      const deadline = performance.now() + SLICE;
      const first = gap;
      do raster.draw(gap++);
      while (gap < raster.gaps && performance.now() < deadline);
      // Of another size, it replaces the first one when it is whole.
      if (same) raster.paint(context, first, gap - 1);
      if (gap < raster.gaps) {
        this.timer = window.setTimeout(slice);
        return;
      }
      if (!same) this.paintWhole(raster);
      this.canvas.dataset.drawn = 'all';
    };
    slice();
  }

  private paintWhole(raster: Raster): void {
    const context = this.sized(raster);
    if (context) raster.paint(context);
  }

  private clear(geometry: Geometry): CanvasRenderingContext2D | null {
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = geometry;
    const context = this.sized({ width: Math.round(width * ratio), height: Math.round(height * ratio) });
    if (!context) return null;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
  }

  private sized({ width, height }: { width: number; height: number }): CanvasRenderingContext2D | null {
    const { canvas } = this;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    return canvas.getContext('2d');
  }
}

/** How opaque each of n lines is, so that few are strong and many still show where they are dense. */
export function alphaFor(count: number): number {
  return Math.min(0.9, Math.max(0.1, 3.4 / count ** 0.36));
}

function rasterStyle({ alpha, density }: LineStyle, count: number, scale: number, step: number): RasterStyle {
  // A quarter of all lines on one pixel is as dense as it gets; one line alone is still seen.
  const most = Math.log1p(Math.max(8, count / 4));
  const dense = (n: number) =>
    (n === 0 ? 0 : Math.min(1, 0.08 + (0.92 * Math.log1p(n)) / most)) * Math.min(1, alpha * 10);
  // A line one pixel wide is half as wide where pixels are half as big.
  const one = scale > 1 ? Math.min(0.95, alpha * 1.8) : alpha;
  return {
    scale,
    step,
    filled: !density && count <= MOST_FILLED,
    opacity: density ? dense : (n) => 1 - (1 - one) ** n,
  };
}

function strokeAll(
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

/** Every so manieth row. */
function sampled(rows: Int32Array, most: number): Int32Array {
  if (rows.length <= most) return rows;
  const every = rows.length / most;
  return Int32Array.from({ length: most }, (_, i) => rows[Math.floor(i * every)]);
}

/** The same order each time, so that no colour lies over all others. */
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
