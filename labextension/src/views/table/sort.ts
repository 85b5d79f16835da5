/** Orders rows by several columns; runs without a value, and NaN, come last in either direction. */
import type { SortTerm } from '../../contract';
import type { Column, Runs } from '../columns';
import { compareText } from '../filter/query-values';

/** The rows whose mask is 1, in order. Equal rows keep the order of the stream. */
export function sortedRows(runs: Runs, mask: Uint8Array, sort: readonly SortTerm[]): Int32Array {
  const shown = new Int32Array(mask.length);
  let count = 0;
  for (let row = 0; row < mask.length; row++) if (mask[row]) shown[count++] = row;
  const rows = shown.subarray(0, count);
  const keys = sort.flatMap(({ key, descending }) => {
    const column = runs.columns.get(key);
    return column ? [{ values: ranks(column), sign: descending ? -1 : 1 }] : [];
  });
  if (keys.length === 0) return rows;
  return rows.sort((a, b) => {
    for (const { values, sign } of keys) {
      const [x, y] = [values[a], values[b]];
      if (x === y) continue;
      if (Number.isNaN(x)) {
        if (Number.isNaN(y)) continue;
        return 1;
      }
      return Number.isNaN(y) ? -1 : x < y ? -sign : sign;
    }
    return a - b;
  });
}

function ranks(column: Column): Float64Array {
  if (column.numbers) return column.numbers;
  if (!column.words) return new Float64Array(column.missing.length).fill(Number.NaN);
  const { codes, texts } = column.words;
  const order = texts.map((_, code) => code).sort((a, b) => compareText(texts[a], texts[b]));
  const rank = new Float64Array(texts.length);
  order.forEach((code, at) => {
    rank[code] = at;
  });
  return Float64Array.from(codes, (code) => (code < 0 ? Number.NaN : rank[code]));
}
