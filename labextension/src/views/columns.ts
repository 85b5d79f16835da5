/** The runs as typed columns, made once from the Arrow stream that the kernel sends. */
import { type Column as ArrowColumn, tableFromIPC } from '@uwdata/flechette';

import type { ColumnInfo } from '../contract';

/** A text column holds one code a row, and each distinct text once. */
export interface Words {
  /** Index into `texts`, -1 where the run has no value. */
  readonly codes: Int32Array;
  readonly texts: readonly string[];
  /** `texts` read as numbers; null where a text is none. */
  readonly parsed: readonly (number | null)[];
}

/**
 * One column: `numbers` for metrics, times (epoch ms, UTC) and texts that are numbers; `words` for params, tags and
 * attributes. `missing` is 1 where the run has no value at all, which is not the same as a metric that is NaN.
 */
export interface Column {
  readonly info: ColumnInfo;
  readonly numbers: Float64Array | null;
  readonly words: Words | null;
  readonly missing: Uint8Array;
}

/** All runs in the order of the stream. */
export interface Runs {
  readonly length: number;
  readonly columns: ReadonlyMap<string, Column>;
  readonly ids: readonly string[];
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

const SPECIAL = /^([+-]?)(nan|inf|infinity)$/i;

/** The number that a text is: 'nan' and 'inf' are numbers, '', ' 1' and '0x10' are none (null). */
export function parseNumber(text: string): number | null {
  if (NUMBER.test(text)) return Number(text);
  const special = SPECIAL.exec(text);
  if (!special) return null;
  if (special[2].toLowerCase() === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Reads the wire form: one Arrow IPC stream whose columns are those of `infos`. */
export function readRuns(ipc: Uint8Array, infos: readonly ColumnInfo[]): Runs {
  const table = tableFromIPC(ipc, { useBigInt: false, useDate: false });
  const columns = new Map<string, Column>();
  for (const info of infos) {
    const at = table.names.indexOf(info.key);
    if (at >= 0) columns.set(info.key, readColumn(table.getChildAt(at), info));
  }
  return { length: table.numRows, columns, ids: idsOf(columns, table.numRows) };
}

/** The same, from plain values: numbers, texts or null. */
export function runsFromValues(values: ReadonlyMap<ColumnInfo, readonly (number | string | null)[]>): Runs {
  const columns = new Map<string, Column>();
  let length = 0;
  for (const [info, cells] of values) {
    length = cells.length;
    columns.set(info.key, isNumeric(info) ? numberColumn(info, cells) : textColumn(info, cells));
  }
  return { length, columns, ids: idsOf(columns, length) };
}

/**
 * The runs with what changed since they were read.
 *
 * Changed runs keep their places, new ones come first in the order of `changes`, `removed` ids go. Columns that neither
 * has are left out.
 */
export function mergedRuns(
  runs: Runs,
  changes: Runs | null,
  removed: readonly string[],
  infos: readonly ColumnInfo[],
): Runs {
  const gone = new Set(removed);
  const fresh = new Map((changes?.ids ?? []).map((id, row) => [id, row]));
  const known = new Set(runs.ids);
  const sources: { from: Runs; row: number }[] = [];
  for (const [id, row] of fresh)
    if (changes && !known.has(id) && !gone.has(id)) sources.push({ from: changes, row });
  runs.ids.forEach((id, row) => {
    const changed = fresh.get(id);
    if (gone.has(id)) return;
    sources.push(changes && changed !== undefined ? { from: changes, row: changed } : { from: runs, row });
  });
  const columns = new Map<string, Column>();
  for (const info of infos) {
    const parts = new Map(
      [runs, ...(changes ? [changes] : [])].map((from) => [from, from.columns.get(info.key)]),
    );
    if ([...parts.values()].every((part) => part === undefined)) continue;
    const cells = sources.map(({ from, row }) => cellAt(parts.get(from), row, info));
    columns.set(info.key, isNumeric(info) ? numberColumn(info, cells) : textColumn(info, cells));
  }
  return { length: sources.length, columns, ids: sources.map(({ from, row }) => from.ids[row]) };
}

function cellAt(column: Column | undefined, row: number, info: ColumnInfo): number | string | null {
  if (!column || column.missing[row]) return null;
  return isNumeric(info) ? (column.numbers?.[row] ?? null) : textAt(column, row);
}

/** The text of one cell as it was logged, '' where missing. */
export function textAt(column: Column, row: number): string {
  if (column.words) return column.words.texts[column.words.codes[row]] ?? '';
  return column.missing[row] ? '' : String(column.numbers?.[row] ?? '');
}

function isNumeric(info: ColumnInfo): boolean {
  return info.kind === 'metric' || info.type === 'time';
}

function idsOf(columns: ReadonlyMap<string, Column>, length: number): string[] {
  const column = columns.get('run_id');
  return Array.from({ length }, (_, row) => (column ? textAt(column, row) : String(row)));
}

function readColumn(source: ArrowColumn<unknown>, info: ColumnInfo): Column {
  if (isNumeric(info))
    return numberColumn(info, source.toArray() as ArrayLike<number | null>, source.nullCount === 0);
  const coded = dictionaryColumn(source, info);
  return coded ?? textColumn(info, source.toArray() as ArrayLike<string | null>);
}

function numberColumn(info: ColumnInfo, cells: ArrayLike<number | string | null>, complete = false): Column {
  const missing = new Uint8Array(cells.length);
  if (complete) return { info, numbers: Float64Array.from(cells as ArrayLike<number>), words: null, missing };
  const numbers = new Float64Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    missing[row] = cell === null || cell === undefined ? 1 : 0;
    numbers[row] = missing[row] ? Number.NaN : Number(cell);
  }
  return { info, numbers, words: null, missing };
}

function textColumn(info: ColumnInfo, cells: ArrayLike<number | string | null>): Column {
  const seen = new Map<string, number>();
  const codes = new Int32Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    if (cell === null || cell === undefined) {
      codes[row] = -1;
      continue;
    }
    const text = String(cell);
    let code = seen.get(text);
    if (code === undefined) {
      code = seen.size;
      seen.set(text, code);
    }
    codes[row] = code;
  }
  return fromCodes(info, codes, [...seen.keys()]);
}

/** Takes the dictionary over as it is: a param with 5 distinct values in 10,000 runs is parsed 5 times. */
function dictionaryColumn(source: ArrowColumn<unknown>, info: ColumnInfo): Column | null {
  const codes = new Int32Array(source.length);
  let texts: readonly string[] = [];
  let at = 0;
  for (const batch of source.data) {
    if (!('key' in batch && 'dictionary' in batch && batch.values)) return null;
    const keys = batch.values as unknown as Int32Array;
    texts = Array.from((batch.dictionary as ArrowColumn<string>).cache());
    for (let i = 0; i < batch.length; i++) codes[at++] = batch.nullCount && !batch.isValid(i) ? -1 : keys[i];
  }
  return fromCodes(info, codes, texts);
}

function fromCodes(info: ColumnInfo, codes: Int32Array, texts: readonly string[]): Column {
  const words = lazyWords(codes, texts);
  const missing = Uint8Array.from(codes, (code) => (code < 0 ? 1 : 0));
  if (info.type !== 'number') return { info, numbers: null, words, missing };
  const numbers = Float64Array.from(codes, (code) => words.parsed[code] ?? Number.NaN);
  return { info, numbers, words, missing };
}

/** Run ids and names are parsed as numbers only when a query asks for it. */
function lazyWords(codes: Int32Array, texts: readonly string[]): Words {
  let parsed: readonly (number | null)[] | null = null;
  return {
    codes,
    texts,
    get parsed() {
      parsed ??= texts.map(parseNumber);
      return parsed;
    },
  };
}
