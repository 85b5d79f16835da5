/** Metric histories: a line a run, or mean and deviation of runs with equal params. */
import { extent } from '../color';
import { h, readable } from '../dom';
import { failureNote } from '../failure';
import { formatCount } from '../format';
import { type Tint, tintOf } from './cloud';
import type { Found, History } from './histories';
import { type Line, NAMED, type Over, plotOf } from './lines';
import { type Members, membersOf } from './members';
import { lineColors } from './palette';
import { type Draw, noted, option, type Scene } from './plot';
import { type Band, meanOf, type Series, smoothed } from './series';

export const history: Draw = (scene) => {
  const { spec, state, histories } = scene;
  const metric = state.runs.columns.get(spec.y);
  if (!metric) return { title: 'History', nothing: 'These runs have no metric.' };
  const name = readable(metric.info.name);
  const axis = xAxis(option(spec, 'x_axis', 'step'));
  const title = `${name} by ${axis.over.word}`;
  const drawn = membersOf(spec, state);
  const { members, said } = drawn;
  const rows = members.flatMap((member) => member.rows);
  if (rows.length === 0) return { title, nothing: `No run shown has ${name}.` };
  const found = histories.of(metric.info.name, rows);
  if (found.failure) {
    const retry = h('button', { type: 'button', class: 'mam-button', 'data-act': 'retry' }, 'Try again');
    return { title, nothing: h('div', {}, failureNote(found.failure), retry) };
  }
  const first = members.map((member) => member.rows[0]);
  const tint = tintOf(scene, first);
  const lines = linesOf(scene, drawn, found, axis.value, tint);
  if (found.waiting && lines.length === 0) {
    return { title, nothing: h('p', { class: 'mam-progress' }, readable(found.progress)) };
  }
  const values = extent(lines.flatMap(({ raw, drawn }) => [...extent((raw ?? drawn).y), ...edges(drawn)]));
  if (Number.isNaN(values[0])) {
    return { title, nothing: `${name} is not a finite number at any step (${said}).` };
  }
  const plot = plotOf(scene, lines, values, tint, name, axis.over);
  const reading = found.waiting ? 'more is being read' : '';
  return { ...plot, title, note: noted(said, thinnedText(rows, found, state.runs.ids), reading) };
};

interface XAxis {
  readonly over: Over;
  readonly value: (history: History) => Float64Array;
}

function xAxis(kind: string): XAxis {
  if (kind === 'time') return { over: { word: 'time', time: true }, value: ({ time }) => time };
  if (kind !== 'relative') return { over: { word: 'step' }, value: ({ step }) => step };
  // By time of the run's first point: what was waited for before is not training.
  const since = ({ time }: History) => time.map((ms) => (ms - time[0]) / 1000);
  return { over: { word: 'time since start', unit: 's' }, value: since };
}

function linesOf(
  { spec, state, look }: Scene,
  { members, grouped }: Members,
  found: Found,
  xOf: XAxis['value'],
  { scale }: Tint,
): Line[] {
  const weight = Math.min(0.999, option(spec, 'smoothing', 0));
  const few = members.length <= NAMED;
  const colors = lineColors(look.dark);
  return members.flatMap((member, at) => {
    const all = member.rows.flatMap((row) => {
      const run = found.runs.get(state.runs.ids[row]);
      return run && run.value.length > 0 ? [{ x: xOf(run), y: run.value }] : [];
    });
    if (all.length === 0) return [];
    const color = few ? colors[at % colors.length] : scale.colors[scale.bins[member.rows[0]]];
    const smooth = all.map(({ x, y }) => ({ x, y: smoothed(y, weight) }));
    if (grouped) return [{ member, color, raw: null, drawn: meanOf(smooth) }];
    return [{ member, color, raw: few && weight > 0 ? all[0] : null, drawn: smooth[0] }];
  });
}

function edges(drawn: Series | Band): number[] {
  if (!('std' in drawn)) return [];
  return [...drawn.std].flatMap((std, i) => (std > 0 ? [drawn.y[i] - std, drawn.y[i] + std] : []));
}

/** What was left out between the points that came; spikes are never among it. */
function thinnedText(rows: readonly number[], { runs }: Found, ids: readonly string[]): string {
  const batches = [...new Set(rows.flatMap((row) => runs.get(ids[row])?.batch ?? []))];
  const sent = batches.reduce((sum, batch) => sum + batch.sent, 0);
  const known = batches.every(({ total }) => total !== null);
  const total = batches.reduce((sum, batch) => sum + (batch.total ?? 0), 0);
  if (known && total <= sent) return '';
  const of = known ? formatCount(total) : 'a number that the store does not tell';
  return `${formatCount(sent)} points of ${of}, lowest and highest kept`;
}
