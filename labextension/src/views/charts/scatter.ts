/** Scatter: a run a dot, by any two columns. */
import { formatCount } from '../format';
import type { ExplorerState } from '../state';
import { KEY_ROOM, paintDots, paintKey, radiiOf, tintOf } from './cloud';
import { type Field, fieldOf } from './field';
import { type Box, boxOf, paintFrame, xAt, yAt } from './frame';
import { type Draw, logOption, type Scene } from './plot';

export const scatter: Draw = (scene) => {
  const { spec, state, look, width, height } = scene;
  const found = twoFields(scene);
  if (typeof found === 'string') return { title: 'Scatter', nothing: found };
  const { x, y, rows } = found;
  const title = `${y.name} by ${x.name}`;
  if (rows.length === 0) return { title, nothing: noneHas([x, y]) };
  const tint = tintOf(scene);
  const box = boxOf(width, height, y, KEY_ROOM);
  const xy = placed(box, x, y, rows);
  const size = state.runs.columns.get(spec.size);
  const radii = radiiOf(size, rows);
  const shown = [...new Set([y.column, x.column, tint.column, size])].filter((column) => !!column);
  const says = shown.map((column) => fieldOf(column, new Int32Array(0), false));
  return {
    title,
    summary: `Scatter of ${runsText(rows.length)}: ${y.name} from ${y.scale.write(y.scale.low)} to ${y.scale.write(y.scale.high)}, by ${x.name}`,
    note: missingText(state, rows.length, [x, y]),
    marks: { xy, row: rows },
    area: true,
    paint(pen) {
      paintFrame(pen, look, box, x, y);
      paintDots(pen, xy, rows, tint.scale, radii);
      paintKey(pen, look, box, tint);
    },
    say: (mark) => runLines(scene, rows[mark], says),
  };
};

/** The two columns of a chart, and the rows of those shown that have a place on both axes. */
export function twoFields({ spec, state }: Scene): { x: Field; y: Field; rows: Int32Array } | string {
  const [x, y] = [state.runs.columns.get(spec.x), state.runs.columns.get(spec.y)];
  if (!x || !y) return lackText(spec.x || spec.y ? [spec.x, spec.y].filter((_, i) => ![x, y][i]) : []);
  const fx = fieldOf(x, state.shown, logOption(spec, 'log_x'));
  const fy = fieldOf(y, state.shown, logOption(spec, 'log_y'));
  return { x: fx, y: fy, rows: placeable(state.shown, [fx, fy]) };
}

/** Rows with a place on each of some axes. */
export function placeable(rows: Int32Array, fields: readonly Field[]): Int32Array {
  return rows.filter((row) => fields.every(({ scale, values }) => Number.isFinite(scale.at(values[row]))));
}

export function placed(box: Box, x: Field, y: Field, rows: Int32Array): Float32Array {
  const xy = new Float32Array(rows.length * 2);
  rows.forEach((row, i) => {
    xy[i * 2] = xAt(box, x.scale, x.values[row]);
    xy[i * 2 + 1] = yAt(box, y.scale, y.values[row]);
  });
  return xy;
}

/** The name of a run, then a line a column. */
export function runLines({ state }: Scene, row: number, fields: readonly Field[]): string[] {
  return [state.nameOf(row), ...fields.map((field) => `${field.name} ${field.text(row) || 'no value'}`)];
}

export const runsText = (count: number) => `${formatCount(count)} ${count === 1 ? 'run' : 'runs'}`;

/** How many of the runs shown have no place on the axes, and which axes those are. */
export function missingText({ shown }: ExplorerState, drawn: number, fields: readonly Field[]): string {
  if (drawn === shown.length) return '';
  const lacking = new Set<string>();
  let below = false;
  for (const { name, scale, values } of fields) {
    for (const row of shown) {
      if (Number.isFinite(scale.at(values[row]))) continue;
      lacking.add(name);
      below ||= Number.isFinite(values[row]);
    }
  }
  return `${runsText(shown.length - drawn)} without a number${below ? ' above 0' : ''} for ${[...lacking].join(' or ')}`;
}

export function noneHas(fields: readonly Field[]): string {
  return `No run shown has a number for ${[...new Set(fields.map(({ name }) => name))].join(' and ')}.`;
}

/** What is said when columns are not there: none chosen, or gone from these runs. */
export function lackText(keys: readonly string[]): string {
  const names = keys.filter((key) => key !== '');
  return names.length === 0
    ? 'These runs have no two columns to draw.'
    : `These runs have no ${names.join(', ')}.`;
}
