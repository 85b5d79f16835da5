/** How a deployment answered: status, latency, who answered, the table; two beside each other where two were asked. */
import type { SendResult, SentSide } from '../../contract';
import { parseNumber } from '../columns';
import { h, readable } from '../dom';
import { failureNote } from '../failure';
import { formatCount, formatNumber } from '../format';
import { duration } from './words';

export function answerView({ sides, table, summary, raw }: SendResult): HTMLElement {
  const box = h('div', { class: 'mam-answered' }, ...sides.map(sideLine));
  if (summary.length > 0)
    box.append(h('ul', { class: 'mam-summary' }, ...summary.map((s) => h('li', {}, readable(s)))));
  if (table.columns.length > 0) {
    box.append(tableView(table.columns, table.rows));
    if (table.total > table.rows.length) {
      const shown = `the first ${formatCount(table.rows.length)} of ${formatCount(table.total)} rows`;
      box.append(h('p', { class: 'mam-note' }, shown));
    }
  }
  if (raw) {
    box.append(
      h('details', {}, h('summary', {}, 'Answer as JSON'), h('pre', { tabindex: 0 }, readable(raw))),
    );
  }
  return box;
}

function sideLine(side: SentSide): HTMLElement {
  if (side.failure) {
    return h('div', { class: 'mam-side' }, h('b', {}, readable(side.name)), failureNote(side.failure));
  }
  const facts = [`${side.status}`, latency(side)];
  const by = Object.entries(side.by);
  const line = h(
    'p',
    { class: 'mam-side' },
    h('span', { class: 'mam-good' }, '✓ '),
    h('b', {}, readable(side.name)),
  );
  if (by.length > 0)
    facts.push(`answered by ${by.map(([name, n]) => count(name, n, side.times)).join(', ')}`);
  line.append(h('span', { class: 'mam-side-facts' }, readable(facts.join(' · '))));
  return line;
}

function count(name: string, times: number, of: number): string {
  return of === 1 ? name : `${name} ${times}×`;
}

/** "12.3 ms"; of several "first 20.1 ms, p50 8.0 ms, p95 11.2 ms of 20". */
function latency({ first, p50, p95, times }: SentSide): string {
  if (times === 1 || p50 === null || p95 === null) return duration(first);
  return `first ${duration(first)}, p50 ${duration(p50)}, p95 ${duration(p95)} (${times} requests)`;
}

/** Numbers at the right, where a whole column is of them its heading too. */
export function tableView(columns: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const kinds = columns.map((_, i) =>
    rows.every((row) => parseNumber(row[i] ?? '') !== null) ? 'mam-number' : null,
  );
  const written = (text: string, isNumber: boolean) => {
    const value = isNumber && text.length > 9 ? parseNumber(text) : null;
    return value === null ? readable(text) : formatNumber(value, 5);
  };
  const head = h(
    'tr',
    {},
    ...columns.map((name, i) => h('th', { class: kinds[i], scope: 'col' }, readable(name))),
  );
  const cell = (text: string, i: number) =>
    h('td', { class: kinds[i], title: readable(text) }, written(text, kinds[i] !== null));
  const body = rows.map((row) => h('tr', {}, ...row.map(cell)));
  return h(
    'div',
    { class: 'mam-answer', tabindex: 0, role: 'group', 'aria-label': 'Answer' },
    h('table', {}, h('thead', {}, head), h('tbody', {}, ...body)),
  );
}
