/**
 * Which charts there are, and what they show where nothing was chosen.
 *
 * Options of a spec: `wide`; history `x_axis` (step, time, relative), `smoothing` (0 to 0.99), `log_y`, `runs`, `group`
 * ("" as the table groups, "none", or a param's key); scatter, contour, box and slice `log_x`, `log_y`; histogram `bins`
 * and `log_x`; importance and slice `count`; pareto `goal_x`, `goal_y` (min, max). Absent ones go by the data.
 */
import type { ChartSpec } from '../../contract';
import type { ExplorerState } from '../state';
import { goalOf } from './goals';
import type { Importances } from './importances';
import { KINDS } from './kinds';
import { frontOf, goalFor } from './pareto';

type Kind = ChartSpec['kind'];

/** Boxes more than these are not told apart: a param with fewer values is looked for. */
const FEW_VALUES = 20;
/** Metrics that are tried as the other one of a Pareto front. */
const TRIED = 12;

export function newSpec(kind: Kind, id: string = kind): ChartSpec {
  return { id, kind, x: '', y: '', color: '', size: '', options: {} };
}

/** Specs as they come, from Python or an older view: what they lack is filled in, kinds nobody knows are left out. */
export function complete(specs: readonly Partial<ChartSpec>[]): ChartSpec[] {
  const found: ChartSpec[] = [];
  for (const spec of specs) {
    const { kind, id } = spec;
    if (!kind || !Object.hasOwn(KINDS, kind)) continue;
    const own = id && !found.some((other) => other.id === id) ? id : freshId(kind, found);
    found.push({ ...newSpec(kind), ...spec, id: own, options: spec.options ?? {} });
  }
  return found;
}

/** An id that no other chart has. */
export function freshId(kind: Kind, specs: readonly ChartSpec[]): string {
  const taken = new Set(specs.map(({ id }) => id));
  for (let n = 2; ; n++) if (!taken.has(`${kind}-${n}`)) return `${kind}-${n}`;
}

/** The charts that tell most of runs of which nothing is known. */
export function defaultSpecs(state: ExplorerState): ChartSpec[] {
  const metric = metricKey(state);
  const params = state.info.columns.filter(({ kind, varies }) => kind === 'param' && varies).length;
  if (metric === '') return params > 0 ? [newSpec('histogram')] : [];
  const kinds: Kind[] = ['history'];
  if (params > 1) kinds.push('importance');
  if (params > 0) kinds.push('scatter');
  if (otherMetric(state, metric) !== '') kinds.push('pareto');
  return kinds.map((kind) => newSpec(kind));
}

/** The spec with its columns filled in. */
export function resolved(spec: ChartSpec, state: ExplorerState, importances: Importances): ChartSpec {
  const { kind } = spec;
  const metric = metricKey(state);
  if (kind === 'histogram') return { ...spec, x: spec.x || metric || firstParam(state) };
  if (kind === 'contour') {
    const params = contourParams(state, importances, metric);
    const x = spec.x || params.find((key) => key !== spec.y) || '';
    return { ...spec, x, y: spec.y || params.find((key) => key !== x) || '', color: spec.color || metric };
  }
  const y = spec.y || metric;
  if (kind === 'pareto') return { ...spec, y, x: spec.x || otherMetric(state, y) };
  if (kind !== 'scatter' && kind !== 'box') return { ...spec, y };
  if (spec.x) return { ...spec, y };
  const params = importances.params(metric);
  const few = kind === 'box' ? params.find((key) => valuesOf(state, key) <= FEW_VALUES) : undefined;
  const time = state.runs.columns.has('start_time') ? 'start_time' : '';
  return { ...spec, y, x: few ?? params.find((key) => key !== y) ?? time };
}

function metricKey(state: ExplorerState): string {
  if (state.metric) return state.metric.info.key;
  const metrics = state.info.columns.filter(
    ({ kind, key }) => kind === 'metric' && state.runs.columns.has(key),
  );
  return (metrics.find(({ varies }) => varies) ?? metrics[0])?.key ?? '';
}

function firstParam({ info }: ExplorerState): string {
  return info.columns.find(({ kind, varies }) => kind === 'param' && varies)?.key ?? '';
}

function contourParams(state: ExplorerState, importances: Importances, metric: string): string[] {
  const params = importances.params(metric);
  const numeric = params.filter((key) => state.runs.columns.get(key)?.numbers);
  return [...numeric, ...params.filter((key) => !numeric.includes(key))];
}

function valuesOf({ runs }: ExplorerState, key: string): number {
  return runs.columns.get(key)?.words?.texts.length ?? Number.POSITIVE_INFINITY;
}

/** A metric that asks for a choice: whose best run is not the best of the other one, too. */
function otherMetric(state: ExplorerState, metric: string): string {
  const { runs, info } = state;
  const y = runs.columns.get(metric)?.numbers;
  if (!y) return '';
  const known = info.columns.filter(
    ({ kind, varies, key, name }) => kind === 'metric' && varies && key !== metric && goalOf(name) !== null,
  );
  const every = Int32Array.from({ length: runs.length }, (_, row) => row);
  const found = known.slice(0, TRIED).find(({ key }) => {
    const x = runs.columns.get(key)?.numbers;
    if (!x) return false;
    const rows = every.filter((row) => Number.isFinite(x[row]) && Number.isFinite(y[row]));
    const spec = { ...newSpec('pareto'), x: key, y: metric };
    return frontOf(rows, x, y, [goalFor({ spec, state }, 'x'), goalFor({ spec, state }, 'y')]).length > 1;
  });
  return found?.key ?? '';
}
