/** The run table: only the rows and columns in view are in the page, so 100,000 by 5,000 scroll as 100 by 10. */
import type { Ask } from '../ask';
import { Bin, h, uniqueId } from '../dom';
import { openMenu } from '../menu';
import { type Anchor, Popup, spotOf } from '../popup';
import type { ExplorerState, Topic } from '../state';
import { drawBaseline, drawLines, drawWidths, markLine, type Picture } from './body';
import { columnEntries, filterEntries } from './column-menu';
import { RunEditor } from './editor';
import { Gestures, type Rows } from './gestures';
import { Head } from './head';
import { Layout, type Window } from './layout';
import { allRows, type Line, type Lines, linesOf, rowsOfLines, runLine } from './lines';
import { BarScale, markOf } from './marks';
import { Notice } from './notice';
import { rowEntries } from './row-menu';
import { ROW_HEIGHT, RowScroll } from './scroll';
import { SPARK_WIDTH, Sparklines } from './sparklines';
import { TableBar } from './toolbar';
import { MetricValues } from './values';

/** Topics that change which lines there are, and those that change only how they look. */
const LINES: readonly Topic[] = ['runs', 'query', 'sort', 'values', 'group_by', 'tree'];
const LOOKS: readonly Topic[] = ['columns', 'pinned', 'widths', 'marks', 'baseline'];
/** Width where there is none yet: what is not in the page has no size. */
const UNSIZED = 1280;

export class RunTable implements Rows {
  readonly element: HTMLElement;
  readonly scroller = h('div', {
    class: 'mam-table',
    tabindex: 0,
    role: 'group',
    'aria-label': 'Runs. Up and down move, Space ticks, Enter opens what can be done with the run.',
  });
  private readonly table = h('table', { role: 'treegrid', 'aria-multiselectable': 'true' });
  private readonly body = h('tbody');
  private readonly baselineBody = h('tbody', { class: 'mam-baseline' });
  readonly bodies = [this.baselineBody, this.body];
  private readonly widths = h('colgroup');
  private readonly none = h('p', { class: 'mam-empty' });
  private readonly all = h('input', { type: 'checkbox', 'aria-label': 'Tick all runs shown' });
  private readonly bin = new Bin();
  private readonly rowId = uniqueId('row');
  private readonly scroll = new RowScroll(this.scroller);
  private readonly notice = new Notice();
  private readonly popup = new Popup(this.scroller);
  private readonly values: MetricValues;
  private readonly bars: BarScale;
  private readonly sparks: Sparklines;
  private readonly head: Head;
  private readonly bar: TableBar;
  private readonly editor: RunEditor;
  /** Ids of lines that are not open or closed as they are by default. */
  private readonly toggled = new Set<string>();
  private lines: Lines;
  private layout: Layout;
  private window: Window = { first: 0, last: 0, before: 0 };
  private drawn = '';
  private rows: ReadonlyMap<number, HTMLTableRowElement> = new Map();
  private activeId = '';
  active = -1;

  constructor(
    private readonly state: ExplorerState,
    ask: Ask,
  ) {
    this.values = new MetricValues(state, ask, (failure) => {
      if (failure) this.notice.fail(failure);
      this.rebuild();
    });
    this.bars = new BarScale(state);
    this.sparks = new Sparklines(state, ask, () => this.drawRows(true));
    this.editor = new RunEditor(state, ask, this.popup, this.notice);
    this.bar = new TableBar(state, ask, this.values, this.popup, this.notice);
    this.head = new Head(state, this.values, this.all, (key, anchor) => this.openColumnMenu(key, anchor));
    this.lines = linesOf(state, this.values.runs, this.toggled);
    this.layout = this.newLayout();
    this.table.append(this.widths, this.head.element, this.baselineBody, this.body);
    this.scroller.append(this.table, this.none);
    this.element = h('div', { class: 'mam-runs' }, this.bar.element, this.notice.element, this.scroller);
    const gestures = new Gestures(state, this, this.editor);
    for (const part of [
      this.popup,
      this.notice,
      this.values,
      this.sparks,
      this.head,
      this.bar,
      this.editor,
      gestures,
    ]) {
      this.bin.add(() => part.destroy());
    }
    this.bin.add(state.subscribe((topic) => this.onChange(topic)));
    this.bin.on(this.scroller, 'scroll', () => this.drawRows(), true);
    this.bin.on(this.all, 'change', () => state.setTicked(this.all.checked ? state.shown : []));
    const observer = new ResizeObserver(() => this.drawRows());
    observer.observe(this.scroller);
    this.bin.add(() => observer.disconnect());
    this.relook();
    this.countTicks();
  }

  destroy(): void {
    this.bin.empty();
  }

  get count(): number {
    return this.lines.length;
  }

  lineAt(i: number): Line {
    return this.lines.at(i);
  }

  placeOf(id: string): number {
    return placeOf(this.lines, id, 0);
  }

  rowElement(i: number): HTMLElement | null {
    return this.body.querySelector<HTMLElement>(`[data-line="${i}"]`);
  }

  rowsBetween(first: number, last: number): readonly number[] {
    return rowsOfLines(this.lines, first, last);
  }

  activate(i: number): void {
    this.active = i;
    this.activeId = this.lines.at(i).id;
    this.scroll.show(i, this.lines.length, ROW_HEIGHT * (this.baseline < 0 ? 1 : 2));
    this.drawRows();
    this.scroller.setAttribute('aria-activedescendant', `${this.rowId}-${i}`);
    const row = this.lines.at(i).row;
    this.state.setHovered(row);
    this.mark();
  }

  fold({ id }: Line): void {
    if (!this.toggled.delete(id)) this.toggled.add(id);
    this.rebuild();
  }

  openMenu(line: Line, key: string, anchor: Anchor): void {
    const { state, popup, editor, notice } = this;
    const spot = spotOf(anchor);
    const label = `Actions on ${state.nameOf(line.row)}`;
    openMenu(popup, spot, label, () => rowEntries(state, line.id, key, spot, editor, notice));
  }

  /** The ticked rows, or all. */
  copy(): void {
    const rows = allRows(this.state, this.values.runs);
    const { ticked } = this.state;
    void this.bar.copy(ticked.size > 0 ? rows.filter((row) => ticked.has(row)) : rows);
  }

  private openColumnMenu(key: string, anchor: Anchor): void {
    const { state, popup, values } = this;
    const column = state.runs.columns.get(key);
    if (!column) return;
    const spot = spotOf(anchor);
    const { name } = column.info;
    const filter = () =>
      openMenu(popup, spot, `Filter by ${name}`, () => [name, ...filterEntries(state, column)]);
    openMenu(popup, spot, `Column ${name}`, () => columnEntries(state, values, column, filter));
  }

  private get baseline(): number {
    const { view, runs } = this.state;
    return view.baseline === '' ? -1 : runs.ids.indexOf(view.baseline);
  }

  private onChange(topic: Topic): void {
    this.values.onChange(topic);
    if (topic === 'runs') this.sparks.forgetLive();
    if (topic === 'runs' || topic === 'query') this.bars.reset();
    if (LINES.includes(topic)) {
      if (topic === 'sort' || topic === 'query') this.scroller.scrollTop = 0;
      this.rebuild();
    } else if (LOOKS.includes(topic)) this.relook();
    else if (topic === 'ticked' || topic === 'starred' || topic === 'hover') this.mark();
    if (topic === 'ticked' || topic === 'runs' || topic === 'query') this.countTicks();
    this.bar.onChange(topic);
  }

  /** The lines are others. */
  private rebuild(): void {
    this.lines = linesOf(this.state, this.values.runs, this.toggled);
    if (this.active >= 0) this.active = placeOf(this.lines, this.activeId, this.active);
    this.relook();
  }

  /** The columns are others, or look otherwise. */
  private relook(): void {
    this.layout = this.newLayout();
    this.table.style.width = `max(100%, ${this.layout.total}px)`;
    this.table.setAttribute('aria-colcount', String(this.layout.columns.length + 1));
    this.table.setAttribute('aria-rowcount', String(this.lines.length + 1));
    this.window = { first: -1, last: -1, before: 0 };
    this.drawRows(true);
  }

  private newLayout(): Layout {
    const { state } = this;
    const grouped = state.view.group_by.length > 0;
    return new Layout(
      state,
      (key) => this.values.runs.columns.get(key),
      (column) => {
        if (column.info.key === 'run_name') return (state.view.tree ? 46 : 0) + (this.baseline < 0 ? 0 : 40);
        const head = this.head.room(column.info.key);
        if (column.info.kind !== 'metric') return head;
        const spark = markOf(state, column) === 'line' ? SPARK_WIDTH + 8 : 0;
        return Math.max(head, spark + (grouped || this.baseline >= 0 ? 62 : 0));
      },
    );
  }

  private drawRows(force = false): void {
    const { lines, scroller, layout } = this;
    const range = this.scroll.rows(lines.length);
    const window = layout.window(scroller.scrollLeft, scroller.clientWidth || UNSIZED);
    const picture = [range.first, range.last, range.above, window.first, window.last].join();
    if (!force && picture === this.drawn) return;
    this.drawn = picture;
    const { cells } = this;
    const now: Picture = { cells, layout, window, id: this.rowId, active: this.active };
    let kept = force ? new Map<number, HTMLTableRowElement>() : this.rows;
    if (window.first !== this.window.first || window.last !== this.window.last) {
      this.window = window;
      kept = new Map();
      this.widths.replaceChildren(...drawWidths(now));
      this.head.draw(layout, window);
    }
    this.rows = drawLines(now, lines, range, kept);
    this.body.replaceChildren(...this.rows.values());
    const { baseline } = cells;
    this.baselineBody.replaceChildren(
      ...(baseline < 0 ? [] : [drawBaseline(now, runLine(this.state.runs, baseline, 0))]),
    );
    this.none.hidden = lines.length > 0;
    this.none.textContent =
      this.state.runs.length === 0 ? 'There are no runs yet.' : 'No run matches the filter.';
    if (!force) this.mark();
  }

  private get cells(): Picture['cells'] {
    const { state, values, bars, sparks, baseline } = this;
    return { state, values, bars, sparks, baseline };
  }

  private countTicks(): void {
    const { shown, ticked } = this.state;
    const count = ticked.size === 0 ? 0 : shown.reduce((sum, row) => sum + (ticked.has(row) ? 1 : 0), 0);
    this.all.checked = count > 0 && count === shown.length;
    this.all.indeterminate = count > 0 && count < shown.length;
  }

  /** What changes with every gesture is written into the rows that are there. */
  private mark(): void {
    const { state, lines, rows, active } = this;
    for (const [at, row] of rows) {
      if (at >= 0 && at < lines.length) markLine(state, row, lines.at(at), at === active);
    }
    const { baseline } = this;
    const top = this.baselineBody.querySelector('tr');
    if (top && baseline >= 0) markLine(state, top, runLine(state.runs, baseline, 0), false);
  }
}

/** Where a line went, -1 when it is gone. */
function placeOf(lines: Lines, id: string, before: number): number {
  if (before < lines.length && lines.at(before).id === id) return before;
  for (let i = 0; i < lines.length; i++) if (lines.at(i).id === id) return i;
  return -1;
}
