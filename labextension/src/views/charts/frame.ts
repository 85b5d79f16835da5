/** The rectangle a chart is drawn in: grid, axes, what is written beside them. */

import { type Pen, TEXT_SIZE } from './pen';
import type { Look } from './plot';
import type { Scale } from './scale';

export interface Side {
  readonly scale: Scale;
  readonly name: string;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** About how wide a letter is, as a part of its size: there is no measuring without a canvas, and no need. */
const LETTER = 0.56;
const GAP = 6;

/** As much of a text as fits in some px. */
export function fitted(text: string, width: number, size = TEXT_SIZE): string {
  const letters = Math.max(1, Math.floor(width / (size * LETTER)));
  const all = [...text];
  return all.length <= letters ? text : `${all.slice(0, Math.max(1, letters - 1)).join('')}…`;
}

export const widthOf = (text: string, size = TEXT_SIZE) => [...text].length * size * LETTER;

/** The room that is left for the drawing beside the axes' texts. */
export function boxOf(width: number, height: number, y: Side, top = 6): Box {
  const labels = y.scale.ticks(height - 46, 34).map(({ label }) => widthOf(label));
  const left = Math.min(width * 0.3, Math.max(18, ...labels) + GAP + (y.name ? 18 : 2));
  return { left, top, width: Math.max(10, width - left - 10), height: Math.max(10, height - top - 34) };
}

export const xAt = (box: Box, scale: Scale, value: number) => box.left + scale.at(value) * box.width;
export const yAt = (box: Box, scale: Scale, value: number) => box.top + (1 - scale.at(value)) * box.height;

/** Grid and axes. */
export function paintFrame(pen: Pen, { fg }: Look, box: Box, x: Side, y: Side): void {
  const { left, top, width, height } = box;
  const bottom = top + height;
  const muted = { color: fg, alpha: 0.72 };
  const grid = { color: fg, alpha: 0.1 };
  for (const { value, label } of y.scale.ticks(height, 34)) {
    const at = Math.round(yAt(box, y.scale, value)) + 0.5;
    if (!(at >= top - 1 && at <= bottom + 1)) continue;
    pen.line([left, at, left + width, at], grid);
    pen.text(left - GAP, at, fitted(label, left - GAP - (y.name ? 16 : 0)), muted, { anchor: 'end' });
  }
  const widest = Math.max(0, ...x.scale.ticks(width, 64).map(({ label }) => widthOf(label)));
  // Words are cut before any of them is left out.
  const least = x.scale.words
    ? Math.max(36, Math.min(widest + 8, width / x.scale.words))
    : Math.max(40, widest + 18);
  const room = Math.min(140, least);
  let free = Number.NEGATIVE_INFINITY;
  for (const { value, label } of x.scale.ticks(width, room)) {
    const at = Math.round(xAt(box, x.scale, value)) + 0.5;
    if (!(at >= left - 1 && at <= left + width + 1)) continue;
    const text = fitted(label, room - 6);
    const half = widthOf(text) / 2;
    pen.line([at, top, at, bottom], grid);
    const middle = Math.min(Math.max(at, half), left + width + 10 - half);
    if (middle - half < free) continue;
    pen.text(middle, bottom + 11, text, muted, { anchor: 'middle' });
    free = middle + half + 4;
  }
  pen.line([left + 0.5, top, left + 0.5, bottom + 0.5, left + width, bottom + 0.5], {
    color: fg,
    alpha: 0.35,
  });
  const title = { color: fg, alpha: 0.9 };
  pen.text(left + width / 2, bottom + 26, fitted(axisName(x), width), title, { anchor: 'middle' });
  if (y.name) {
    pen.text(8, top + height / 2, fitted(axisName(y), height), title, { anchor: 'middle', upright: true });
  }
}

function axisName({ name, scale }: Side): string {
  return scale.log ? `${name} (log)` : name;
}
