/** Orders rows by several columns; runs without a value, and NaN, come last in either direction. */
import type { SortTerm } from '../../contract';
import type { Column, Runs } from '../columns';
import { compareText } from '../filter/query-values';

/** The order of all rows for the last sort of some runs: a filter being dragged only picks from it. */
const orders = new WeakMap<Runs, { readonly sort: string; readonly order: Int32Array }>();

/** The rows whose mask is 1, in order. Equal rows keep the order of the stream. */
export function sortedRows(runs: Runs, mask: Uint8Array, sort: readonly SortTerm[]): Int32Array {
  const order = orderOf(runs, sort);
  const shown = new Int32Array(mask.length);
  let count = 0;
  for (const row of order) if (mask[row]) shown[count++] = row;
  return shown.subarray(0, count);
}

function orderOf(runs: Runs, sort: readonly SortTerm[]): Int32Array {
  const text = JSON.stringify(sort);
  const known = orders.get(runs);
  if (known?.sort === text) return known.order;
  let order = new Int32Array(runs.length);
  for (let row = 0; row < order.length; row++) order[row] = row;
  // From the least to the most important key: each keeps the order of the one before where it sees no difference.
  for (const { key, descending } of [...sort].reverse()) {
    const column = runs.columns.get(key);
    if (column) order = ordered(order, ranks(column), descending);
  }
  orders.set(runs, { sort: text, order });
  return order;
}

/** Sorts rows by 64-bit keys, 16 bits at a time: 100,000 in some milliseconds, equal ones in the order they had. */
function ordered(
  rows: Int32Array<ArrayBuffer>,
  values: Float64Array,
  descending: boolean,
): Int32Array<ArrayBuffer> {
  const keys = sortableBits(values, descending);
  const counts = new Uint32Array(65_536);
  let [from, to] = [rows, new Int32Array(rows.length)];
  for (let digit = 0; digit < 4; digit++) {
    counts.fill(0);
    for (const row of from) counts[keys[4 * row + digit]]++;
    if (from.length > 0 && counts[keys[4 * from[0] + digit]] === from.length) continue;
    for (let i = 0, sum = 0; i < counts.length; i++) {
      const count = counts[i];
      counts[i] = sum;
      sum += count;
    }
    for (const row of from) to[counts[keys[4 * row + digit]]++] = row;
    [from, to] = [to, from];
  }
  return from;
}

/** Four 16-bit digits a value, the least first, that order as the numbers do; NaN after all of them either way. */
function sortableBits(values: Float64Array, descending: boolean): Uint16Array {
  const keys = new Uint32Array(2 * values.length);
  const view = new Float64Array(1);
  const [low, high] = [0, 1];
  const bits = new Uint32Array(view.buffer);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (Number.isNaN(value)) {
      keys[2 * row] = keys[2 * row + 1] = 0xffffffff;
      continue;
    }
    view[0] = value + 0; // -0 is 0
    const negative = bits[high] >>> 31 === 1;
    const flip = negative !== descending ? 0xffffffff : 0;
    keys[2 * row] = bits[low] ^ flip;
    keys[2 * row + 1] = bits[high] ^ flip ^ (negative ? 0 : 0x80000000);
  }
  return new Uint16Array(keys.buffer);
}

const ranked = new WeakMap<Column, Float64Array>();

/** Numbers that order as the column does; NaN where it has no value. Texts are ordered once a column. */
function ranks(column: Column): Float64Array {
  if (column.numbers) return column.numbers;
  const found = ranked.get(column) ?? textRanks(column);
  ranked.set(column, found);
  return found;
}

function textRanks(column: Column): Float64Array {
  if (!column.words) return new Float64Array(column.missing.length).fill(Number.NaN);
  const { codes, texts } = column.words;
  // Where no character takes two units, the order of units is that of characters, and much quicker found.
  const plain = !texts.some((text) => /[\ud800-\udfff]/.test(text));
  const compare = plain ? (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0) : compareText;
  const order = texts.map((_, code) => code).sort((a, b) => compare(texts[a], texts[b]));
  const rank = new Float64Array(texts.length);
  order.forEach((code, at) => {
    rank[code] = at > 0 && texts[order[at - 1]] === texts[code] ? rank[order[at - 1]] : at;
  });
  return Float64Array.from(codes, (code) => (code < 0 ? Number.NaN : rank[code]));
}
