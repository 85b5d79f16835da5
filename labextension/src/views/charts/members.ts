/** Whose histories are drawn: the ticked runs, else the best; each alone, or those of equal params together. */
import type { ChartSpec } from '../../contract';
import { textAt } from '../columns';
import { readable } from '../dom';
import { formatCount } from '../format';
import type { ExplorerState } from '../state';
import { option } from './plot';
import { runsText } from './scatter';

export interface Member {
  readonly name: string;
  readonly rows: readonly number[];
}

export interface Members {
  readonly members: readonly Member[];
  /** "10 best of 2,000 runs by rmse". */
  readonly said: string;
  readonly grouped: boolean;
}

/** More histories than these are not asked for at once. */
const MOST_RUNS = 200;

export function membersOf(spec: ChartSpec, state: ExplorerState): Members {
  const metric = state.runs.columns.get(spec.y);
  const have = state.shown.filter((row) => metric && !metric.missing[row]);
  const ticked = have.filter((row) => state.ticked.has(row));
  const pool = ticked.length > 0 ? ticked : bestFirst(have, state);
  const wanted = Math.max(1, Math.min(MOST_RUNS, Math.round(option(spec, 'runs', 10))));
  const by = groupKeys(spec, state);
  const what = ticked.length > 0 ? 'ticked' : '';
  if (by.length === 0) {
    const rows = [...pool.slice(0, ticked.length > 0 ? MOST_RUNS : wanted)];
    const members = rows.map((row) => ({ name: readable(state.nameOf(row)), rows: [row] }));
    return { members, said: saidOf(rows.length, pool.length, what, state, 'run'), grouped: false };
  }
  const groups = new Map<string, number[]>();
  for (const row of pool) {
    const key = JSON.stringify(by.map((column) => (column.missing[row] ? null : textAt(column, row))));
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const drawn = groupsBestFirst([...groups.values()], state).slice(0, wanted);
  const each = Math.floor(MOST_RUNS / drawn.length);
  const members = drawn.map((rows) => {
    const texts = by.map((column) => `${column.info.name} ${textAt(column, rows[0]).slice(0, 60) || 'none'}`);
    return { name: readable(texts.join(', ')), rows: evenly(rows, each) };
  });
  const count = (parts: readonly (readonly number[])[]) => parts.reduce((sum, part) => sum + part.length, 0);
  const [runs, all] = [count(members.map(({ rows }) => rows)), count(drawn)];
  const of = runs < all ? `${formatCount(runs)} of ` : '';
  const groupText = saidOf(members.length, groups.size, what, state, 'group');
  return { members, said: `${groupText}: mean ± std of ${of}${runsText(all)}`, grouped: true };
}

/** Some of many, from the first to the last: of runs in the order of their metric neither the good nor the bad ones. */
function evenly(rows: readonly number[], most: number): readonly number[] {
  if (rows.length <= most) return rows;
  return Array.from({ length: most }, (_, i) => rows[Math.floor(((i + 0.5) * rows.length) / most)]);
}

function groupKeys(spec: ChartSpec, state: ExplorerState) {
  const chosen = option(spec, 'group', '');
  const keys = chosen === 'none' ? [] : chosen === '' ? state.view.group_by : [chosen];
  return keys.flatMap((key) => state.runs.columns.get(key) ?? []);
}

function bestFirst(rows: Int32Array, state: ExplorerState): Int32Array {
  const { numbers } = state.metric ?? {};
  if (!numbers || state.info.goal === null) return rows;
  const sign = state.info.goal === 'min' ? 1 : -1;
  const place = (row: number) =>
    Number.isNaN(numbers[row]) ? Number.POSITIVE_INFINITY : sign * numbers[row];
  // Equal ones keep the order of the table; Infinity - Infinity is NaN, which is no order.
  return rows.toSorted((a, b) => place(a) - place(b) || 0);
}

function groupsBestFirst(groups: number[][], state: ExplorerState): number[][] {
  const { numbers } = state.metric ?? {};
  if (!numbers || state.info.goal === null) return groups;
  const sign = state.info.goal === 'min' ? 1 : -1;
  const mean = (rows: number[]) => {
    const finite = rows.filter((row) => Number.isFinite(numbers[row]));
    return finite.length === 0
      ? Number.MAX_VALUE
      : (sign * finite.reduce((sum, row) => sum + numbers[row], 0)) / finite.length;
  };
  return groups
    .map((rows) => ({ rows, at: mean(rows) }))
    .sort((a, b) => a.at - b.at)
    .map(({ rows }) => rows);
}

function saidOf(
  drawn: number,
  all: number,
  what: string,
  { metric, info }: ExplorerState,
  noun: string,
): string {
  const nouns = all === 1 ? noun : `${noun}s`;
  if (drawn === all) return `${formatCount(all)}${what && ` ${what}`} ${nouns}`;
  const known = metric && info.goal !== null;
  const word = what || (known ? 'best' : 'first');
  const by = !what && known ? ` by ${readable(metric.info.name)}` : '';
  return `${drawn} ${word} of ${formatCount(all)} ${nouns}${by}`;
}
