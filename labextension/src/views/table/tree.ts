/** Child runs under their parents: lines in the order of the sort, parents kept as context when only a child matches. */
import type { Runs } from '../columns';
import { textAt } from '../columns';
import type { Lines } from './lines';

const PARENT = 'tags.mlflow.parentRunId';
const known = new WeakMap<Runs, Int32Array>();

/** Each run's parent among the runs, -1 where there is none: orphans and the members of a circle count as such. */
export function parentsOf(runs: Runs): Int32Array | null {
  const column = runs.columns.get(PARENT);
  if (!column) return null;
  const found = known.get(runs);
  if (found) return found;
  const places = new Map(runs.ids.map((id, row) => [id, row]));
  const parents = Int32Array.from(runs.ids, (_, row) => places.get(textAt(column, row)) ?? -1);
  const seen = new Int32Array(runs.length); // 0: not yet; else the walk that saw it
  for (let start = 0; start < runs.length; start++) {
    for (let row = start; row >= 0 && seen[row] === 0; row = parents[row]) {
      seen[row] = start + 1;
      const parent = parents[row];
      if (parent >= 0 && seen[parent] === start + 1) parents[row] = -1; // it came back to where it was
    }
  }
  known.set(runs, parents);
  return parents;
}

/** Whether any run has its parent among the runs. */
export function hasChildren(runs: Runs): boolean {
  return parentsOf(runs)?.some((parent) => parent >= 0) ?? false;
}

/** The mask with the ancestors of all that it lets through: 1 is let through, 2 only an ancestor. */
export function withAncestors(mask: Uint8Array, parents: Int32Array): Uint8Array {
  const kept = mask.slice();
  for (let row = 0; row < mask.length; row++) {
    if (mask[row] !== 1) continue;
    for (let up = parents[row]; up >= 0 && kept[up] === 0; up = parents[up]) kept[up] = 2;
  }
  return kept;
}

/**
 * The lines of a tree.
 *
 * `order`: the rows of `kept`, sorted. `lacks`: the run has no value to be sorted by, so it stands where its best child
 * does. `isOpen` gets what is the default: a parent that is only context is open, or its match would be hidden.
 */
export function treeLines(
  runs: Runs,
  parents: Int32Array,
  kept: Uint8Array,
  order: Int32Array,
  lacks: (row: number) => boolean,
  isOpen: (id: string, byDefault: boolean) => boolean,
): Lines {
  const place = new Int32Array(runs.length);
  order.forEach((row, at) => {
    place[row] = at;
  });
  for (const row of order) {
    for (let up = parents[row]; up >= 0 && place[up] > place[row] && lacks(up); up = parents[up]) {
      place[up] = place[row];
    }
  }
  const children = new Map<number, number[]>();
  for (const row of order) {
    const siblings = children.get(parents[row]);
    if (siblings) siblings.push(row);
    else children.set(parents[row], [row]);
  }
  for (const siblings of children.values()) siblings.sort((a, b) => place[a] - place[b]);

  const rows: number[] = [];
  const depths: number[] = [];
  const stack: { rows: readonly number[]; at: number }[] = [{ rows: children.get(-1) ?? [], at: 0 }];
  while (stack.length > 0) {
    const level = stack[stack.length - 1];
    if (level.at >= level.rows.length) {
      stack.pop();
      continue;
    }
    const row = level.rows[level.at++];
    rows.push(row);
    depths.push(stack.length - 1);
    const below = children.get(row);
    if (below && isOpen(runs.ids[row], kept[row] === 2)) stack.push({ rows: below, at: 0 });
  }
  return {
    length: rows.length,
    at: (i) => {
      const row = rows[i];
      const count = children.get(row)?.length ?? 0;
      const context = kept[row] === 2;
      const fold = count === 0 ? 'none' : isOpen(runs.ids[row], context) ? 'open' : 'closed';
      return { row, depth: depths[i], id: runs.ids[row], fold, context, group: null, count };
    },
  };
}
