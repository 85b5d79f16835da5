/** The versions of the chosen model, to sort by any column; arrow keys go through them. */
import type { ListedVersion } from '../../contract';
import { Bin, h, readable } from '../dom';
import { formatCount } from '../format';
import { keyOf, type ModelsState } from './state';
import { chip, keepFocus, metricTexts, stageMark, when } from './words';

/** Metrics that get a column; the version that is opened has them all. */
const METRICS = 4;
/** Rows drawn at first, and with each further click. */
const ROWS = 100;

interface Column {
  readonly key: string;
  readonly title: string;
  readonly numeric?: boolean;
  readonly value: (version: ListedVersion) => number | string | null | undefined;
  readonly cell: (version: ListedVersion, row: number) => Node | string | null;
}

export class VersionTable {
  readonly element = h('div', { class: 'mam-versions', role: 'group', 'aria-label': 'Versions' });
  private readonly head = h('tr');
  private readonly body = h('tbody');
  private readonly more = h('button', { type: 'button', class: 'mam-link', hidden: true });
  private readonly bin = new Bin();
  private sort = { key: 'version', descending: true };
  private rows = ROWS;
  private model = '';

  constructor(private readonly state: ModelsState) {
    const table = h('table', { 'aria-label': 'Versions' }, h('thead', {}, this.head), this.body);
    this.element.append(table, this.more);
    this.bin.on<MouseEvent>(this.head, 'click', ({ target }) => {
      const key = (target as Element).closest<HTMLElement>('[data-sort]')?.dataset.sort;
      if (!key) return;
      this.sort = { key, descending: key === this.sort.key ? !this.sort.descending : key === 'version' };
      this.draw();
    });
    this.bin.on<MouseEvent>(this.body, 'click', ({ target }) => {
      const key = (target as Element).closest<HTMLElement>('[data-version]')?.dataset.version;
      if (key) state.select(key);
    });
    this.bin.on<KeyboardEvent>(this.body, 'keydown', (event) => this.onKey(event));
    this.bin.on(this.more, 'click', () => {
      this.rows += ROWS;
      this.draw();
    });
    this.bin.add(
      state.subscribe((topic) => {
        if (topic === 'info' || topic === 'search' || topic === 'selected') this.draw();
      }),
    );
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  private draw(): void {
    const { shelf, chosen } = this.state;
    if (shelf?.model.name !== this.model) this.rows = ROWS;
    this.model = shelf?.model.name ?? '';
    const versions = [...(shelf?.versions ?? [])];
    const columns = columnsOf(versions, this.state.info.metrics);
    const by = columns.find(({ key }) => key === this.sort.key) ?? columns[0];
    versions.sort((a, b) => order(by.value(a), by.value(b), this.sort.descending));
    const shown = versions.slice(0, this.rows);
    const cells = columnsOf(shown, this.state.info.metrics);
    keepFocus(this.element, () => {
      this.head.replaceChildren(...columns.map((column) => this.heading(column)));
      this.body.replaceChildren(
        ...shown.map((version, i) => this.row(version, i, cells, version === chosen)),
      );
    });
    const taker =
      this.body.querySelector<HTMLElement>('[aria-selected="true"]') ?? this.body.firstElementChild;
    if (taker instanceof HTMLElement) taker.tabIndex = 0;
    const rest = versions.length - shown.length;
    this.more.hidden = rest <= 0;
    this.more.textContent = `Show ${formatCount(Math.min(rest, ROWS))} more of ${formatCount(rest)}`;
  }

  private heading({ key, title, numeric }: Column): HTMLElement {
    const { sort } = this;
    const way = sort.key !== key ? 'none' : sort.descending ? 'descending' : 'ascending';
    const mark = { none: '', descending: '↓', ascending: '↑' }[way];
    const button = h(
      'button',
      { type: 'button', 'data-sort': key, 'data-key': `sort ${key}`, title: readable(title) },
      h('span', {}, readable(title)),
      h('span', { 'aria-hidden': 'true' }, mark),
    );
    return h('th', { scope: 'col', class: numeric ? 'mam-number' : null, 'aria-sort': way }, button);
  }

  private row(version: ListedVersion, i: number, columns: readonly Column[], selected: boolean): HTMLElement {
    const attributes = {
      'data-version': keyOf(version),
      'data-key': keyOf(version),
      'aria-selected': String(selected),
      tabindex: -1,
    };
    const cells = columns.map(({ numeric, cell }) =>
      h('td', { class: numeric ? 'mam-number' : null }, cell(version, i)),
    );
    return h('tr', attributes, ...cells);
  }

  private onKey(event: KeyboardEvent): void {
    const rows = [...this.body.querySelectorAll<HTMLElement>('tr')];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: rows.length - 1,
      Enter: at,
      ' ': at,
    };
    if (!(event.key in moves) || rows.length === 0) return;
    const next = rows[Math.min(rows.length - 1, Math.max(0, moves[event.key]))];
    next.focus();
    if (next.dataset.version) this.state.select(next.dataset.version);
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Columns that say nothing of these versions are left out. */
function columnsOf(versions: readonly ListedVersion[], metrics: readonly string[]): Column[] {
  const any = (value: (version: ListedVersion) => unknown) => versions.some((version) => value(version));
  const columns: Column[] = [
    {
      key: 'version',
      title: 'Version',
      numeric: true,
      value: ({ version }) => (/^\d+$/.test(version) ? Number(version) : version),
      cell: ({ version }) => readable(version),
    },
  ];
  if (any((version) => version.stage || version.studio_stage))
    columns.push({ key: 'stage', title: 'Stage', value: ({ stage }) => stage || null, cell: stageMark });
  if (any(({ aliases }) => aliases.length > 0))
    columns.push({
      key: 'aliases',
      title: 'Aliases',
      value: ({ aliases }) => aliases.join(' ') || null,
      cell: ({ aliases }) => h('span', { class: 'mam-chips' }, ...aliases.map((alias) => chip(`@${alias}`))),
    });
  const known = metrics.filter((key) => any((version) => key in version.metrics));
  for (const key of known.slice(0, METRICS)) {
    const texts = metricTexts(versions.map((version) => version.metrics[key]));
    columns.push({
      key: `metric ${key}`,
      title: key,
      numeric: true,
      value: (version) => version.metrics[key],
      cell: (_version, row) => texts[row] || h('span', { class: 'mam-missing' }, '–'),
    });
  }
  columns.push({
    key: 'created',
    title: 'Created',
    value: ({ created }) => created,
    cell: (v) => when(v.created),
  });
  if (any(({ status }) => status !== 'READY'))
    columns.push({ key: 'status', title: 'Status', value: (v) => v.status, cell: (v) => readable(v.status) });
  if (any(({ description }) => description))
    columns.push({
      key: 'description',
      title: 'Description',
      value: ({ description }) => description || null,
      cell: ({ description }) => h('span', { title: readable(description) }, readable(description)),
    });
  return columns;
}

/** What is missing comes last, whichever way. */
function order(a: number | string | null | undefined, b: typeof a, descending: boolean): number {
  const missing = (value: typeof a) => value === null || value === undefined;
  if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b));
  const sign = descending ? -1 : 1;
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * String(a).localeCompare(String(b), undefined, { numeric: true });
}
