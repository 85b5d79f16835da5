/** The heading of the table: sort, resize, move columns, and open their menus. */
import { Bin, h, readable } from '../dom';
import { type Anchor, spotAt } from '../popup';
import type { ExplorerState } from '../state';
import {
  type Layout,
  moveColumn,
  type Shown,
  setWidth,
  shiftColumn,
  TICK_WIDTH,
  type Window,
} from './layout';
import type { MetricValues } from './values';

/** A press that moves so far, in px, is a drag and no click. */
const DRAG_FROM = 5;
const KEY_STEP = 16;

export class Head {
  readonly element = h('thead');
  private readonly bin = new Bin();
  private drag = new Bin();
  private dragged = false;
  private layout: Layout | null = null;

  constructor(
    private readonly state: ExplorerState,
    private readonly values: MetricValues,
    private readonly all: HTMLInputElement,
    private readonly openMenu: (key: string, anchor: Anchor) => void,
  ) {
    this.bin.on<MouseEvent>(this.element, 'click', (event) => this.onClick(event));
    this.bin.on<KeyboardEvent>(this.element, 'keydown', (event) => this.onKey(event));
    this.bin.on<PointerEvent>(this.element, 'pointerdown', (event) => this.onPress(event));
    this.bin.on<MouseEvent>(this.element, 'dblclick', (event) => {
      const key = keyOf(event.target, '.mam-resize');
      if (key !== null) setWidth(state, key, null);
    });
    this.bin.on<MouseEvent>(this.element, 'contextmenu', (event) => {
      const key = keyOf(event.target, 'th');
      if (key === null || event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation(); // or the host's own menu opens over it
      this.openMenu(key, spotAt(event));
    });
  }

  destroy(): void {
    this.drag.empty();
    this.bin.empty();
  }

  draw(layout: Layout, window: Window): void {
    this.layout = layout;
    const focused = keyOf(document.activeElement, 'th');
    const button = focused !== null && this.element.contains(document.activeElement);
    let offset = TICK_WIDTH;
    const pinned = layout.pinned.map((shown) => {
      const cell = this.drawCell(shown);
      cell.classList.add('mam-pinned');
      cell.style.left = `${offset}px`;
      offset += shown.width;
      return cell;
    });
    pinned.at(-1)?.classList.add('mam-last-pin');
    const free = layout.free.slice(window.first, window.last).map((shown) => this.drawCell(shown));
    this.element.replaceChildren(
      h('tr', {}, h('th', { class: 'mam-tick-cell' }, this.all), ...pinned, gap(), ...free, gap()),
    );
    if (button) this.focus(focused);
  }

  /** What a heading needs beside name, arrow and menu, in px: which value is shown, and the place in the sort. */
  room(key: string): number {
    const { sort } = this.state;
    const how = this.values.label(key).length;
    const numbered = sort.length > 1 && sort.some((item) => item.key === key);
    return (how > 0 ? how * 6 + 18 : 0) + (numbered ? 10 : 0);
  }

  private widthOf(key: string): number {
    return this.layout?.columns.find((shown) => shown.key === key)?.width ?? 0;
  }

  private focus(key: string): void {
    this.element
      .querySelector<HTMLElement>(`[data-sort="${CSS.escape(key)}"]`)
      ?.focus({ preventScroll: true });
  }

  private drawCell({ key, column, numeric, at }: Shown): HTMLTableCellElement {
    const { sort } = this.state;
    const place = sort.findIndex((item) => item.key === key);
    const descending = sort[place]?.descending;
    const name = readable(column.info.name);
    const how = this.values.label(key);
    const button = h(
      'button',
      {
        type: 'button',
        class: 'mam-sorter',
        'data-sort': key,
        'aria-keyshortcuts': 'Alt+ArrowDown Alt+ArrowLeft Alt+ArrowRight Shift+ArrowLeft Shift+ArrowRight',
        title: `${readable(column.info.key)}\nClick sorts, Shift-click sorts within\nAlt+arrows move, Shift+arrows resize`,
      },
      h('span', {}, name),
      how ? h('small', {}, how) : null,
    );
    if (place >= 0) {
      const order = sort.length > 1 ? String(place + 1) : '';
      button.append(
        h('span', { class: 'mam-sort', 'aria-hidden': 'true' }, (descending ? '↓' : '↑') + order),
      );
    }
    const { state } = this.values.stateOf(key);
    return h(
      'th',
      {
        scope: 'col',
        'data-key': key,
        class:
          [numeric ? 'mam-number' : '', state === 'ready' ? '' : `mam-${state}`].join(' ').trim() || null,
        'aria-colindex': at + 2,
        'aria-sort': place < 0 ? 'none' : descending ? 'descending' : 'ascending',
      },
      button,
      h('button', {
        type: 'button',
        class: 'mam-col-menu',
        tabindex: -1,
        'aria-haspopup': 'menu',
        'aria-label': `Column ${name}`,
        title: 'Column menu (Alt+↓)',
      }),
      h('span', { class: 'mam-resize', title: 'Drag resizes, double-click fits' }),
    );
  }

  private onClick(event: MouseEvent): void {
    if (this.dragged) return;
    const menu = keyOf(event.target, '.mam-col-menu');
    if (menu !== null) this.openMenu(menu, event.target as Element);
    const key = keyOf(event.target, '.mam-sorter');
    if (key !== null) this.sort(key, event.shiftKey);
  }

  private sort(key: string, within: boolean): void {
    const { sort, runs, info, metric } = this.state;
    const had = sort.find((item) => item.key === key);
    const bestHigh = runs.columns.get(key) === metric && info.goal === 'max';
    const next = { key, descending: had ? !had.descending : bestHigh };
    const others = within ? sort.filter((item) => item.key !== key) : [];
    const place = within && had ? sort.indexOf(had) : others.length;
    this.state.setSort([...others.slice(0, place), next, ...others.slice(place)]);
  }

  private onKey(event: KeyboardEvent): void {
    const key = keyOf(event.target, '.mam-sorter');
    if (key === null) return;
    const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (event.altKey && event.key === 'ArrowDown') this.openMenu(key, event.target as Element);
    else if (by !== 0 && event.altKey) shiftColumn(this.state, key, by);
    else if (by !== 0 && event.shiftKey) {
      setWidth(this.state, key, this.widthOf(key) + by * KEY_STEP);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private onPress(event: PointerEvent): void {
    this.dragged = false;
    if (event.button !== 0) return;
    const edge = keyOf(event.target, '.mam-resize');
    const key = edge ?? keyOf(event.target, '.mam-sorter');
    if (key === null) return;
    const width = this.widthOf(key);
    const drag = new Bin();
    this.drag = drag;
    let before: string | null | undefined;
    const end = () => {
      drag.empty();
      for (const mark of this.element.querySelectorAll('.mam-drop'))
        mark.classList.remove('mam-drop', 'mam-drop-end');
    };
    drag.on<PointerEvent>(window, 'pointermove', (move) => {
      const by = move.clientX - event.clientX;
      if (edge !== null) setWidth(this.state, key, width + by);
      else if (this.dragged || Math.abs(by) > DRAG_FROM) before = this.mark(move.clientX);
      this.dragged ||= Math.abs(by) > DRAG_FROM;
    });
    drag.on(window, 'pointerup', () => {
      end();
      if (edge === null && this.dragged && before !== undefined) moveColumn(this.state, key, before);
    });
    drag.on(window, 'pointercancel', end);
    drag.on<KeyboardEvent>(window, 'keydown', (press) => press.key === 'Escape' && end());
    if (edge !== null) event.preventDefault();
  }

  /** Shows where a column would go, and says before which one: null is the end. */
  private mark(x: number): string | null {
    const cells = [...this.element.querySelectorAll<HTMLElement>('th[data-key]')];
    for (const cell of cells) cell.classList.remove('mam-drop', 'mam-drop-end');
    const at = cells.findLastIndex((cell) => cell.getBoundingClientRect().left <= x);
    const cell = cells[Math.max(0, at)];
    if (!cell) return null;
    const box = cell.getBoundingClientRect();
    const after = x > (box.left + box.right) / 2;
    cell.classList.add(after ? 'mam-drop-end' : 'mam-drop');
    return (after ? cells[Math.max(0, at) + 1] : cell)?.dataset.key ?? null;
  }
}

/** A cell that takes the room of the columns that are not drawn. */
export function gap(tag: 'th' | 'td' = 'th'): HTMLElement {
  return h(tag, { class: 'mam-gap-cell', 'aria-hidden': 'true' });
}

function keyOf(target: EventTarget | null, selector: string): string | null {
  const found = target instanceof Element ? target.closest(selector) : null;
  return found?.closest<HTMLElement>('th')?.dataset.key ?? null;
}
