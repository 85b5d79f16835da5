/** The popover that chooses table columns and plot axes. */
import type { ColumnInfo } from '../../contract';
import { Bin, h, readable, uniqueId } from '../dom';
import type { ExplorerState } from '../state';

const KINDS = { attribute: 'Run', param: 'Parameters', metric: 'Metrics', tag: 'Tags' } as const;
/** Stores with thousands of keys are searched, not scrolled. */
const LISTED = 200;

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
      state.setColumns([]);
      state.setAxes([]);
    });
    this.bin.on<Event>(this.list, 'change', (event) => this.onChange(event.target as HTMLInputElement));
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
        if (!this.panel.hidden && (topic === 'columns' || topic === 'axes' || topic === 'runs')) this.draw();
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

  private draw(): void {
    const had = document.activeElement instanceof HTMLInputElement ? document.activeElement.name : '';
    const wanted = this.search.value.trim().toLowerCase();
    const found = this.state.info.columns.filter((info) => info.key.toLowerCase().includes(wanted));
    const columns = new Set(this.state.columns);
    const axes = new Set(this.state.axes);
    const groups = Object.entries(KINDS).flatMap(([kind, title]) => {
      const infos = found.slice(0, LISTED).filter((info) => info.kind === kind);
      if (infos.length === 0) return [];
      const heading = h('div', { class: 'mam-chooser-row mam-chooser-group' });
      heading.append(h('span', {}, title), h('span', {}, 'Table'), h('span', {}, 'Plot'));
      return [heading, ...infos.map((info) => optionRow(info, columns.has(info.key), axes.has(info.key)))];
    });
    const hidden = found.length - LISTED;
    if (hidden > 0) groups.push(h('div', { class: 'mam-note' }, `${hidden} more: type to find them`));
    if (found.length === 0) groups.push(h('div', { class: 'mam-note' }, 'No column has that name.'));
    this.list.replaceChildren(...groups);
    if (had !== '') this.list.querySelector<HTMLElement>(`input[name="${CSS.escape(had)}"]`)?.focus();
  }

  private onChange(box: HTMLInputElement): void {
    const { state } = this;
    const key = box.value;
    if (box.dataset.where === 'plot') state.setAxes(switched(state.axes, key, box.checked));
    else state.setColumns(switched(state.columns, key, box.checked));
  }
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
