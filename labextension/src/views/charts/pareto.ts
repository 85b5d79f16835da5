/** Pareto front of two metrics: the runs that no other run beats in both. */

import { h, readable } from '../dom';
import { formatCount } from '../format';
import type { Field } from './field';
import { boxOf, paintFrame } from './frame';
import type { Goal } from './goals';
import { goalOf } from './goals';
import { type Draw, noted, option, type Scene } from './plot';
import { missingText, noneHas, placed, runLines, runsText, twoFields } from './scatter';

/** Runs of the front that are listed; the rest is counted. */
const LISTED = 12;

/** Runs that are sorted as they are. */
const MANY = 2000;

export const pareto: Draw = (scene) => {
  const { look, width, height, state } = scene;
  const found = twoFields(scene);
  if (typeof found === 'string') return { title: 'Pareto front', nothing: found };
  const { x, y, rows } = found;
  const title = `Pareto front: ${y.name} and ${x.name}`;
  if (rows.length === 0) return { title, nothing: noneHas([x, y]) };
  const goals: [Goal, Goal] = [goalFor(scene, 'x'), goalFor(scene, 'y')];
  const front = frontOf(rows, x.values, y.values, goals);
  const sides = [x, y].map((field, i) => ({
    ...field,
    name: `${field.name} ${goals[i] === 'min' ? '↓' : '↑'}`,
  }));
  const box = boxOf(width, height, sides[1]);
  const xy = placed(box, x, y, rows);
  const best = `Best: ${word(goals[1])} ${y.name}, ${word(goals[0])} ${x.name}`;
  const frontXy = placed(box, x, y, front);
  return {
    title,
    summary: `${front.length} of ${runsText(rows.length)} are on the Pareto front: ${x.name} ${word(goals[0])}, ${y.name} ${word(goals[1])}`,
    note: noted(best, missingText(state, rows.length, [x, y])),
    marks: { xy, row: rows },
    area: true,
    extra: frontList(scene, front, [x, y]),
    paint(pen) {
      paintFrame(pen, look, box, sides[0], sides[1]);
      const many = rows.length > 2000;
      pen.cloud([{ xy: [...xy], color: look.fg }], many ? 1.2 : 2.4, many ? 0.2 : 0.35);
      pen.line(stairs(frontXy), { color: look.fg, width: 1.25, alpha: 0.7 });
      pen.dots(frontXy, 4, { color: look.fg });
    },
    say: (mark) => runLines(scene, rows[mark], [y, x]),
  };
};

/** Which way an axis gets better: chosen, else by what is known of the metric. */
export function goalFor({ spec, state }: Pick<Scene, 'spec' | 'state'>, axis: 'x' | 'y'): Goal {
  const chosen = option(spec, `goal_${axis}`, '');
  if (chosen === 'min' || chosen === 'max') return chosen;
  const column = state.runs.columns.get(spec[axis]);
  if (column && column === state.metric && state.info.goal) return state.info.goal;
  return goalOf(column?.info.name ?? '') ?? 'max';
}

/** The rows that no other row beats in one value and equals in the other, best in x first. */
export function frontOf(
  rows: Int32Array,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  goals: readonly [Goal, Goal],
): Int32Array {
  const [signX, signY] = goals.map((goal) => (goal === 'min' ? 1 : -1));
  let left = rows;
  if (rows.length > MANY) {
    // The front of a few runs beats most of the others: those need not be sorted.
    const step = Math.ceil((rows.length / MANY) * 2);
    const few = frontOf(
      rows.filter((_, i) => i % step === 0),
      x,
      y,
      goals,
    );
    const beats = (a: number, b: number) => signX * (x[a] - x[b]) < 0 && signY * (y[a] - y[b]) < 0;
    left = rows.filter((row) => !few.some((other) => beats(other, row)));
  }
  const order = left.toSorted((a, b) => signX * (x[a] - x[b]) || signY * (y[a] - y[b]));
  let best = Number.POSITIVE_INFINITY;
  let last = -1;
  return order.filter((row) => {
    const value = signY * y[row];
    const twin = last >= 0 && x[row] === x[last] && y[row] === y[last];
    if (!twin && value >= best) return false;
    best = value;
    last = row;
    return true;
  });
}

/** The front as the border of what is beaten: neither metric is had better without the other worse. */
function stairs(xy: Float32Array): number[] {
  const line: number[] = [];
  for (let i = 0; i < xy.length; i += 2) {
    if (i > 0) line.push(xy[i], xy[i - 1]);
    line.push(xy[i], xy[i + 1]);
  }
  return line;
}

const word = (goal: Goal) => (goal === 'min' ? 'low' : 'high');

function frontList({ state }: Scene, front: Int32Array, fields: readonly Field[]): HTMLElement {
  const item = (row: number) => {
    const box = h('input', { type: 'checkbox', 'data-row': row });
    box.checked = state.ticked.has(row);
    const values = fields.map(({ scale, values }) => scale.write(values[row])).join(' · ');
    const name = h('span', {}, readable(state.nameOf(row)));
    return h(
      'li',
      { 'data-hover': row },
      h('label', {}, box, name, h('small', { class: 'mam-number' }, values)),
    );
  };
  const more = front.length - LISTED;
  const all = h(
    'button',
    { type: 'button', class: 'mam-link', 'data-rows': front.join() },
    `Tick the ${formatCount(front.length)} of the front`,
  );
  return h(
    'div',
    { class: 'mam-front' },
    h('ul', { 'aria-label': 'Runs of the Pareto front' }, ...[...front.slice(0, LISTED)].map(item)),
    h('div', {}, all, more > 0 ? h('span', { class: 'mam-note' }, ` ${LISTED} listed`) : null),
  );
}
