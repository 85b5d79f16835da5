/** What changed between two files: lines side by side, or cells of a table; long equal stretches fold. */
import type { ComparedArtifact, DiffRow } from '../../contract';
import { h, readable } from '../dom';
import { formatCount } from '../format';
import { plainButton } from './latest';

/** Equal rows that stay visible beside a change. */
const CONTEXT = 3;
/** Rows drawn at a time. */
const STEP = 500;
const MARKS = { same: '', changed: '~', added: '+', removed: '−' } as const;
const WORDS = { same: null, changed: 'changed', added: 'added', removed: 'removed' } as const;

interface Numbered extends DiffRow {
  readonly old: number;
  readonly now: number;
}

/** Equal rows that are folded are a list of their own. */
type Stretch = Numbered | readonly Numbered[];

export function drawDifference(
  { columns, rows }: ComparedArtifact,
  names: readonly [string, string],
): HTMLElement {
  const isTable = columns.length > 0;
  const titles = isTable ? ['', '', ...columns.map(readable)] : ['', names[0], '', names[1]];
  const table = h('table', { class: isTable ? 'mam-cells' : 'mam-lines' });
  const head = h('tr', {}, ...titles.map((title) => (title ? h('th', { scope: 'col' }, title) : h('td'))));
  const body = h('tbody');
  table.append(h('thead', {}, head), body);
  const draw = (row: Numbered) => (isTable ? drawCells(row, columns.length) : drawLine(row));
  append(body, stretches(numbered(rows)), draw, titles.length);
  return table;
}

/** Draws some stretches; a button draws the next ones in its place. */
function append(
  body: HTMLElement,
  parts: readonly Stretch[],
  draw: (row: Numbered) => HTMLElement,
  width: number,
): void {
  const inPlace = (text: string, rows: () => readonly Numbered[] | null): HTMLElement => {
    const button = plainButton(text, 'mam-link');
    const line = h('tr', { class: 'mam-skip' }, h('td', { colspan: width }, button));
    button.onclick = () => {
      const folded = rows();
      if (folded) line.replaceWith(...folded.map(draw));
      else line.remove();
    };
    return line;
  };
  for (const part of parts.slice(0, STEP)) {
    if ('state' in part) body.append(draw(part));
    else body.append(inPlace(`⋯ ${formatCount(part.length)} equal rows`, () => part));
  }
  const rest = parts.slice(STEP);
  if (rest.length === 0) return;
  const more = inPlace(`Show more: ${formatCount(rest.length)} rows`, () => {
    append(body, rest, draw, width);
    return null;
  });
  body.append(more);
}

function numbered(rows: readonly DiffRow[]): Numbered[] {
  let old = 0;
  let now = 0;
  return rows.map((row) => ({
    ...row,
    old: row.state === 'added' ? 0 : ++old,
    now: row.state === 'removed' ? 0 : ++now,
  }));
}

/** Rows as they are drawn: equal ones far from any change together. */
function stretches(rows: readonly Numbered[]): Stretch[] {
  const near = new Uint8Array(rows.length);
  rows.forEach(({ state }, i) => {
    if (state !== 'same') near.fill(1, Math.max(0, i - CONTEXT), i + CONTEXT + 1);
  });
  const parts: Stretch[] = [];
  let folded: Numbered[] = [];
  const close = () => {
    // A fold of one row is no shorter than the row.
    if (folded.length > 1) parts.push(folded);
    else parts.push(...folded);
    folded = [];
  };
  rows.forEach((row, i) => {
    if (near[i]) {
      close();
      parts.push(row);
    } else folded.push(row);
  });
  close();
  return parts;
}

function number(at: number): HTMLElement {
  return h('td', { class: 'mam-line-number' }, at > 0 ? String(at) : '');
}

function drawLine({ state, left, right, old, now }: Numbered): HTMLElement {
  const [before, after] = [left[0] ?? '', (state === 'same' ? left : right)[0] ?? ''];
  const cell = (text: string, there: boolean, tone: string) =>
    h('td', { class: there && state !== 'same' ? tone : null }, h('code', {}, readable(text)));
  return h(
    'tr',
    { 'aria-label': WORDS[state] },
    number(old),
    cell(before, old > 0, 'mam-old'),
    number(now),
    cell(after, now > 0, 'mam-new'),
  );
}

function drawCells({ state, left, right, old, now }: Numbered, width: number): HTMLElement {
  const cells = Array.from({ length: width }, (_, i) => {
    const [before, after] = [readable(left[i] ?? ''), readable(right[i] ?? '')];
    if (state !== 'changed') return h('td', { class: tones[state] }, state === 'added' ? after : before);
    if (before === after) return h('td', {}, before);
    return h('td', { class: 'mam-new' }, h('del', {}, before), ' ', h('ins', {}, after));
  });
  const mark = h('td', { class: 'mam-line-number', 'aria-label': WORDS[state] }, MARKS[state]);
  return h('tr', {}, number(now || old), mark, ...cells);
}

const tones = { same: null, added: 'mam-new', removed: 'mam-old' } as const;
