/** Where the axes stand, in CSS pixels, and where their values stand on them. */
import { LANE_NAMES, type Lane } from '../filter/brushes';
import type { Axis } from './axis';
import { type Geometry, makeGeometry } from './geometry';

/** Above the axes stand their names, in two lines, and how important they are. */
export const TOP = 52;
const SIDE = 58;
/** More at the sides where lanes have names. */
const LANE_SIDE = 70;
const SPACING = 74;
const FOOT = 12;
const LANE_STEP = 19;
const LANE_GAP = 8;
const LANES = Object.keys(LANE_NAMES) as Lane[];

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly bottom: number;
  /** Where runs pass that have no place on an axis: under the axes, those that there are. */
  readonly lanes: readonly { readonly lane: Lane; readonly y: number }[];
  readonly xs: Float32Array;
  readonly flipped: readonly boolean[];
}

/** As wide as the room is, or as the axes need. */
export function frameOf(
  axes: readonly Axis[],
  flipped: readonly string[],
  room: number,
  height: number,
): Frame {
  const count = axes.length;
  const used = LANES.filter((lane) => axes.some(({ lanes }) => lanes.has(lane)));
  const side = used.length > 0 ? LANE_SIDE : SIDE;
  const width = Math.max(room, count > 1 ? 2 * side + (count - 1) * SPACING : 0);
  const bottom = height - FOOT - (used.length > 0 ? used.length * LANE_STEP + LANE_GAP - 9 : 0);
  const lanes = used.map((lane, i) => ({ lane, y: bottom + LANE_GAP + (i + 0.5) * LANE_STEP }));
  const step = count > 1 ? (width - 2 * side) / (count - 1) : 0;
  const xs = Float32Array.from({ length: count }, (_, i) => (count > 1 ? side + i * step : width / 2));
  return {
    width,
    height,
    top: TOP,
    bottom,
    lanes,
    xs,
    flipped: axes.map(({ column }) => flipped.includes(column.info.key)),
  };
}

/** Where the lines cross the axes. */
export function geometryOf(axes: readonly Axis[], frame: Frame): Geometry {
  const { width, height, lanes, xs } = frame;
  const ys = axes.map((axis, i) => heightsOf(axis, yOf(frame, i, 0), yOf(frame, i, 1), lanes));
  return makeGeometry(width, height, xs, ys);
}

/** The last heights of each axis: an axis that is only moved crosses its lines where it did. */
const heights = new WeakMap<Axis, { readonly key: string; readonly ys: Float32Array }>();

function heightsOf(axis: Axis, foot: number, head: number, lanes: Frame['lanes']): Float32Array {
  const { positions, laneOf, lanes: own } = axis;
  const key = JSON.stringify([foot, head, lanes]);
  const known = heights.get(axis);
  if (known?.key === key) return known.ys;
  const yOfLane = new Map(lanes.map(({ lane, y }) => [lane, y]));
  const ys = new Float32Array(positions.length);
  for (let row = 0; row < ys.length; row++) ys[row] = foot + (head - foot) * positions[row];
  if (own.size > 0) {
    for (let row = 0; row < ys.length; row++)
      if (Number.isNaN(ys[row])) ys[row] = yOfLane.get(laneOf(row)) ?? foot;
  }
  heights.set(axis, { key, ys });
  return ys;
}

/** The height of a position on an axis. */
export function yOf({ top, bottom, flipped }: Frame, axis: number, at: number): number {
  return flipped[axis] ? top + (bottom - top) * at : bottom - (bottom - top) * at;
}

/** The position at a height, never outside of the axis. */
export function positionAt({ top, bottom, flipped }: Frame, axis: number, y: number): number {
  const at = Math.min(1, Math.max(0, (bottom - y) / (bottom - top)));
  return flipped[axis] ? 1 - at : at;
}

/** The lane at a height, null for none. */
export function laneAt({ lanes }: Frame, y: number): Lane | null {
  return lanes.find((lane) => Math.abs(lane.y - y) <= LANE_STEP / 2)?.lane ?? null;
}
