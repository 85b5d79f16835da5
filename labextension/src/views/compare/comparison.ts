/** Two or more runs side by side. */
import type { ComparedRow, ComparedRun, ComparisonInfo } from '../../contract';
import { isDark } from '../color';
import { Bin, h, readable } from '../dom';
import { formatTime } from '../format';
import { watchTheme } from '../theme';

/** Longer values fold, in characters. */
const FOLD = 90;
const WORDS = { better: 'better', worse: 'worse', same: '', none: '' } as const;

export interface ComparisonView {
  show(info: ComparisonInfo, differencesOnly: boolean): void;
  destroy(): void;
}

/** Builds the side-by-side view into `root`; `onToggle` hears of the differences-only switch. */
export function comparisonView(
  root: HTMLElement,
  onToggle: (differencesOnly: boolean) => void,
): ComparisonView {
  const bin = new Bin();
  const box = h('input', { type: 'checkbox' });
  const count = h('span', { class: 'mam-count', role: 'status', 'aria-live': 'polite' });
  const title = h('strong', { class: 'mam-title' });
  const scroller = h('div', {
    class: 'mam-compare',
    tabindex: 0,
    role: 'group',
    'aria-label': 'Runs side by side',
  });
  const toggle = h('label', { class: 'mam-toggle' }, box, 'Differences only');
  const bar = h('div', { class: 'mam-bar mam-head' }, title, count, h('span', { class: 'mam-gap' }), toggle);
  root.classList.add('mam-root', 'mam-comparison');
  root.replaceChildren(bar, scroller);
  const paint = () => root.classList.toggle('mam-dark', isDark(root));
  bin.add(watchTheme(root, paint));
  bin.on(box, 'change', () => onToggle(box.checked));
  return {
    show(info, differencesOnly) {
      box.checked = differencesOnly;
      title.textContent = `${info.runs.length} runs side by side`;
      count.textContent = countText(info);
      scroller.replaceChildren(drawTable(info, differencesOnly));
      paint();
    },
    destroy() {
      bin.empty();
      root.replaceChildren();
    },
  };
}

function countText({ sections }: ComparisonInfo): string {
  const rows = sections.flatMap((section) => section.rows);
  return `${rows.filter((row) => row.differs).length} of ${rows.length} lines differ`;
}

function drawTable(info: ComparisonInfo, differencesOnly: boolean): HTMLTableElement {
  const hasDelta = info.sections.some(({ rows }) => rows.some((row) => row.delta !== ''));
  const width = info.runs.length + 1 + (hasDelta ? 1 : 0);
  const delta = hasDelta ? [h('th', { scope: 'col', class: 'mam-delta' }, 'Difference')] : [];
  const head = h('thead', {}, h('tr', {}, h('td'), ...info.runs.map(runHeading), ...delta));
  const bodies = info.sections.map(({ title, rows }) => {
    const shown = differencesOnly ? rows.filter((row) => row.differs) : rows;
    const same = rows.length - shown.length;
    const note = rows.length === 0 ? 'none' : same > 0 ? `${same} the same` : '';
    const heading = h('th', { colspan: width, scope: 'rowgroup' }, title, note ? h('small', {}, note) : null);
    const lines = shown.map((row) => drawRow(row, hasDelta));
    return h('tbody', {}, h('tr', { class: 'mam-section' }, heading), ...lines);
  });
  return h('table', {}, head, ...bodies);
}

function runHeading(run: ComparedRun): HTMLElement {
  const started = run.started === null ? '' : formatTime(Date.parse(run.started));
  return h(
    'th',
    { scope: 'col', title: run.run_id },
    h('b', {}, readable(run.name || run.run_id.slice(0, 8))),
    h('small', {}, [run.status.toLowerCase(), started].filter(Boolean).join(' · ')),
  );
}

function drawRow(row: ComparedRow, hasDelta: boolean): HTMLTableRowElement {
  const numeric = row.delta !== '' || row.tone !== 'none';
  const cells = row.values.map((value) =>
    h('td', { class: numeric ? 'mam-number' : null }, drawValue(value)),
  );
  const line = h('tr', { class: row.differs ? 'mam-differs' : null });
  line.append(h('th', { scope: 'row', title: readable(row.key) }, readable(row.key)), ...cells);
  if (hasDelta) line.append(h('td', { class: `mam-delta mam-tone-${row.tone}` }, ...drawDelta(row)));
  return line;
}

/** Which way it went by an arrow, whether that is good by a word: neither by colour alone. */
function drawDelta({ delta, tone }: ComparedRow): (Node | string)[] {
  if (delta === '' || tone === 'same' || tone === 'none') return [delta];
  const arrow = /^[−-]/.test(delta) ? '↓' : '↑';
  return [h('span', { class: 'mam-arrow', 'aria-hidden': 'true' }, arrow), delta, ` ${WORDS[tone]}`];
}

function drawValue(value: string | null): Node {
  if (value === null) return h('span', { class: 'mam-missing', 'aria-label': 'no value' }, '–');
  const text = readable(value);
  if (text.length <= FOLD && !text.includes('\n')) return document.createTextNode(text);
  const start = text.split('\n')[0].slice(0, FOLD - 20);
  return h('details', {}, h('summary', {}, `${start}…`), h('pre', { tabindex: 0 }, text));
}
