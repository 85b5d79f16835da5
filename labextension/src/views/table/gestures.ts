/** What clicks and keys on the rows do. */
import { Bin } from '../dom';
import { type Anchor, spotAt } from '../popup';
import type { ExplorerState } from '../state';
import type { RunEditor } from './editor';
import { type Line, runLine } from './lines';
import { toggleBaseline, toggleStar } from './row-menu';
import { ROW_HEIGHT } from './scroll';

/** What gestures need of the table. */
export interface Rows {
  /** Takes the focus and the keys, and scrolls. */
  readonly scroller: HTMLElement;
  readonly bodies: readonly HTMLElement[];
  readonly count: number;
  lineAt(i: number): Line;
  /** Where a line is, -1 when it is gone. */
  placeOf(id: string): number;
  /** The row element of a line, where it is drawn. */
  rowElement(i: number): HTMLElement | null;
  rowsBetween(first: number, last: number): readonly number[];
  activate(i: number): void;
  readonly active: number;
  fold(line: Line): void;
  openMenu(line: Line, key: string, anchor: Anchor): void;
  copy(): void;
}

export class Gestures {
  private readonly bin = new Bin();
  /** Where a range began: the id of the last line ticked by hand. Places change while runs come in. */
  private from = '';

  constructor(
    private readonly state: ExplorerState,
    private readonly rows: Rows,
    private readonly editor: RunEditor,
  ) {
    this.bin.on<KeyboardEvent>(rows.scroller, 'keydown', (event) => this.onKey(event));
    for (const body of rows.bodies) {
      this.bin.on<MouseEvent>(body, 'click', (event) => this.onClick(event));
      this.bin.on<MouseEvent>(body, 'mousedown', (event) => event.shiftKey && event.preventDefault()); // selects no text
      this.bin.on<MouseEvent>(body, 'contextmenu', (event) => this.onContextMenu(event));
      this.bin.on<PointerEvent>(body, 'pointerover', (event) => state.setHovered(rowOf(event.target)));
      this.bin.on(body, 'pointerleave', () => state.setHovered(-1));
    }
  }

  destroy(): void {
    this.bin.empty();
  }

  private onClick(event: MouseEvent): void {
    const target = event.target as Element;
    const at = lineOf(target);
    const line = this.lineUnder(target);
    if (!line) return;
    const what = target.closest<HTMLElement>('[data-do]')?.dataset.do;
    if (what === 'menu') {
      this.rows.openMenu(line, '', target);
      return;
    }
    // Selecting text to copy it ends in a click too.
    if (!what && !(target instanceof HTMLInputElement) && getSelection()?.isCollapsed === false) return;
    if (at !== null) this.rows.activate(at);
    if (what === 'fold') this.rows.fold(line);
    else if (what === 'star') toggleStar(this.state, line.row);
    else if (at !== null) this.tick(at, event.shiftKey);
    else this.state.toggle(line.row);
    // What was clicked was drawn anew, and the focus with it would be gone.
    this.rows.scroller.focus({ preventScroll: true });
  }

  /** The line of what was pointed at; the pinned baseline has no place among the lines, and is its run. */
  private lineUnder(target: Element): Line | null {
    const at = lineOf(target);
    if (at !== null) return this.rows.lineAt(at);
    const row = rowOf(target);
    return row < 0 ? null : runLine(this.state.runs, row, 0);
  }

  /** Ticks or unticks a line; with `range` all from the last one to this, as that one is. */
  private tick(at: number, range: boolean): void {
    const { state, rows } = this;
    const anchor = range && this.from !== '' ? rows.placeOf(this.from) : -1;
    if (anchor >= 0) {
      const like = rows.rowsBetween(anchor, anchor).every((row) => state.ticked.has(row));
      const ticked = new Set(state.ticked);
      for (const row of rows.rowsBetween(Math.min(anchor, at), Math.max(anchor, at))) {
        if (like) ticked.add(row);
        else ticked.delete(row);
      }
      state.setTicked(ticked);
      return;
    }
    this.from = rows.lineAt(at).id;
    const group = rows.lineAt(at).group?.rows;
    if (!group) {
      state.toggle(rows.lineAt(at).row);
      return;
    }
    const ticked = new Set(state.ticked);
    const all = group.every((row) => ticked.has(row));
    for (const row of group) {
      if (all) ticked.delete(row);
      else ticked.add(row);
    }
    state.setTicked(ticked);
  }

  private onContextMenu(event: MouseEvent): void {
    const target = event.target as Element;
    const at = lineOf(target);
    const line = this.lineUnder(target);
    if (!line || line.row < 0 || event.shiftKey) return; // Shift leaves the browser's own menu reachable
    event.preventDefault();
    event.stopPropagation();
    if (at !== null) this.rows.activate(at);
    const key = target.closest<HTMLElement>('[data-key]')?.dataset.key ?? '';
    this.rows.openMenu(line, key, spotAt(event));
  }

  private onKey(event: KeyboardEvent): void {
    const { rows } = this;
    if (event.target !== rows.scroller || rows.count === 0) return;
    const page = Math.max(1, Math.floor(rows.scroller.clientHeight / ROW_HEIGHT) - 2);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -rows.count,
      End: rows.count,
    };
    if (event.key in moves) {
      const from = rows.active;
      const to = Math.min(rows.count - 1, Math.max(0, from + moves[event.key]));
      if (event.shiftKey && from >= 0) {
        if (rows.placeOf(this.from) < 0) this.tick(from, false);
        this.tick(to, true);
      }
      rows.activate(to);
    } else if (!this.onLineKey(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** What a key does with the active line; false where nothing. */
  private onLineKey(event: KeyboardEvent): boolean {
    const { rows, state, editor } = this;
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (modified) {
      if (event.key.toLowerCase() !== 'c' || event.altKey || getSelection()?.isCollapsed === false)
        return false;
      rows.copy();
      return true;
    }
    if (rows.active < 0) return false;
    const line = rows.lineAt(rows.active);
    if (event.key === ' ') this.tick(rows.active, event.shiftKey);
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      if (line.fold === (event.key === 'ArrowRight' ? 'closed' : 'open')) rows.fold(line);
      else rows.scroller.scrollLeft += event.key === 'ArrowRight' ? 80 : -80;
    } else if (line.row < 0) {
      if (event.key !== 'Enter') return false;
      rows.fold(line);
    } else {
      const anchor = rows.rowElement(rows.active)?.querySelector('.mam-name') ?? rows.scroller;
      const acts: Readonly<Record<string, () => void>> = {
        Enter: () => rows.openMenu(line, '', anchor),
        ContextMenu: () => rows.openMenu(line, '', anchor),
        F10: () => event.shiftKey && rows.openMenu(line, '', anchor),
        F2: () => editor.rename(line.row, anchor),
        Delete: () => editor.remove([line.row], anchor),
        s: () => toggleStar(state, line.row),
        b: () => toggleBaseline(state, line.row),
        t: () => editor.tags(line.row, anchor),
        n: () => editor.note(line.row, anchor),
      };
      const act = acts[event.key];
      if (!act) return false;
      act();
    }
    return true;
  }
}

function rowOf(target: EventTarget | null): number {
  const row = (target as Element | null)?.closest<HTMLElement>('[data-row]')?.dataset.row;
  return row === undefined ? -1 : Number(row);
}

function lineOf(target: Element): number | null {
  const line = target.closest<HTMLElement>('[data-line]')?.dataset.line;
  return line === undefined ? null : Number(line);
}
