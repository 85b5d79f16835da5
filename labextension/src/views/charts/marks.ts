/** Marks of a drawing by where they are: the nearest, those within, their order. */
import type { Marks } from './plot';

/** The mark nearest to a point, -1 when none is within `reach` px. */
export function nearest(xy: Float32Array, x: number, y: number, reach: number): number {
  let best = -1;
  let least = reach ** 2;
  for (let i = 0; i < xy.length; i += 2) {
    const away = (xy[i] - x) ** 2 + (xy[i + 1] - y) ** 2;
    if (away > least) continue;
    least = away;
    best = i / 2;
  }
  return best;
}

/** All marks from left to right (0) or from top to bottom (1). */
export function orderBy({ xy, row }: Marks, axis: 0 | 1): Int32Array {
  return Int32Array.from(row.keys()).sort((a, b) => xy[a * 2 + axis] - xy[b * 2 + axis] || a - b);
}

/** The mark at some place of an order, or the one at its end. */
export function clamped(marks: Int32Array, at: number): number {
  return marks[Math.min(marks.length - 1, Math.max(0, at))];
}

/** The marks of the same series as one of them. */
export function ofSeries(series: Int32Array, mark: number | undefined): number[] {
  if (mark === undefined || mark < 0) return [];
  return [...series.keys()].filter((i) => series[i] === series[mark]);
}

/** Where some marks are, x and y in turn. */
export function pick(xy: Float32Array, marks: readonly number[]): number[] {
  return marks.flatMap((mark) => [xy[mark * 2], xy[mark * 2 + 1]]);
}

/** Whether a point is within a polygon (even-odd). */
export function inside(polygon: readonly number[], x: number, y: number): boolean {
  let within = false;
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [ax, ay, bx, by] = [polygon[i], polygon[i + 1], polygon[j], polygon[j + 1]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}
