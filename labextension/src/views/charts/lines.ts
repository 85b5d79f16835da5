/** Lines of histories as a plot: axes, bands, names at the ends, and what each point says. */
import { extent } from '../color';
import { formatTime } from '../format';
import { KEY_ROOM, paintKey, type Tint } from './cloud';
import { type Box, boxOf, fitted, paintFrame, type Side, xAt, yAt } from './frame';
import type { Member } from './members';
import type { Pen } from './pen';
import { logOption, type Plot, type Scene } from './plot';
import { numberScale, type Scale } from './scale';
import type { Band, Series } from './series';

export interface Line {
  readonly member: Member;
  readonly color: string;
  /** As logged, where the line is smoothed and there is room for both. */
  readonly raw: Series | null;
  readonly drawn: Series | Band;
}

/** Lines that are told apart by colour and named at their ends; more are coloured as the panel's lines are. */
export const NAMED = 10;

/** What a history is drawn over. */
export interface Over {
  readonly word: string;
  readonly time?: boolean;
  readonly unit?: string;
}

/** The plot of some lines whose values go from `low` to `high`. */
export function plotOf(
  scene: Scene,
  lines: readonly Line[],
  [low, high]: readonly [number, number],
  tint: Tint,
  name: string,
  over: Over,
): Omit<Plot, 'title' | 'note'> {
  const { look, width, height } = scene;
  const y: Side = { scale: valueScale(scene, lines, low, high), name };
  const [from, to] = extent(lines.flatMap(({ drawn }) => extent(drawn.x)));
  const xWish = { time: over.time === true, whole: !over.time && !over.unit, pad: 0.01 };
  const unit = over.unit ? ` (${over.unit})` : '';
  const x: Side = { scale: numberScale(from, to, xWish), name: over.word + unit };
  const many = lines.length > NAMED;
  const full = boxOf(width, height, y, many ? KEY_ROOM : 8);
  const margin = lines.length > 1 && !many ? Math.min(130, width * 0.26) : 0;
  const box = { ...full, width: full.width - margin };
  const place = (series: Series) => placeOf(series, box, x.scale, y.scale);
  const traces = lines.map(({ drawn }) => place(drawn));
  const { xy, series, point } = marksOf(traces);
  const sole = lines.map(({ member: { rows } }) => (rows.length === 1 ? rows[0] : -1));
  const stroke = { width: many ? 1 : 1.75, alpha: many ? 0.6 : 1 };
  return {
    summary: `${name} of ${lines.length} lines by ${over.word}, from ${y.scale.write(low)} to ${y.scale.write(high)}`,
    lines: true,
    marks: { xy, row: series.map((line) => sole[line]), series },
    paint(pen) {
      paintFrame(pen, look, box, x, y);
      pen.within(box.left, box.top - 4, box.width + 4, box.height + 8, () => {
        for (const [i, { raw, drawn, color }] of lines.entries()) {
          if ('std' in drawn) pen.area(bandOf(drawn, box, x.scale, y.scale), { color, alpha: 0.18 });
          if (raw) pen.line(place(raw), { color, alpha: 0.25 });
          pen.line(traces[i], { color, ...stroke });
          if (drawn.x.length < 3) pen.dots(traces[i], 3, { color });
        }
      });
      if (margin > 0) paintNames(pen, scene, box, margin, lines, traces);
      if (many) paintKey(pen, look, full, tint);
    },
    say(mark) {
      const { member, drawn, raw } = lines[series[mark]];
      const i = point[mark];
      const at = over.time ? formatTime(drawn.x[i], true) : x.scale.write(drawn.x[i]);
      const where = `${over.word} ${at}${over.unit ? ` ${over.unit}` : ''}`;
      const value = y.scale.write(drawn.y[i]);
      if ('std' in drawn) {
        const std = drawn.std[i] >= 0 ? ` ± ${y.scale.write(drawn.std[i])}` : '';
        return [member.name, where, `mean ${value}${std}`, `${drawn.count[i]} of ${member.rows.length} runs`];
      }
      const logged = raw ? `smoothed ${value}, logged ${y.scale.write(raw.y[i])}` : `${name} ${value}`;
      return [member.name, where, logged];
    },
    rows: (mark) => lines[series[mark]].member.rows,
    find: (row) => {
      const line = lines.findIndex(({ member }) => member.rows.includes(row));
      const first = line < 0 ? -1 : series.indexOf(line);
      return first < 0 ? [] : [first];
    },
  };
}

/** Logarithmic when asked for, from the least value that has a place on it. */
function valueScale({ spec }: Scene, lines: readonly Line[], low: number, high: number): Scale {
  if (logOption(spec, 'log_y') !== true) return numberScale(low, high);
  let least = low;
  if (!(low > 0)) {
    least = Number.POSITIVE_INFINITY;
    for (const { drawn } of lines) for (const value of drawn.y) if (value > 0 && value < least) least = value;
  }
  return numberScale(Number.isFinite(least) ? least : low, high, { log: true });
}

function placeOf({ x: xs, y: ys }: Series, box: Box, x: Scale, y: Scale): Float32Array {
  const xy = new Float32Array(xs.length * 2);
  for (let i = 0; i < xs.length; i++) {
    xy[i * 2] = xAt(box, x, xs[i]);
    xy[i * 2 + 1] = yAt(box, y, ys[i]);
  }
  return xy;
}

/** Every point that has a place: of which line it is, and which of its points. */
function marksOf(traces: readonly Float32Array[]) {
  const most = traces.reduce((sum, trace) => sum + trace.length / 2, 0);
  const [xy, series, point] = [new Float32Array(most * 2), new Int32Array(most), new Int32Array(most)];
  let count = 0;
  for (const [line, trace] of traces.entries()) {
    for (let i = 0; i < trace.length / 2; i++) {
      if (Number.isNaN(trace[i * 2 + 1])) continue;
      xy[count * 2] = trace[i * 2];
      xy[count * 2 + 1] = trace[i * 2 + 1];
      series[count] = line;
      point[count++] = i;
    }
  }
  return { xy: xy.subarray(0, count * 2), series: series.subarray(0, count), point };
}

/** One way along the upper edge, back along the lower. */
function bandOf({ x, y, std }: Band, box: Box, xScale: Side['scale'], yScale: Side['scale']): number[] {
  const bottom = box.top + box.height;
  const edge = (i: number, sign: number) => {
    const at = yAt(box, yScale, y[i] + sign * (std[i] || 0));
    return [xAt(box, xScale, x[i]), Number.isNaN(at) ? bottom : at];
  };
  const there = [...x.keys()].filter((i) => Number.isFinite(y[i]));
  return [...there.flatMap((i) => edge(i, 1)), ...there.reverse().flatMap((i) => edge(i, -1))];
}

/** The names of the lines beside their ends, pushed apart. */
function paintNames(
  pen: Pen,
  { look }: Scene,
  box: Box,
  margin: number,
  lines: readonly Line[],
  traces: readonly Float32Array[],
): void {
  const each = Math.min(14, box.height / lines.length);
  const ends = lines.map(({ member, color }, i) => ({ name: member.name, color, y: lastY(traces[i]) }));
  ends.sort((a, b) => a.y - b.y);
  let free = box.top + each / 2;
  const places = ends.map(({ y }) => {
    const at = Math.max(free, y);
    free = at + each;
    return at;
  });
  let limit = box.top + box.height;
  for (let i = places.length - 1; i >= 0; i--) {
    places[i] = Math.min(places[i], limit);
    limit = places[i] - each;
  }
  const left = box.left + box.width + 6;
  ends.forEach(({ name, color, y }, i) => {
    pen.line([left - 4, y, left + 2, places[i], left + 10, places[i]], { color, width: 1.5 });
    pen.text(left + 14, places[i], fitted(name, margin - 20), { color: look.fg, alpha: 0.9 });
  });
}

function lastY(xy: Float32Array): number {
  for (let i = xy.length - 1; i > 0; i -= 2) if (!Number.isNaN(xy[i])) return xy[i];
  return 0;
}
