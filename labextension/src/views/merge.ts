/** The runs with what changed since they were read: arrays are copied and patched, nothing is parsed twice. */
import type { ColumnInfo } from '../contract';
import { type Column, codedColumn, isNumeric, lazyWords, type Runs } from './columns';

/** Where each row comes from: a row of the runs that were there, or `~row` of the changes. */
interface Plan {
  readonly rows: Int32Array;
  /** How many of the first rows are new. */
  readonly fresh: number;
  /** Whether what follows the new rows is the old ones in their order, but for the patched ones. */
  readonly whole: boolean;
  /** Places that come from the changes. */
  readonly patched: readonly number[];
}

/**
 * Changed runs keep their places, new ones come first in the order of `changes`, `removed` ids go. Columns that neither
 * has are left out; `infos` say what each column is now, which may differ from what it was.
 */
export function mergedRuns(
  runs: Runs,
  changes: Runs | null,
  removed: readonly string[],
  infos: readonly ColumnInfo[],
): Runs {
  const plan = planned(runs, changes, new Set(removed));
  const columns = new Map<string, Column>();
  for (const info of infos) {
    const old = runs.columns.get(info.key);
    const now = changes?.columns.get(info.key);
    if (old || now) columns.set(info.key, mergedColumn(info, old, now, plan));
  }
  const ids: string[] = [];
  for (const row of plan.rows) ids.push(row >= 0 ? runs.ids[row] : (changes?.ids[~row] ?? ''));
  return { length: ids.length, columns, ids };
}

function planned(runs: Runs, changes: Runs | null, gone: ReadonlySet<string>): Plan {
  const changed = new Map((changes?.ids ?? []).map((id, row) => [id, row]));
  const old: number[] = [];
  for (let row = 0; row < runs.length; row++) {
    const id = runs.ids[row];
    if (gone.has(id)) continue;
    const change = changed.get(id);
    if (change !== undefined) changed.delete(id);
    old.push(change === undefined ? row : ~change);
  }
  const first = [...changed].filter(([id]) => !gone.has(id)).map(([, row]) => ~row);
  const rows = new Int32Array(first.length + old.length);
  rows.set(first);
  rows.set(old, first.length);
  const patched: number[] = [];
  for (let at = 0; at < rows.length; at++) if (rows[at] < 0) patched.push(at);
  return { rows, fresh: first.length, whole: old.length === runs.length, patched };
}

function mergedColumn(
  info: ColumnInfo,
  old: Column | undefined,
  now: Column | undefined,
  plan: Plan,
): Column {
  if (isNumeric(info)) {
    const numbers = merged(old?.numbers, now?.numbers, plan, new Float64Array(plan.rows.length), Number.NaN);
    const missing = merged(old?.missing, now?.missing, plan, new Uint8Array(plan.rows.length), 1);
    return { info, numbers, words: null, missing };
  }
  const numbers = info.type === 'number' ? mergedNumbers(info, old, now, plan) : null;
  if (numbers) return numbers;
  const before = old?.words?.texts ?? [];
  const codes = merged(old?.words?.codes, undefined, plan, new Int32Array(plan.rows.length), -1);
  const wanted = new Map<string, number>();
  const textOf = (at: number) => now?.words?.texts[now.words.codes[~plan.rows[at]]];
  for (const at of plan.patched) wanted.set(textOf(at) ?? '', -1);
  // Ids are 100,000 texts, and a handful of them is looked for.
  before.forEach((text, code) => void (wanted.has(text) && wanted.set(text, code)));
  const texts = [...wanted.values()].includes(-1) ? [...before] : before;
  for (const at of plan.patched) {
    const text = textOf(at);
    if (text === undefined) continue;
    const known = wanted.get(text) ?? -1;
    codes[at] = known < 0 ? (texts as string[]).push(text) - 1 : known;
    wanted.set(text, codes[at]);
  }
  return codedColumn(info, codes, texts);
}

/** Params of which nearly each run has its own: their texts are not made only to be compared. Null for others. */
function mergedNumbers(
  info: ColumnInfo,
  old: Column | undefined,
  now: Column | undefined,
  plan: Plan,
): Column | null {
  const [first, second] = [old?.words, now?.words];
  const count = first?.parsed.length ?? 0;
  if (!first || !old?.numbers || 2 * count < old.numbers.length || (second && !now?.numbers)) return null;
  const rows = plan.rows.length;
  const shifted = second?.codes.map((code) => (code < 0 ? code : code + count));
  const codes = merged(first.codes, shifted, plan, new Int32Array(rows), -1);
  const words = lazyWords(
    codes,
    () => [...first.texts, ...(second?.texts ?? [])],
    (code) => (code < count ? first.at(code) : (second?.at(code - count) ?? '')),
  );
  const missing = merged(old.missing, now?.missing, plan, new Uint8Array(rows), 1);
  const numbers = merged(old.numbers, now?.numbers, plan, new Float64Array(rows), Number.NaN);
  return { info, numbers, words, missing };
}

function merged<A extends Float64Array | Uint8Array | Int32Array>(
  old: A | null | undefined,
  now: A | null | undefined,
  { rows, fresh, whole, patched }: Plan,
  into: A,
  none: number,
): A {
  if (!old) into.fill(none);
  else if (whole) into.set(old, fresh);
  else for (let at = fresh; at < rows.length; at++) into[at] = old[rows[at]];
  for (const at of patched) into[at] = now?.[~rows[at]] ?? none;
  return into;
}
