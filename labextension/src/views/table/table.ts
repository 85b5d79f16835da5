/** The run table: only the rows in view are in the page, so 100,000 scroll as smoothly as 100. */
import type { Column } from '../columns';
import { Bin, h, readable, uniqueId } from '../dom';
import { statusName } from '../filter/query-values';
import { cellFormatter, fullText } from '../format';
import type { ExplorerState, Topic } from '../state';

export const ROW_HEIGHT = 28;
const SPARE_ROWS = 6;
const TICK_WIDTH = 34;

interface Shown {
  readonly key: string;
  readonly column: Column;
  readonly text: (row: number) => string;
  readonly numeric: boolean;
  readonly width: number;
}

export class RunTable {
  readonly element = h('div', {
    class: 'mam-table',
    tabindex: 0,
    role: 'group',
    'aria-label': 'Runs. Up and down move, Space ticks the run.',
  });
  private readonly table = h('table', { role: 'grid', 'aria-multiselectable': 'true' });
  private readonly head = h('thead');
  private readonly body = h('tbody');
  private readonly groups = h('colgroup');
  private readonly none = h('p', { class: 'mam-empty' }, 'No run matches the filter.');
  private readonly all = h('input', { type: 'checkbox', 'aria-label': 'Tick all runs shown' });
  private readonly bin = new Bin();
  private readonly rowId = uniqueId('row');
  private columns: readonly Shown[] = [];
  private active = -1;

  constructor(private readonly state: ExplorerState) {
    this.table.append(this.groups, this.head, this.body);
    this.element.append(this.table, this.none);
    this.bin.add(state.subscribe((topic) => this.onChange(topic)));
    this.bin.on(this.element, 'scroll', () => this.drawRows(), true);
    this.bin.on<KeyboardEvent>(this.element, 'keydown', (event) => this.onKey(event));
    this.bin.on<MouseEvent>(this.body, 'click', (event) => this.onClick(event));
    this.bin.on<PointerEvent>(this.body, 'pointerover', (event) => state.setHovered(rowOf(event.target)));
    this.bin.on(this.body, 'pointerleave', () => state.setHovered(-1));
    this.bin.on<MouseEvent>(this.head, 'click', (event) => this.onHeadClick(event));
    this.bin.on(this.all, 'change', () => state.setTicked(this.all.checked ? state.shown : []));
    const observer = new ResizeObserver(() => this.drawRows());
    observer.observe(this.element);
    this.bin.add(() => observer.disconnect());
    this.redraw();
  }

  destroy(): void {
    this.bin.empty();
  }

  redraw(): void {
    const { runs, columns } = this.state;
    this.columns = columns.flatMap((key) => {
      const column = runs.columns.get(key);
      return column ? [measured(key, column)] : [];
    });
    this.groups.replaceChildren(
      ...[TICK_WIDTH, ...this.columns.map(({ width }) => width)].map((width) => {
        const col = h('col');
        col.style.width = `${width}px`;
        return col;
      }),
    );
    const total = this.columns.reduce((sum, { width }) => sum + width, TICK_WIDTH);
    this.table.style.minWidth = `${total}px`;
    this.drawHead();
    this.drawRows();
  }

  private onChange(topic: Topic): void {
    if (topic === 'runs' || topic === 'columns') this.redraw();
    else if (topic === 'sort' || topic === 'query') {
      this.drawHead();
      this.active = -1;
      if (topic === 'sort') this.element.scrollTop = 0;
      this.drawRows();
    } else if (topic === 'ticked') this.drawRows();
    else if (topic === 'hover') this.markHovered();
  }

  private drawHead(): void {
    const { sort } = this.state;
    const cells = this.columns.map(({ key, column, numeric }) => {
      const at = sort.findIndex((item) => item.key === key);
      const descending = sort[at]?.descending;
      const name = readable(column.info.name);
      const button = h(
        'button',
        {
          type: 'button',
          'data-sort': key,
          title: `${column.info.key}\nClick sorts, Shift-click sorts within`,
        },
        h('span', {}, name),
      );
      if (at >= 0) {
        const order = sort.length > 1 ? String(at + 1) : '';
        button.append(
          h('span', { class: 'mam-sort', 'aria-hidden': 'true' }, (descending ? '↓' : '↑') + order),
        );
      }
      const sorted = at < 0 ? 'none' : descending ? 'descending' : 'ascending';
      return h('th', { scope: 'col', class: numeric ? 'mam-number' : null, 'aria-sort': sorted }, button);
    });
    this.head.replaceChildren(h('tr', {}, h('th', { class: 'mam-tick-cell' }, this.all), ...cells));
  }

  private drawRows(): void {
    const { shown, ticked } = this.state;
    this.none.hidden = shown.length > 0;
    const height = this.element.clientHeight || 320;
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const last = Math.min(shown.length, first + Math.ceil(height / ROW_HEIGHT) + 2 * SPARE_ROWS);
    const rows: HTMLTableRowElement[] = [spacer(first)];
    for (let at = first; at < last; at++) rows.push(this.drawRow(at, shown[at]));
    rows.push(spacer(shown.length - last));
    this.body.replaceChildren(...rows);
    this.table.setAttribute('aria-rowcount', String(shown.length + 1));
    const count = shown.reduce((sum, row) => sum + (ticked.has(row) ? 1 : 0), 0);
    this.all.checked = count > 0 && count === shown.length;
    this.all.indeterminate = count > 0 && count < shown.length;
    this.markHovered();
  }

  private drawRow(at: number, row: number): HTMLTableRowElement {
    const ticked = this.state.ticked.has(row);
    const name = readable(this.state.nameOf(row));
    const box = h('input', { type: 'checkbox', tabindex: -1, 'aria-label': `Tick ${name}` });
    box.checked = ticked;
    const cells = this.columns.map((shown) => drawCell(shown, row));
    return h(
      'tr',
      {
        id: `${this.rowId}-${row}`,
        'data-row': row,
        'aria-rowindex': at + 2,
        'aria-selected': String(ticked),
        class: at === this.active ? 'mam-active' : null,
      },
      h('td', { class: 'mam-tick-cell' }, box),
      ...cells,
    );
  }

  private markHovered(): void {
    for (const row of this.body.querySelectorAll<HTMLElement>('[data-row]')) {
      row.classList.toggle('mam-hovered', Number(row.dataset.row) === this.state.hovered);
    }
  }

  private onClick(event: MouseEvent): void {
    const row = rowOf(event.target);
    if (row < 0) return;
    // Selecting text to copy it ends in a click too.
    if (!(event.target instanceof HTMLInputElement) && getSelection()?.isCollapsed === false) return;
    this.state.toggle(row);
  }

  private onHeadClick(event: MouseEvent): void {
    const key = (event.target as Element).closest<HTMLElement>('[data-sort]')?.dataset.sort;
    if (key === undefined) return;
    const { sort, runs, info, metric } = this.state;
    const had = sort.find((item) => item.key === key);
    const column = runs.columns.get(key);
    const bestHigh = column === metric && info.goal === 'max';
    const next = { key, descending: had ? !had.descending : bestHigh };
    const others = event.shiftKey ? sort.filter((item) => item.key !== key) : [];
    const place = event.shiftKey && had ? sort.indexOf(had) : others.length;
    this.state.setSort([...others.slice(0, place), next, ...others.slice(place)]);
    this.head.querySelector<HTMLElement>(`[data-sort="${CSS.escape(key)}"]`)?.focus();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.target !== this.element) return;
    const { shown } = this.state;
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT) - 2);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -shown.length,
      End: shown.length,
    };
    if (event.key === ' ' && this.active >= 0) this.state.toggle(shown[this.active]);
    else if (event.key in moves && shown.length > 0) {
      this.activate(Math.min(shown.length - 1, Math.max(0, this.active + moves[event.key])));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private activate(at: number): void {
    this.active = at;
    const top = at * ROW_HEIGHT;
    const room = this.element.clientHeight - 2 * ROW_HEIGHT;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top > this.element.scrollTop + room) this.element.scrollTop = top - room;
    this.drawRows();
    const row = this.state.shown[at];
    this.element.setAttribute('aria-activedescendant', `${this.rowId}-${row}`);
    this.state.setHovered(row);
  }
}

function drawCell({ column, text, numeric }: Shown, row: number): HTMLTableCellElement {
  const written = readable(text(row));
  const lacking = column.missing[row] === 1;
  const cell = h('td', {
    class: numeric ? 'mam-number' : null,
    title: readable(fullText(column, row)),
  });
  if (lacking) cell.append(h('span', { class: 'mam-missing', 'aria-label': 'no value' }, '–'));
  else if (column.info.key === 'status') cell.append(statusDot(written), statusWord(written));
  else cell.textContent = written;
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

function spacer(rows: number): HTMLTableRowElement {
  const row = h('tr', { class: 'mam-spacer', 'aria-hidden': 'true' });
  row.style.height = `${Math.max(0, rows) * ROW_HEIGHT}px`;
  return row;
}

function rowOf(target: EventTarget | null): number {
  const row = (target as Element | null)?.closest<HTMLElement>('[data-row]')?.dataset.row;
  return row === undefined ? -1 : Number(row);
}

/** As wide as its longest text among the first rows, within reason. */
function measured(key: string, column: Column): Shown {
  const text = cellFormatter(column);
  const numeric = column.numbers !== null && column.info.type === 'number';
  let longest = column.info.name.length + 2;
  for (let row = 0; row < Math.min(60, column.missing.length); row++)
    longest = Math.max(longest, text(row).length);
  const most = key === 'run_name' ? 220 : 180;
  const dot = key === 'status' ? 14 : 0;
  return {
    key,
    column,
    text,
    numeric,
    width: Math.round(Math.min(most, Math.max(64, longest * 7 + 22 + dot))),
  };
}
