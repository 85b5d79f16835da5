/** What the explorer shows, in one observable place. Views read it, change it by its methods, and hear of changes. */
import type { ColumnInfo, ExplorerInfo, SortTerm, View } from '../contract';
import type { Column, Runs } from './columns';
import { type Brush, brushesOf, withBrush } from './filter/brushes';
import { type Filtered, filterRuns } from './filter/query';
import { sortedRows } from './table/sort';

/** What changed: the runs, which are ticked, which is hovered, whether the kernel answers, or one key of the view. */
export type Topic = 'runs' | 'ticked' | 'hover' | 'kernel' | keyof View;
/** `none`: there never was one, as in a saved page. */
export type Kernel = 'ready' | 'gone' | 'none';
type Listener = (topic: Topic) => void;

/** Which run an action acts on, and why that one. */
export interface Target {
  readonly row: number;
  readonly why: 'ticked' | 'best ticked' | 'best shown' | 'only one shown';
}

/** More columns than this are there to be chosen, but not shown unasked. */
const DEFAULT_COLUMNS = 40;

export class ExplorerState {
  /** How the runs are shown, as chosen: empty lists and texts stand for the default. */
  private chosen: View = emptyView();
  /** The last query that was right; a wrong one leaves it standing. */
  good: Extract<Filtered, { error: null }>;
  error: Filtered['error'] = null;
  brushes: ReadonlyMap<string, Brush> = new Map();
  /** Rows that the filter lets through, in the order of the sort. */
  shown: Int32Array = new Int32Array(0);
  ticked: ReadonlySet<number> = new Set();
  hovered = -1;
  kernel: Kernel = 'ready';
  /** The text of `good`: what brushes are written into, and what Python hears of. */
  goodText = '';
  private readonly listeners = new Set<Listener>();

  constructor(
    public runs: Runs,
    public info: ExplorerInfo,
  ) {
    this.good = { ast: null, mask: new Uint8Array(runs.length).fill(1), error: null };
    this.refilter();
  }

  /** The view as chosen, to be read only. */
  get view(): Readonly<View> {
    return this.chosen;
  }

  get query(): string {
    return this.chosen.query;
  }

  get sort(): readonly SortTerm[] {
    const known = this.chosen.sort.filter(({ key }) => this.runs.columns.has(key));
    return known.length > 0 ? known : this.defaultSort();
  }

  /** Changes one key of the view, and tells. Equal values tell nobody. */
  set<K extends keyof View>(key: K, value: View[K]): void {
    if (JSON.stringify(this.chosen[key]) === JSON.stringify(value)) return;
    this.chosen = { ...this.chosen, [key]: value };
    if (key === 'query') this.refilter();
    if (key === 'sort') this.shown = sortedRows(this.runs, this.good.mask, this.sort);
    this.tell(key);
  }

  /** Takes over a whole view, as a saved one; what it lacks goes back to the default. */
  setView(view: Partial<View>): void {
    const wanted = { ...emptyView(), ...view };
    for (const key of Object.keys(emptyView()) as (keyof View)[]) this.set(key, wanted[key]);
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Fresh runs from the kernel; ticks stay with their runs. */
  setRuns(runs: Runs, info: ExplorerInfo): void {
    const ids = this.tickedIds();
    this.runs = runs;
    this.info = info;
    this.hovered = -1;
    this.good = { ast: null, mask: new Uint8Array(runs.length).fill(1), error: null };
    this.goodText = '';
    this.refilter();
    this.ticked = this.rowsOf(ids);
    this.tell('runs');
    if (this.ticked.size < ids.length) this.tell('ticked'); // one that is gone is ticked no more
  }

  setKernel(kernel: Kernel): void {
    if (kernel === this.kernel) return;
    this.kernel = kernel;
    this.tell('kernel');
  }

  setQuery(text: string): void {
    this.set('query', text);
  }

  /** Writes a brush into the query, from the last right one when the text is being mistyped. */
  setBrush(key: string, brush: Brush | null): void {
    this.setQuery(withBrush(this.goodText, this.runs, key, brush));
  }

  setSort(sort: readonly SortTerm[]): void {
    this.set('sort', [...sort]);
  }

  setTicked(rows: Iterable<number>): void {
    this.ticked = new Set(rows);
    this.tell('ticked');
  }

  toggle(row: number): void {
    const rows = new Set(this.ticked);
    if (!rows.delete(row)) rows.add(row);
    this.setTicked(rows);
  }

  setTickedIds(ids: readonly string[]): void {
    if (ids.join() !== this.tickedIds().join()) this.setTicked(this.rowsOf(ids));
  }

  tickedIds(): string[] {
    return [...this.ticked].map((row) => this.runs.ids[row]);
  }

  setHovered(row: number): void {
    if (row === this.hovered) return;
    this.hovered = row;
    this.tell('hover');
  }

  /** Table columns by key; the trait's empty list stands for the default ones. */
  get columns(): readonly string[] {
    const known = this.chosen.columns.filter((key) => this.runs.columns.has(key));
    return known.length > 0 ? known : this.defaultColumns();
  }

  setColumns(keys: readonly string[]): void {
    this.set('columns', [...keys]);
  }

  get axes(): readonly string[] {
    const known = this.chosen.axes.filter((key) => this.runs.columns.has(key));
    return known.length > 0 ? known : this.defaultAxes();
  }

  setAxes(keys: readonly string[]): void {
    this.set('axes', [...keys]);
  }

  /** The column that colours the lines: chosen, else the metric asked for, else the first metric axis. */
  get color(): Column | null {
    const { columns } = this.runs;
    const chosen = columns.get(this.chosen.color);
    if (chosen) return chosen;
    const first = this.axes.find((key) => columns.get(key)?.info.kind === 'metric');
    return this.metric ?? (first === undefined ? null : (columns.get(first) ?? null));
  }

  setColor(key: string): void {
    this.set('color', key);
  }

  /** The metric asked for. */
  get metric(): Column | null {
    const { metric } = this.info;
    if (metric === null) return null;
    return this.runs.columns.get(`metrics.${metric}`) ?? this.runs.columns.get(metric) ?? null;
  }

  /** The run that actions act on; null when there is no telling which is best. */
  get target(): Target | null {
    if (this.ticked.size === 1) return { row: [...this.ticked][0], why: 'ticked' };
    if (this.ticked.size > 1) {
      const row = this.best(this.ticked);
      return row < 0 ? null : { row, why: 'best ticked' };
    }
    if (this.shown.length === 1) return { row: this.shown[0], why: 'only one shown' };
    const row = this.best(this.shown);
    return row < 0 ? null : { row, why: 'best shown' };
  }

  /** The best of some rows by the metric and its goal, -1 when unknown. */
  best(rows: Iterable<number>): number {
    const values = this.metric?.numbers;
    const { goal } = this.info;
    if (!values || goal === null) return -1;
    let best = -1;
    for (const row of rows) {
      if (Number.isNaN(values[row])) continue;
      if (best < 0 || (goal === 'min' ? values[row] < values[best] : values[row] > values[best])) best = row;
    }
    return best;
  }

  nameOf(row: number): string {
    const words = this.runs.columns.get('run_name')?.words;
    return words?.texts[words.codes[row]] || (this.runs.ids[row] ?? '').slice(0, 8);
  }

  /** The default table columns: what a run is, then what varies. */
  private defaultColumns(): string[] {
    const { columns } = this.runs;
    const head = ['run_name', 'status', 'start_time'].filter((key) => columns.has(key));
    const varying = this.info.columns.filter(isTelling);
    const order = (info: ColumnInfo) =>
      info.key === this.metric?.info.key ? 0 : info.kind === 'metric' ? 2 : 1;
    const keys = varying.sort((a, b) => order(a) - order(b)).map((info) => info.key);
    return [...head, ...keys].slice(0, DEFAULT_COLUMNS);
  }

  /** From what was chosen to what came of it: params, metrics, and the metric asked for at the end. */
  private defaultAxes(): string[] {
    const order = (info: ColumnInfo) =>
      info.key === this.metric?.info.key ? 2 : info.kind === 'metric' ? 1 : 0;
    const axes = this.info.columns.filter((info) => info.axis);
    return axes.sort((a, b) => order(a) - order(b)).map((info) => info.key);
  }

  private defaultSort(): readonly SortTerm[] {
    const { metric } = this;
    return metric && this.info.goal !== null
      ? [{ key: metric.info.key, descending: this.info.goal === 'max' }]
      : [];
  }

  private refilter(): void {
    const filtered = filterRuns(this.query, this.runs);
    this.error = filtered.error;
    if (filtered.error === null) {
      this.good = filtered;
      this.goodText = this.query;
      this.brushes = brushesOf(filtered.ast, this.runs);
    }
    this.shown = sortedRows(this.runs, this.good.mask, this.sort);
  }

  private rowsOf(ids: readonly string[]): Set<number> {
    const wanted = new Map(ids.map((id) => [id, -1]));
    if (wanted.size > 0) this.runs.ids.forEach((id, row) => void (wanted.has(id) && wanted.set(id, row)));
    return new Set([...wanted.values()].filter((row) => row >= 0));
  }

  private tell(topic: Topic): void {
    for (const listener of [...this.listeners]) listener(topic);
  }
}

/** Everything at its default. */
export function emptyView(): View {
  return {
    query: '',
    columns: [],
    pinned: [],
    widths: {},
    sort: [],
    values: {},
    marks: {},
    group_by: [],
    tree: false,
    axes: [],
    scales: {},
    flipped: [],
    color: '',
    charts: [],
    baseline: '',
    starred: [],
    tab: 'table',
    folded: false,
    lines: '',
    height: 0,
  };
}

function isTelling(info: ColumnInfo): boolean {
  return (info.kind === 'param' && info.varies) || info.kind === 'metric';
}
