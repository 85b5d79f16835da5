/** The rows of the side-by-side view: runs are columns, what differs stands out. */
import type { ComparedRow, ComparedRun, ComparedSection, ComparisonInfo } from '../../contract';
import { h, readable } from '../dom';
import { formatCount, formatTime } from '../format';

/** Which rows are wanted. */
export interface Wish {
  readonly differencesOnly: boolean;
  /** In lower case; empty finds all. */
  readonly find: string;
  /** Titles of sections that are shown to their end. */
  readonly unfolded: ReadonlySet<string>;
}

/** Longer values fold, in characters. */
const FOLD = 90;
/** Cells of a section that are drawn unasked: a run may have thousands of parameters. */
const CELLS = 2000;
const WORDS = { better: ' better', worse: ' worse', same: '', none: '' } as const;

export function drawRows(info: ComparisonInfo, wish: Wish): HTMLTableElement {
  const head = h('thead', {}, h('tr', {}, h('td'), ...info.runs.map((run) => runHeading(run, info))));
  return h('table', {}, head, ...info.sections.map((section) => drawSection(section, info, wish)));
}

function drawSection({ title, rows }: ComparedSection, info: ComparisonInfo, wish: Wish): HTMLElement {
  const found = rows.filter((row) => row.key.toLowerCase().includes(wish.find));
  const wanted = wish.differencesOnly ? found.filter(isTelling) : found;
  const shown = wish.unfolded.has(title) ? wanted : wanted.slice(0, Math.ceil(CELLS / info.runs.length));
  const same = found.length - wanted.length;
  const note = same > 0 ? `${formatCount(same)} equal ${same === 1 ? 'row' : 'rows'} hidden` : '';
  const width = info.runs.length + 1;
  const heading = h('th', { colspan: width, scope: 'rowgroup' }, h('span', {}, title, h('small', {}, note)));
  const body = h('tbody', {}, h('tr', { class: 'mam-section', hidden: found.length === 0 }, heading));
  body.append(...shown.map((row) => drawRow(row, info)));
  if (shown.length < wanted.length) {
    const text = `Show ${formatCount(wanted.length - shown.length)} more`;
    const more = h('button', { type: 'button', class: 'mam-link', 'data-more': title }, text);
    body.append(h('tr', {}, h('td', { colspan: width }, more)));
  }
  return body;
}

/** What was not compared, which its note says, may differ. */
function isTelling({ differs, note }: ComparedRow): boolean {
  return differs || note !== '';
}

function runHeading(run: ComparedRun, { baseline }: ComparisonInfo): HTMLElement {
  const started = run.started === null ? '' : formatTime(Date.parse(run.started));
  const about = [run.deleted ? 'deleted' : '', run.status.toLowerCase(), started].filter(Boolean).join(' · ');
  const name = readable(run.name || run.run_id.slice(0, 8));
  const isBase = run.run_id === baseline;
  const button = h(
    'button',
    {
      type: 'button',
      class: 'mam-base',
      'data-base': run.run_id,
      'aria-pressed': String(isBase),
      'aria-label': `Baseline: ${name}`,
      title: isBase ? 'The others are measured against this run' : 'Measure the others against this run',
    },
    isBase ? '● baseline' : '○ baseline',
  );
  return h('th', { scope: 'col', title: run.run_id }, h('b', {}, name), h('small', {}, about), button);
}

function drawRow(row: ComparedRow, { runs, baseline }: ComparisonInfo): HTMLTableRowElement {
  const key = readable(row.key);
  const name = row.path
    ? h(
        'button',
        { type: 'button', class: 'mam-link mam-open', 'data-path': row.key, title: `Open ${key}` },
        key,
      )
    : key;
  const th = h(
    'th',
    { scope: 'row', title: key },
    name,
    row.note ? h('small', {}, readable(row.note)) : null,
  );
  const cells = row.values.map((value, i) => {
    const td = h('td', { class: row.deltas.length > 0 ? 'mam-number' : null }, drawValue(value));
    if (row.deltas[i]) td.append(drawDelta(row.deltas[i], row.tones[i]));
    if (runs[i].run_id === baseline) td.classList.add('mam-basis');
    return td;
  });
  return h('tr', { class: row.differs ? 'mam-differs' : null }, th, ...cells);
}

/** Which way it went by an arrow, whether that is good by a word: neither by colour alone. */
function drawDelta(delta: string, tone: ComparedRow['tones'][number]): HTMLElement {
  const arrow = /^[−-]/.test(delta) ? '↓' : delta.startsWith('+') ? '↑' : '';
  const mark = arrow ? h('span', { class: 'mam-arrow', 'aria-hidden': 'true' }, arrow) : null;
  return h('small', { class: `mam-delta mam-tone-${tone}` }, mark, delta, WORDS[tone]);
}

function drawValue(value: string | null): Node {
  if (value === null) return h('span', { class: 'mam-missing', 'aria-label': 'no value' }, '–');
  const text = readable(value);
  if (text.length <= FOLD && !text.includes('\n')) return document.createTextNode(text);
  const start = text.split('\n')[0].slice(0, FOLD - 20);
  return h('details', {}, h('summary', {}, `${start}…`), h('pre', { tabindex: 0 }, text));
}
