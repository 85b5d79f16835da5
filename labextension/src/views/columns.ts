/** The runs as typed columns, made once from the Arrow stream that the kernel sends. */
import { type Column as ArrowColumn, tableFromIPC } from '@uwdata/flechette';

import type { ColumnInfo } from '../contract';
import { type LazyTexts, packedColumn, rowCodes, writtenByPython } from './wire';

/** A text column holds one code a row, and each distinct text once. */
export interface Words {
  /** Index into `texts`, -1 where the run has no value. */
  readonly codes: Int32Array;
  readonly texts: readonly string[];
  /** `texts` read as numbers; null where a text is none. */
  readonly parsed: ArrayLike<number | null>;
  /** One of `texts`, without making the others where they are made on demand. */
  at(code: number): string;
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
    const scale = at < 0 ? undefined : table.schema.fields[at].metadata?.get('scale');
    if (at >= 0) columns.set(info.key, readColumn(table.getChildAt(at), info, Number(scale ?? 0)));
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

/** The text of one cell as it was logged, '' where missing. */
export function textAt(column: Column, row: number): string {
  if (column.words) return column.words.at(column.words.codes[row]);
  return column.missing[row] ? '' : String(column.numbers?.[row] ?? '');
}

/** Whether it is read as numbers; params that are numbers are texts first. */
export function isNumeric(info: ColumnInfo): boolean {
  return info.kind === 'metric' || info.type === 'time';
}

function idsOf(columns: ReadonlyMap<string, Column>, length: number): readonly string[] {
  const words = columns.get('run_id')?.words;
  // Each run has its own, mostly in the order of the rows.
  if (words?.codes.every((code, row) => code === row)) return words.texts;
  return Array.from({ length }, (_, row) => (words ? words.at(words.codes[row]) : String(row)));
}

function readColumn(source: ArrowColumn<unknown>, info: ColumnInfo, scale: number): Column {
  const packed = packedColumn(source, scale);
  if (packed === null) {
    const cells = source.toArray() as ArrayLike<number | string | null>;
    return isNumeric(info) ? numberColumn(info, cells) : textColumn(info, cells);
  }
  const { missing } = packed;
  if (isNumeric(info)) {
    return packed.type === 'numbers'
      ? { info, numbers: packed.numbers, words: null, missing }
      : numberColumn(info, []);
  }
  if (packed.type === 'texts') return codedColumn(info, packed.codes, packed.texts);
  const { numbers } = packed;
  const codes = rowCodes(missing);
  const words = lazyWords(
    codes,
    () => Array.from(numbers, writtenByPython),
    (code) => writtenByPython(numbers[code]),
    numbers,
  );
  return { info, numbers, words, missing };
}

function numberColumn(info: ColumnInfo, cells: ArrayLike<number | string | null>): Column {
  const missing = new Uint8Array(cells.length);
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
  return codedColumn(info, codes, [...seen.keys()]);
}

/** A column of coded texts; its numbers are read once a distinct text. */
export function codedColumn(
  info: ColumnInfo,
  codes: Int32Array,
  texts: readonly string[] | LazyTexts,
): Column {
  const words =
    'all' in texts
      ? lazyWords(codes, texts.all, texts.at)
      : lazyWords(
          codes,
          () => texts,
          (code) => texts[code] ?? '',
        );
  const missing = new Uint8Array(codes.length);
  for (let row = 0; row < codes.length; row++) missing[row] = codes[row] < 0 ? 1 : 0;
  if (info.type !== 'number') return { info, numbers: null, words, missing };
  const { parsed } = words;
  const numbers = new Float64Array(codes.length);
  for (let row = 0; row < codes.length; row++) numbers[row] = parsed[codes[row]] ?? Number.NaN;
  return { info, numbers, words, missing };
}

/** Ids and addresses are as many as runs: the texts are made when a query or the table asks for them. */
export function lazyWords(
  codes: Int32Array,
  all: () => readonly string[],
  at: (code: number) => string,
  numbers: Float64Array | null = null,
): Words {
  let texts: readonly string[] | null = null;
  let parsed: ArrayLike<number | null> | null = numbers;
  return {
    codes,
    get texts() {
      texts ??= all();
      return texts;
    },
    get parsed() {
      parsed ??= this.texts.map(parseNumber);
      return parsed;
    },
    at: (code) => (code < 0 ? '' : (texts?.[code] ?? at(code))),
  };
}
