/** What the lines of the table are: runs, child runs below their parents, or groups with their runs. */
import type { Runs } from '../columns';
import type { ExplorerState } from '../state';
import { type Group, groupsOf } from './groups';
import { sortedRows } from './sort';
import { parentsOf, treeLines, withAncestors } from './tree';

export interface Line {
  /** The run, -1 for a group. */
  readonly row: number;
  readonly depth: number;
  /** The run's id or the group's: what is remembered of what is open. */
  readonly id: string;
  readonly fold: 'none' | 'open' | 'closed';
  /** Shown only because a run below it matches. */
  readonly context: boolean;
  readonly group: Group | null;
  /** Of children or members. */
  readonly count: number;
}

/** Lines are made as they are asked for: 100,000 runs are not 100,000 objects. */
export interface Lines {
  readonly length: number;
  at(i: number): Line;
}

/**
 * The lines as the view wants them.
 *
 * `runs` are those of the state, with the columns that show a metric's least or greatest value in place of its last.
 * `toggled`: ids whose lines are not as they are by default, closed.
 */
export function linesOf(state: ExplorerState, runs: Runs, toggled: ReadonlySet<string>): Lines {
  const { view, sort, good } = state;
  // The state has sorted by the last values already.
  const own =
    runs !== state.runs && sort.some(({ key }) => runs.columns.get(key) !== state.runs.columns.get(key));
  const shown = () => (own ? sortedRows(runs, good.mask, sort) : state.shown);
  const keys = view.group_by.filter((key) => runs.columns.has(key));
  if (keys.length > 0) return groupedLines(runs, groupsOf(runs, keys, shown(), sort), toggled);
  const parents = view.tree ? parentsOf(runs) : null;
  if (!parents) return flatLines(runs, shown());
  const kept = withAncestors(good.mask, parents);
  const first = runs.columns.get(sort[0]?.key);
  const lacks = (row: number) =>
    !first || Number.isNaN(first.numbers?.[row] ?? 0) || first.missing[row] === 1;
  const isOpen = (id: string, byDefault: boolean) => toggled.has(id) !== byDefault;
  return treeLines(runs, parents, kept, sortedRows(runs, kept, sort), lacks, isOpen);
}

function flatLines(runs: Runs, shown: Int32Array): Lines {
  return { length: shown.length, at: (i) => runLine(runs, shown[i], 0) };
}

export function runLine(runs: Runs, row: number, depth: number): Line {
  return { row, depth, id: runs.ids[row], fold: 'none', context: false, group: null, count: 0 };
}

function groupedLines(runs: Runs, groups: readonly Group[], toggled: ReadonlySet<string>): Lines {
  const starts = new Int32Array(groups.length + 1);
  groups.forEach(({ id, rows }, i) => {
    starts[i + 1] = starts[i] + 1 + (toggled.has(id) ? rows.length : 0);
  });
  return {
    length: starts[groups.length],
    at: (i) => {
      let low = 0;
      let high = groups.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle] <= i) low = middle;
        else high = middle - 1;
      }
      const group = groups[low];
      const within = i - starts[low] - 1;
      if (within >= 0) return runLine(runs, group.rows[within], 1);
      const fold = toggled.has(group.id) ? 'open' : 'closed';
      return { row: -1, depth: 0, id: group.id, fold, context: false, group, count: group.rows.length };
    },
  };
}

/** The rows of some lines, those of closed groups included, each once. */
export function rowsOfLines(lines: Lines, first: number, last: number): number[] {
  const rows = new Set<number>();
  for (let i = first; i <= last; i++) {
    const line = lines.at(i);
    for (const row of line.group?.rows ?? [line.row]) rows.add(row);
  }
  return [...rows];
}

/** All runs in the order of the table, of closed lines too. */
export function allRows(state: ExplorerState, runs: Runs): number[] {
  const { view } = state;
  if (view.group_by.length === 0 && view.tree && parentsOf(runs)) return treeRows(state, runs);
  const lines = linesOf(state, runs, new Set());
  return rowsOfLines(lines, 0, lines.length - 1);
}

function treeRows(state: ExplorerState, runs: Runs): number[] {
  const { mask } = state.good;
  // Ancestors that only gave context do not match: they are no part of what was asked for.
  const parents = parentsOf(runs);
  const kept = parents ? withAncestors(mask, parents) : mask;
  const open = new Set(runs.ids.filter((_, row) => kept[row] === 1));
  const lines = linesOf(state, runs, open);
  return rowsOfLines(lines, 0, lines.length - 1).filter((row) => mask[row] === 1);
}
