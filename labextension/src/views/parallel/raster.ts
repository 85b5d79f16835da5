/**
 * Draws very many lines by counting, for each pixel, how many pass and what colours they have: 100,000 lines in the time
 * that the canvas takes to stroke some hundred without a GPU.
 *
 * Between two axes, lines that begin and end on the same pixels are one line of some weight. So the work of a gap is
 * bounded by the pixels of its two axes, whatever the number of runs, and nothing is lost: that is where the pixels are.
 */
import { BINS, type ColorScale, NO_BIN } from '../color';
import type { Geometry } from './geometry';

/** A weight counts its lines in units of this, and below sums up their colours: both exact for a million lines. */
const ONE = 2 ** 28;
/** Above this many lines on a pixel, one more is not seen. */
const MOST = 1023;

export interface RasterStyle {
  /** Pixels of the image per CSS pixel. */
  readonly scale: number;
  /** Lines begin and end on every `step`th pixel: 1 is exact, 2 is for a picture that changes while one looks. */
  readonly step: number;
  /** Steep lines without holes; without it each column of pixels has one point of a line, which is what density is. */
  readonly filled: boolean;
  /** How opaque a pixel is that some lines pass. */
  readonly opacity: (lines: number) => number;
}

export class Raster {
  readonly width: number;
  readonly height: number;
  private readonly image: ImageData;
  private readonly pixels: Uint32Array;
  private readonly palette: readonly number[];
  private readonly opaque: Uint8Array;
  private readonly weights: readonly Float64Array[];
  /** Pixels of a column of a tile. */
  private readonly rows: number;

  constructor(
    private readonly geometry: Geometry,
    private readonly lines: Int32Array,
    private readonly colors: ColorScale,
    private readonly style: RasterStyle,
  ) {
    this.width = Math.max(1, Math.round(geometry.width * style.scale));
    this.height = Math.max(1, Math.round(geometry.height * style.scale));
    this.image = new ImageData(this.width, this.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.palette = colors.colors.map(channels);
    this.opaque = Uint8Array.from({ length: MOST + 1 }, (_, n) => Math.round(255 * style.opacity(n)));
    this.weights = weightsOf(lines, colors, this.palette);
    this.rows = this.height + 1;
  }

  get gaps(): number {
    return this.geometry.xs.length - 1;
  }

  /** Counts the lines between two axes, and paints them into the image. */
  draw(gap: number): void {
    const [from, to] = this.columnsOf(gap);
    if (to <= from) return;
    const size = (to - from) * this.rows;
    const [first, second] = this.weights.map((weights) => {
      const tile = new Float64Array(weights.length > 0 ? size : 0);
      if (weights.length > 0) this.spread(gap, tile, weights);
      return tile;
    });
    if (this.colors.words === null) this.compose(gap, first, second);
    else this.mix(gap, first, second);
  }

  /** Puts what is drawn of some gaps on a canvas of the same size. */
  paint(context: CanvasRenderingContext2D, first = 0, last = this.gaps - 1): void {
    const [from] = this.columnsOf(first);
    const [, to] = this.columnsOf(last);
    context.putImageData(this.image, 0, 0, from, 0, to - from, this.height);
  }

  /** The columns of pixels between two axes. */
  private columnsOf(gap: number): readonly [number, number] {
    const { xs } = this.geometry;
    return [Math.round(xs[gap] * this.style.scale), Math.round(xs[gap + 1] * this.style.scale)];
  }

  /** Adds each line's weight to the pixels that it passes. */
  private spread(gap: number, tile: Float64Array, weights: Float64Array): void {
    const { lines, rows: high } = this;
    const { scale, step, filled } = this.style;
    const [from, to] = this.columnsOf(gap);
    const [left, right] = [this.geometry.pixels(gap, scale), this.geometry.pixels(gap + 1, scale)];
    const trace = filled ? traceFilled : traceOnce;
    // Looking for pairs costs a look at each possible one.
    if (lines.length * 8 < (high / step) ** 2) {
      for (let at = 0; at < lines.length; at++) {
        const row = lines[at];
        if (weights[at] > 0) trace(tile, high, to - from, left[row], right[row], weights[at]);
      }
      return;
    }
    const pairs = sharedPairs(high * high);
    // A power of two: the lowest bit is dropped.
    const mask = ~(step - 1);
    for (let at = 0; at < lines.length; at++) {
      const row = lines[at];
      pairs[(left[row] & mask) * high + (right[row] & mask)] += weights[at];
    }
    for (let a = 0; a < high; a += step) {
      for (let b = 0; b < high; b += step) {
        const weight = pairs[a * high + b];
        if (weight === 0) continue;
        pairs[a * high + b] = 0;
        trace(tile, high, to - from, a, b, weight);
      }
    }
  }

  private compose(gap: number, scored: Float64Array, rest: Float64Array): void {
    const { width, height, rows, pixels, opaque, palette } = this;
    const [from, to] = this.columnsOf(gap);
    const mixed = rest.length > 0;
    for (let x = from, at = 0; x < to; x++, at += rows) {
      for (let y = 0, pixel = x; y < height; y++, pixel += width) {
        const weight = scored[at + y];
        const others = mixed ? rest[at + y] / ONE : 0;
        if (weight + others === 0) continue;
        const lines = Math.floor(weight / ONE);
        const all = lines + others;
        const bin = lines > 0 ? Math.min(BINS - 1, Math.round((weight - lines * ONE) / lines)) : NO_BIN;
        pixels[pixel] = (opaque[all < MOST ? all : MOST] << 24) | palette[bin];
      }
    }
  }

  private mix(gap: number, reds: Float64Array, rest: Float64Array): void {
    const { width, height, rows, pixels, opaque } = this;
    const [from, to] = this.columnsOf(gap);
    for (let x = from, at = 0; x < to; x++, at += rows) {
      for (let y = 0, pixel = x; y < height; y++, pixel += width) {
        if (reds[at + y] === 0) continue;
        const lines = Math.floor(reds[at + y] / ONE);
        const red = (reds[at + y] - lines * ONE) / lines;
        const greens = Math.floor(rest[at + y] / ONE);
        const blue = (rest[at + y] - greens * ONE) / lines;
        pixels[pixel] = (opaque[Math.min(MOST, lines)] << 24) | (blue << 16) | ((greens / lines) << 8) | red;
      }
    }
  }
}

/** What each line adds to the pixels it passes, in the order of `lines`: twice where one sum does not hold it. */
function weightsOf(
  lines: Int32Array,
  { bins, words }: ColorScale,
  palette: readonly number[],
): Float64Array[] {
  const first = new Float64Array(lines.length);
  let second = new Float64Array(words ? lines.length : 0);
  for (let at = 0; at < lines.length; at++) {
    const bin = bins[lines[at]];
    if (words) {
      // Words have no mean: the colours themselves are mixed. Red goes with the count, green with blue.
      const color = palette[bin];
      first[at] = ONE + (color & 255);
      second[at] = ((color >> 8) & 255) * ONE + (color >> 16);
    } else if (bin !== NO_BIN) first[at] = ONE + bin;
    else {
      if (second.length === 0) second = new Float64Array(lines.length);
      second[at] = ONE;
    }
  }
  return [first, second];
}

/** One point of the line in each column, in its middle: numbers have sixteen bits behind the point. */
function traceOnce(
  tile: Float64Array,
  high: number,
  wide: number,
  a: number,
  b: number,
  weight: number,
): void {
  const slope = (((b - a) * 65_536) / wide) | 0;
  let y = a * 65_536 + 32_768 + (slope >> 1);
  for (let at = 0; at < tile.length; at += high) {
    tile[at + (y >> 16)] += weight;
    y += slope;
  }
}

/** All points of the line in each column. */
function traceFilled(
  tile: Float64Array,
  high: number,
  wide: number,
  a: number,
  b: number,
  weight: number,
): void {
  const slope = (((b - a) * 65_536) / wide) | 0;
  if (slope <= 65_536 && slope >= -65_536) {
    traceOnce(tile, high, wide, a, b, weight);
    return;
  }
  let y = a * 65_536 + 32_768;
  for (let at = 0; at < tile.length; at += high) {
    const [one, other] = [y >> 16, (y + slope) >> 16];
    const [top, bottom] = one < other ? [one, other] : [other + 1, one + 1];
    for (let k = top; k < bottom; k++) tile[at + k] += weight;
    y += slope;
  }
}

/** One array for all gaps: it is left empty by each. */
let pairsArray = new Float64Array(0);

function sharedPairs(size: number): Float64Array {
  if (pairsArray.length !== size) pairsArray = new Float64Array(size);
  return pairsArray;
}

/** A colour as the low 24 bits of a little-endian pixel. */
function channels(color: string): number {
  const hex = /^#(..)(..)(..)$/.exec(color);
  const [r, g, b] = hex
    ? hex.slice(1).map((pair) => Number.parseInt(pair, 16))
    : (color.match(/\d+/g) ?? ['128', '128', '128']).map(Number);
  return (b << 16) | (g << 8) | r;
}
