/**
 * Draws very many lines by counting, for each pixel, how many pass and how high they score: 10,000 lines in the time
 * that the canvas takes to stroke some hundred without a GPU. A pixel's colour is that of the mean of its lines.
 */
import { BINS, type ColorScale, NO_BIN } from '../color';
import type { Geometry } from './lines';

/** Above this many lines on a pixel, one more is not seen. */
const MOST = 255;

export class Raster {
  private readonly counts: Uint16Array;
  private readonly scored: Uint16Array;
  private readonly sums: Uint32Array;
  private readonly width: number;
  private readonly height: number;

  constructor(
    private readonly geometry: Geometry,
    private readonly scale: number,
  ) {
    this.width = Math.max(1, Math.round(geometry.width * scale));
    this.height = Math.max(1, Math.round(geometry.height * scale));
    const size = this.width * this.height;
    this.counts = new Uint16Array(size);
    this.scored = new Uint16Array(size);
    this.sums = new Uint32Array(size);
  }

  /** Adds lines until the deadline (`performance.now()`); says how far it came. */
  add(rows: Int32Array, from: number, bins: Uint8Array, deadline: number): number {
    const { xs, ys } = this.geometry;
    for (let at = from; at < rows.length; at++) {
      const row = rows[at];
      const bin = bins[row];
      for (let i = 1; i < xs.length; i++) this.line(xs[i - 1], ys[i - 1][row], xs[i], ys[i][row], bin);
      if ((at & 63) === 0 && performance.now() > deadline) return at + 1;
    }
    return rows.length;
  }

  /** Puts what was counted so far on a canvas of the same size. */
  paint(context: CanvasRenderingContext2D, { colors }: ColorScale, alpha: number): void {
    const image = context.createImageData(this.width, this.height);
    const pixels = new Uint32Array(image.data.buffer);
    const palette = colors.map(channels);
    const opacity = Uint8Array.from({ length: MOST + 1 }, (_, n) => Math.round(255 * (1 - (1 - alpha) ** n)));
    const { counts, scored, sums } = this;
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] === 0) continue;
      const bin = scored[i] === 0 ? NO_BIN : Math.min(BINS - 1, Math.round(sums[i] / scored[i]));
      pixels[i] = (opacity[Math.min(MOST, counts[i])] << 24) | palette[bin];
    }
    context.putImageData(image, 0, 0);
  }

  get size(): readonly [number, number] {
    return [this.width, this.height];
  }

  /** One step a pixel along the longer side, so that steep lines have no gaps. */
  private line(x0: number, y0: number, x1: number, y1: number, bin: number): void {
    const { counts, scored, sums, width, scale } = this;
    const dx = (x1 - x0) * scale;
    const dy = (y1 - y0) * scale;
    const steps = Math.max(1, Math.ceil(Math.max(dx, Math.abs(dy))));
    const [stepX, stepY] = [dx / steps, dy / steps];
    let x = x0 * scale;
    let y = y0 * scale;
    const isScored = bin < BINS;
    for (let k = 0; k < steps; k++) {
      const i = (y | 0) * width + (x | 0);
      counts[i]++;
      if (isScored) {
        scored[i]++;
        sums[i] += bin;
      }
      x += stepX;
      y += stepY;
    }
  }
}

/** A colour as the low 24 bits of a little-endian pixel. */
function channels(color: string): number {
  const hex = /^#(..)(..)(..)$/.exec(color);
  const [r, g, b] = hex
    ? hex.slice(1).map((pair) => Number.parseInt(pair, 16))
    : (color.match(/\d+/g) ?? ['128', '128', '128']).map(Number);
  return (b << 16) | (g << 8) | r;
}
