/** The popover that chooses table columns and plot axes. */
import type { ColumnInfo } from '../../contract';
import { Bin, h, readable, uniqueId } from '../dom';
import type { ExplorerState } from '../state';
import { inOrder, isPinned, pin, shiftColumn } from './layout';

const KINDS = { attribute: 'Run', param: 'Parameters', metric: 'Metrics', tag: 'Tags' } as const;
/** Stores with thousands of keys are searched, not scrolled. */
const LISTED = 100;
const ORDERED = 40;

type Act = 'left' | 'right' | 'pin' | 'all' | 'none';

export class ColumnChooser {
  readonly element: HTMLElement;
  private readonly button: HTMLButtonElement;
  private readonly panel: HTMLElement;
  private readonly search = h('input', {
    type: 'search',
    placeholder: 'Find a column',
    'aria-label': 'Find a column',
  });
  private readonly list = h('div', { class: 'mam-chooser-list' });
  private readonly reset = h('button', { type: 'button', class: 'mam-link' }, 'Back to default');
  private readonly bin = new Bin();

  constructor(private readonly state: ExplorerState) {
    const id = uniqueId('columns');
    this.button = h(
      'button',
      { type: 'button', class: 'mam-button', 'aria-expanded': 'false', 'aria-controls': id },
      'Columns',
    );
    this.panel = h(
      'div',
      { id, class: 'mam-popover', role: 'dialog', 'aria-label': 'Columns and axes', hidden: true },
      h('div', { class: 'mam-chooser-head' }, this.search, this.reset),
      this.list,
    );
    this.element = h('div', { class: 'mam-chooser' }, this.button, this.panel);
    this.bin.on(this.button, 'click', () => this.open(this.panel.hidden));
    this.bin.on(this.search, 'input', () => this.draw());
    this.bin.on(this.reset, 'click', () => {
      for (const key of ['columns', 'axes', 'pinned'] as const) state.set(key, []);
      state.set('widths', {});
    });
    this.bin.on<Event>(this.list, 'change', (event) => this.onChange(event.target as HTMLInputElement));
    this.bin.on<MouseEvent>(this.list, 'click', (event) => this.onClick(event.target as Element));
    this.bin.on<KeyboardEvent>(this.element, 'keydown', (event) => {
      if (event.key !== 'Escape' || this.panel.hidden) return;
      this.open(false);
      this.button.focus();
      event.stopPropagation();
    });
    this.bin.on<PointerEvent>(document, 'pointerdown', (event) => {
      if (!event.composedPath().includes(this.element)) this.open(false);
    });
    this.bin.add(
      state.subscribe((topic) => {
        if (!this.panel.hidden && ['columns', 'axes', 'runs', 'pinned'].includes(topic)) this.draw();
      }),
    );
  }

  destroy(): void {
    this.bin.empty();
  }

  private open(open: boolean): void {
    this.panel.hidden = !open;
    this.button.setAttribute('aria-expanded', String(open));
    if (!open) return;
    this.draw();
    this.search.focus();
  }

  private get found(): readonly ColumnInfo[] {
    const wanted = this.search.value.trim().toLowerCase();
    return this.state.info.columns.filter((info) => info.key.toLowerCase().includes(wanted));
  }

  private draw(): void {
    const { found } = this;
    const focused = this.list.contains(document.activeElement)
      ? document.activeElement?.getAttribute('name')
      : null;
    const top = this.list.scrollTop;
    const columns = new Set(this.state.columns);
    const axes = new Set(this.state.axes);
    const groups = Object.entries(KINDS).flatMap(([kind, title]) => {
      const infos = found.slice(0, LISTED).filter((info) => info.kind === kind);
      if (infos.length === 0) return [];
      const heading = h('div', { class: 'mam-chooser-row mam-chooser-group' });
      const bulk = h(
        'span',
        {},
        title,
        act('all', kind, `Show ${title}`, 'all'),
        act('none', kind, `Hide ${title}`, 'none'),
      );
      heading.append(bulk, h('span', {}, 'Table'), h('span', {}, 'Plot'));
      return [heading, ...infos.map((info) => optionRow(info, columns.has(info.key), axes.has(info.key)))];
    });
    const hidden = found.length - LISTED;
    if (hidden > 0) groups.push(h('div', { class: 'mam-note' }, `${hidden} more: type to find them`));
    if (found.length === 0) groups.push(h('div', { class: 'mam-note' }, 'No column has that name.'));
    this.list.replaceChildren(...(this.search.value.trim() === '' ? this.drawOrder() : []), ...groups);
    this.list.scrollTop = top;
    if (focused) this.list.querySelector<HTMLElement>(`[name="${CSS.escape(focused)}"]`)?.focus();
  }

  /** What the table shows, in order: to be moved and pinned. */
  private drawOrder(): HTMLElement[] {
    const { state } = this;
    const keys = inOrder(state);
    const rows = keys.slice(0, ORDERED).map((key) => {
      const name = readable(state.runs.columns.get(key)?.info.name ?? key);
      const pinned = isPinned(state, key);
      const toggle = act('pin', key, `Pin ${name} at the left`, 'pin');
      toggle.setAttribute('aria-pressed', String(pinned));
      const up = act('left', key, `Move ${name} to the left`, '↑');
      const down = act('right', key, `Move ${name} to the right`, '↓');
      up.disabled = key === keys[0];
      down.disabled = key === keys[keys.length - 1];
      return h(
        'div',
        { class: 'mam-chooser-row mam-chooser-order' },
        h('span', {}, name),
        h('span', {}, up, down, toggle),
      );
    });
    const more = keys.length - ORDERED;
    const open = this.list.querySelector('details')?.open ?? false;
    const details = h(
      'details',
      { open },
      h('summary', { class: 'mam-chooser-group' }, `Order of the ${keys.length} columns shown`),
      ...rows,
      more > 0 ? h('div', { class: 'mam-note' }, `${more} more: move them by their headings`) : null,
    );
    return [details];
  }

  private onClick(target: Element): void {
    const button = target.closest<HTMLElement>('[data-act]');
    if (!button) return;
    const { state } = this;
    const key = button.dataset.key ?? '';
    const what = button.dataset.act as Act;
    if (what === 'pin') pin(state, key, !isPinned(state, key));
    else if (what === 'left' || what === 'right') shiftColumn(state, key, what === 'left' ? -1 : 1);
    else {
      const keys = this.found.filter(({ kind }) => kind === key).map((info) => info.key);
      const others = state.columns.filter((column) => !keys.includes(column));
      const wanted = what === 'all' ? [...new Set([...state.columns, ...keys])] : others;
      // An empty list is the default: one column stays.
      state.setColumns(wanted.length > 0 ? wanted : ['run_name']);
    }
  }

  private onChange(box: HTMLInputElement): void {
    const { state } = this;
    const key = box.value;
    if (box.dataset.where === 'plot') state.setAxes(switched(state.axes, key, box.checked));
    else state.setColumns(switched(state.columns, key, box.checked));
  }
}

function act(what: Act, key: string, label: string, text: string): HTMLButtonElement {
  const name = `${what}:${key}`;
  return h(
    'button',
    {
      type: 'button',
      class: 'mam-link',
      name,
      'data-act': what,
      'data-key': key,
      'aria-label': label,
      title: label,
    },
    text,
  );
}

function optionRow(info: ColumnInfo, inTable: boolean, inPlot: boolean): HTMLElement {
  const name = readable(info.name);
  const box = (where: 'table' | 'plot', on: boolean) => {
    const label = `${name} in the ${where}`;
    const input = h('input', {
      type: 'checkbox',
      value: info.key,
      name: `${where}:${info.key}`,
      'aria-label': label,
    });
    input.dataset.where = where;
    input.checked = on;
    return input;
  };
  const note = info.missing > 0 ? `${info.missing} runs without` : info.varies ? '' : 'the same in all';
  return h(
    'div',
    { class: 'mam-chooser-row' },
    h('span', { title: readable(info.key) }, name, note ? h('small', {}, note) : null),
    h('span', {}, box('table', inTable)),
    h('span', {}, box('plot', inPlot)),
  );
}

function switched(keys: readonly string[], key: string, on: boolean): string[] {
  return on ? [...keys.filter((other) => other !== key), key] : keys.filter((other) => other !== key);
}
