/** What stands in a cell of the table. */
import type { Column } from '../columns';
import { h, readable } from '../dom';
import { statusName } from '../filter/query-values';
import { formatNumber, fullText } from '../format';
import type { ExplorerState } from '../state';
import { commonText, type Group, spreadOf } from './groups';
import { type Shown, textOf } from './layout';
import type { Line } from './lines';
import { type BarScale, goalOf, markOf } from './marks';
import type { Sparklines } from './sparklines';
import type { MetricValues } from './values';

/** A tag may be megabytes; a cell shows a line, and its tooltip a paragraph. */
const CELL_TEXT = 300;
const TITLE_TEXT = 1200;
const INDENT = 16;

/** What drawing needs beside the state. */
export interface Cells {
  readonly state: ExplorerState;
  readonly values: MetricValues;
  readonly bars: BarScale;
  readonly sparks: Sparklines;
  /** Row of the baseline, -1 for none. */
  readonly baseline: number;
}

export function drawCell(cells: Cells, shown: Shown, line: Line): HTMLTableCellElement {
  const { column, key, numeric } = shown;
  const cell = h('td', { class: numeric ? 'mam-number' : null, 'aria-colindex': shown.at + 2 });
  if (key === 'run_name') return nameCell(cells, cell, line);
  if (line.group) return groupCell(cell, column, line.group);
  const { row } = line;
  cell.dataset.key = key;
  if (column.missing[row]) return missing(cells, cell, key);
  const text = textOf(column)(row);
  cell.title = cut(readable(fullText(column, row)), TITLE_TEXT);
  if (key === 'status') cell.append(statusDot(text), statusWord(text));
  else cell.textContent = cut(readable(text), CELL_TEXT);
  if (column.info.kind === 'metric') decorate(cells, cell, column, row);
  return cell;
}

function missing({ values }: Cells, cell: HTMLTableCellElement, key: string): HTMLTableCellElement {
  const { state, failure } = values.stateOf(key);
  const pending = state === 'pending';
  cell.append(
    h(
      'span',
      { class: 'mam-missing', 'aria-label': pending ? 'being read' : 'no value' },
      pending ? '…' : '–',
    ),
  );
  cell.title = failure ? readable(failure.message) : pending ? 'being read' : 'no value';
  return cell;
}

/** The bar or line of a metric, and how far it is from the baseline. */
function decorate(
  { state, bars, sparks, baseline }: Cells,
  cell: HTMLElement,
  column: Column,
  row: number,
): void {
  const value = column.numbers?.[row] ?? Number.NaN;
  const mark = markOf(state, column);
  if (mark === 'bar') {
    const length = bars.length(column, value);
    if (!Number.isNaN(length)) {
      cell.classList.add('mam-barred');
      cell.style.setProperty('--mam-bar', `${(length * 100).toFixed(1)}%`);
    }
  } else if (mark === 'line') {
    const picture = sparks.draw(column.info.name, state.runs.ids[row]);
    if (picture) {
      cell.classList.add('mam-sparked');
      cell.prepend(picture);
    }
  }
  if (baseline < 0) return;
  const delta = value - (column.numbers?.[baseline] ?? Number.NaN);
  if (!Number.isFinite(delta)) return;
  if (baseline === row) {
    cell.append(h('small', { class: 'mam-delta', 'aria-hidden': 'true' })); // its number stands above the others
    return;
  }
  const goal = goalOf(state, column);
  const tone = delta === 0 || goal === null ? 'same' : delta < 0 === (goal === 'min') ? 'better' : 'worse';
  const sign = delta > 0 ? '+' : delta < 0 ? '−' : '±';
  const written = `${sign}${deltaText(Math.abs(delta))}`;
  cell.append(h('small', { class: `mam-delta mam-delta-${tone}` }, written));
  cell.title += `\n${written} against the baseline${tone === 'same' ? '' : `, ${tone}`}`;
}

/** Three digits, as many places in each row as may be. */
function deltaText(size: number): string {
  return size >= 1e-3 && size < 1000 ? size.toFixed(size < 1 ? 3 : size < 10 ? 2 : 1) : formatNumber(size, 3);
}

/** Name, how deep it stands, and what is below it. */
function nameCell({ state, baseline }: Cells, cell: HTMLTableCellElement, line: Line): HTMLTableCellElement {
  cell.classList.add('mam-name');
  cell.dataset.key = 'run_name';
  const inside = h('div', {});
  cell.append(inside);
  if (line.depth > 0) inside.style.paddingLeft = `${line.depth * INDENT}px`;
  if (line.fold !== 'none') {
    const open = line.fold === 'open';
    const label = `${open ? 'Close' : 'Open'} ${line.count} ${line.group ? 'runs' : 'child runs'}`;
    inside.append(
      h('button', {
        type: 'button',
        class: 'mam-fold',
        tabindex: -1,
        'data-do': 'fold',
        'aria-expanded': String(open),
        'aria-label': label,
        title: label,
      }),
    );
  }
  if (line.group) {
    inside.append(h('span', {}, `${line.count} ${line.count === 1 ? 'run' : 'runs'}`));
    return cell;
  }
  const { row } = line;
  const name = readable(state.nameOf(row));
  cell.title = `${cut(name, TITLE_TEXT)}\n${state.runs.ids[row]}`;
  inside.append(h('span', {}, cut(name, CELL_TEXT)));
  if (line.fold !== 'none') inside.append(h('small', {}, String(line.count)));
  if (row === baseline) inside.append(h('small', {}, 'baseline'));
  cell.append(
    h('button', {
      type: 'button',
      class: 'mam-row-menu',
      tabindex: -1,
      'data-do': 'menu',
      'aria-haspopup': 'menu',
      'aria-label': `Actions on ${name}`,
      title: 'Actions',
    }),
  );
  return cell;
}

/** Mean ± standard deviation of a metric, the common text of all else. */
function groupCell(cell: HTMLTableCellElement, column: Column, group: Group): HTMLTableCellElement {
  if (column.info.kind === 'metric') {
    const { mean, std, count, low, high } = spreadOf(column, group);
    if (count > 0) {
      cell.append(formatNumber(mean, 5));
      if (!Number.isNaN(std)) cell.append(h('span', { class: 'mam-spread' }, ` ± ${formatNumber(std, 2)}`));
      if (count < group.rows.length) cell.append(h('small', {}, ` (${count})`));
      const spread = Number.isNaN(std) ? '' : `, standard deviation ${formatNumber(std)}`;
      cell.title = `mean ${formatNumber(mean, 6)} of ${count} runs${spread}\n${formatNumber(low)} to ${formatNumber(high)}`;
      return cell;
    }
  }
  const common = commonText(column, group);
  if (common === null) {
    cell.append(h('span', { class: 'mam-missing', 'aria-label': 'no value' }, '–'));
  } else if ('distinct' in common) {
    cell.append(h('span', { class: 'mam-missing' }, `${common.distinct} values`));
  } else {
    const text = textOf(column)(group.rows.find((row) => !column.missing[row]) ?? group.rows[0]);
    if (column.info.key === 'status') cell.append(statusDot(text), statusWord(text));
    else cell.textContent = cut(readable(text), CELL_TEXT);
    cell.title = cut(readable(common.text), TITLE_TEXT);
  }
  return cell;
}

function statusDot(status: string): HTMLElement {
  return h('i', {
    class: `mam-dot mam-dot-${statusName(status)?.toLowerCase() ?? 'other'}`,
    'aria-hidden': 'true',
  });
}

function statusWord(status: string): string {
  return status === status.toUpperCase() ? status.charAt(0) + status.slice(1).toLowerCase() : status;
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
