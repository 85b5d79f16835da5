/** How numbers and times are written, the same as in the static output. */
import type { Column } from './columns';
import { textAt } from './columns';

/** A number at some significant digits, its whole part never rounded: 0.0123, 57.93, 12346, 1.2e-5. */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  const magnitude = Math.abs(value);
  if (Number.isInteger(value) && magnitude < 1e15) return String(value);
  if (magnitude >= 1e-4 && magnitude < 1e15) {
    const whole = magnitude >= 1 ? String(Math.trunc(magnitude)).length : 0;
    const places = whole ? Math.max(0, digits - whole) : digits - 1 - Math.floor(Math.log10(magnitude));
    const text = value.toFixed(places);
    return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  }
  return value
    .toExponential(digits - 1)
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e');
}

/** "2026-11-21 05:14", UTC as everywhere in the project; `seconds` adds them. */
export function formatTime(ms: number, seconds = false): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '';
  return date
    .toISOString()
    .slice(0, seconds ? 19 : 16)
    .replace('T', ' ');
}

/** "2,341". */
export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ','); // toLocaleString takes 30 ms the first time
}

/** A whole column's way of writing: the same decimals in each row, so that the digits line up. */
export function cellFormatter(column: Column): (row: number) => string {
  const { info, numbers, missing } = column;
  if (info.type === 'time' && numbers) return (row) => (missing[row] ? '' : formatTime(numbers[row]));
  if (info.kind !== 'metric' || !numbers) return (row) => shortText(column, row);
  const decimals = commonDecimals(numbers);
  if (decimals === null) return (row) => (missing[row] ? '' : formatNumber(numbers[row], 5));
  return (row) => {
    if (missing[row]) return '';
    return Number.isFinite(numbers[row]) ? numbers[row].toFixed(decimals) : formatNumber(numbers[row]);
  };
}

/** Everything there is to know of a cell, for its tooltip. */
export function fullText(column: Column, row: number): string {
  if (column.missing[row]) return 'no value';
  if (column.info.type === 'time' && column.numbers) return `${formatTime(column.numbers[row], true)} UTC`;
  return textAt(column, row);
}

/** A logged text as it is, but 0.30000000000000004 as 0.3. */
function shortText(column: Column, row: number): string {
  const text = textAt(column, row);
  const value = column.numbers?.[row];
  return text.length > 9 && value !== undefined && Number.isFinite(value) ? formatNumber(value, 5) : text;
}

/** Decimals with which the largest value has five digits and the smallest at least three; null if none do. */
function commonDecimals(numbers: Float64Array): number | null {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  let whole = true;
  for (const value of numbers) {
    const size = Math.abs(value);
    if (!Number.isFinite(size)) continue;
    whole &&= Number.isInteger(size);
    if (size > 0) least = Math.min(least, size);
    most = Math.max(most, size);
  }
  if (most === 0 || whole) return most < 1e15 ? 0 : null;
  const decimals = Math.max(0, 4 - Math.floor(Math.log10(most)));
  return least * 10 ** decimals >= 100 && decimals <= 8 ? decimals : null;
}
