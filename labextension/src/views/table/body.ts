/** Draws the lines in view into the table. */
import { h, readable } from '../dom';
import type { ExplorerState } from '../state';
import { type Cells, drawCell } from './cells';
import { gap } from './head';
import { type Layout, TICK_WIDTH, type Window } from './layout';
import type { Line, Lines } from './lines';
import { isStarred } from './row-menu';
import type { Rows as Range } from './scroll';

/** What of the table is drawn. */
export interface Picture {
  readonly cells: Cells;
  readonly layout: Layout;
  readonly window: Window;
  /** Before each row's id. */
  readonly id: string;
  readonly active: number;
}

/** The rows of some lines, between two that take the room of all others. `drawn` has those that need no drawing anew. */
export function drawLines(
  picture: Picture,
  lines: Lines,
  range: Range,
  drawn: ReadonlyMap<number, HTMLTableRowElement>,
): Map<number, HTMLTableRowElement> {
  const rows = new Map([[-1, spacer(range.above)]]);
  for (let at = range.first; at < range.last; at++) {
    rows.set(at, drawn.get(at) ?? drawLine(picture, lines.at(at), at));
  }
  return rows.set(lines.length, spacer(range.below));
}

/** The baseline's row, which stays under the heading. */
export function drawBaseline(picture: Picture, line: Line): HTMLTableRowElement {
  const row = drawLine(picture, line, null);
  row.id = `${picture.id}-baseline`;
  return row;
}

function drawLine(picture: Picture, line: Line, at: number | null): HTMLTableRowElement {
  const { cells, layout, window, id, active } = picture;
  const name = line.group ? `the ${line.count} runs` : readable(cells.state.nameOf(line.row));
  const box = h('input', { type: 'checkbox', tabindex: -1, 'aria-label': `Tick ${name}` });
  let offset = TICK_WIDTH;
  const pinned = layout.pinned.map((shown) => {
    const cell = drawCell(cells, shown, line);
    cell.classList.add('mam-pinned');
    cell.style.left = `${offset}px`;
    offset += shown.width;
    return cell;
  });
  pinned.at(-1)?.classList.add('mam-last-pin');
  const free = layout.free.slice(window.first, window.last).map((shown) => drawCell(cells, shown, line));
  const row = h(
    'tr',
    {
      id: at === null ? null : `${id}-${at}`,
      'data-row': line.row < 0 ? null : line.row,
      'data-line': at,
      'aria-rowindex': at === null ? null : at + 2,
      'aria-level': line.depth > 0 || line.fold !== 'none' ? line.depth + 1 : null,
      'aria-expanded': line.fold === 'none' ? null : String(line.fold === 'open'),
      class: line.context ? 'mam-context' : line.group ? 'mam-group' : null,
    },
    h('td', { class: 'mam-tick-cell' }, box, line.group ? null : star(name)),
    ...pinned,
    gap('td'),
    ...free,
    gap('td'),
  );
  markLine(cells.state, row, line, at !== null && at === active);
  return row;
}

/** Shows whether a line that is drawn is ticked, starred, hovered, and the one that keys act on. */
export function markLine(state: ExplorerState, row: HTMLElement, line: Line, active: boolean): void {
  const members = line.group?.rows;
  const ticked = members ? members.every((at) => state.ticked.has(at)) : state.ticked.has(line.row);
  row.setAttribute('aria-selected', String(ticked));
  row.classList.toggle('mam-active', active);
  row.classList.toggle('mam-hovered', line.row >= 0 && line.row === state.hovered);
  const box = row.querySelector('input');
  if (box) {
    box.checked = ticked;
    box.indeterminate = !ticked && (members?.some((at) => state.ticked.has(at)) ?? false);
  }
  row.querySelector('.mam-star')?.setAttribute('aria-pressed', String(isStarred(state, line.row)));
}

function star(name: string): HTMLElement {
  return h('button', {
    type: 'button',
    class: 'mam-star',
    tabindex: -1,
    'data-do': 'star',
    'aria-label': `Star ${name}`,
    title: 'Star',
  });
}

function spacer(px: number): HTMLTableRowElement {
  const row = h('tr', { class: 'mam-spacer', 'aria-hidden': 'true' });
  row.style.height = `${px}px`;
  return row;
}

/** Widths of the columns drawn; the last takes the room that is left. */
export function drawWidths({ layout, window }: Pick<Picture, 'layout' | 'window'>): HTMLElement[] {
  const free = layout.free.slice(window.first, window.last).map(({ width }) => width);
  const widths = [TICK_WIDTH, ...layout.pinned.map(({ width }) => width), window.before, ...free];
  const columns = widths.map((width) => {
    const column = h('col');
    column.style.width = `${width}px`;
    return column;
  });
  return [...columns, h('col')];
}
