/** All runs in the order of the table, not only those in view: to the clipboard, or to a file. */
import { type Column, parseNumber, type Runs, textAt } from '../columns';
import { h } from '../dom';

/** A spreadsheet takes a text that begins so for a formula and runs it. */
const FORMULA = /^[=+\-@\t\r]/;

export interface Sheet {
  readonly text: string;
  /** Cells that got a leading ' so that spreadsheets take them for text. */
  readonly defused: number;
}

/** Rows by columns with a heading; `nameOf` gives a column's. Numbers at full precision, times in ISO 8601, UTC. */
export function sheet(
  runs: Runs,
  rows: readonly number[],
  keys: readonly string[],
  separator: ',' | '\t',
  nameOf: (key: string) => string,
): Sheet {
  let defused = 0;
  const quoted = (text: string) =>
    text.includes(separator) || /["\n\r\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const safe = (text: string) => {
    if (!FORMULA.test(text) || parseNumber(text) !== null) return quoted(text);
    defused += 1;
    return quoted(`'${text}`);
  };
  const columns = keys.flatMap((key) => runs.columns.get(key) ?? []);
  const lines = [columns.map(({ info }) => safe(nameOf(info.key))).join(separator)];
  for (const row of rows) lines.push(columns.map((column) => safe(plain(column, row))).join(separator));
  return { text: `${lines.join('\r\n')}\r\n`, defused };
}

function plain(column: Column, row: number): string {
  if (column.missing[row]) return '';
  const value = column.numbers?.[row];
  if (column.words || value === undefined) return textAt(column, row);
  if (column.info.type === 'time') return new Date(value).toISOString();
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? 'inf' : '-inf';
}

/** Hands the user a file. */
export function download(name: string, type: string, data: BlobPart): void {
  const url = URL.createObjectURL(new Blob([data], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Hosts may forbid it: false then. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** The old way, for pages that did not come over HTTPS: many a Jupyter server's. */
function copySelected(text: string): boolean {
  const back = document.activeElement;
  const area = h('textarea', { readonly: true, 'aria-hidden': 'true' }, text);
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  const done = document.execCommand?.('copy') ?? false;
  area.remove();
  if (back instanceof HTMLElement) back.focus({ preventScroll: true });
  return done;
}

/** A name for a file, from the experiment's. */
export function fileName(title: string, ending: string): string {
  return `${
    title
      .replace(/[^\p{L}\p{N}_-]+/gu, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 80) || 'runs'
  }.${ending}`;
}
