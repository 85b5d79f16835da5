/** The line above the table: how runs are arranged, what is the same in all of them, and taking them away as a file. */
import type { SnapshotResult } from '../../contract';
import { type Ask, bytesOf, failureOf } from '../ask';
import { textAt } from '../columns';
import { Bin, h, readable } from '../dom';
import { formatCount } from '../format';
import { type MenuEntry, openMenu } from '../menu';
import type { Popup } from '../popup';
import type { ExplorerState, Topic } from '../state';
import { copyText, download, fileName, sheet } from './export';
import { inOrder } from './layout';
import { allRows } from './lines';
import type { Notice } from './notice';
import { hasChildren } from './tree';
import type { MetricValues } from './values';

/** Constant params listed; stores with thousands are searched under Columns. */
const LISTED = 100;

export class TableBar {
  readonly element = h('div', { class: 'mam-table-head' });
  private readonly group = button('Group by');
  private readonly tree = h('button', { type: 'button', class: 'mam-button' }, 'Nested');
  private readonly starred = h('button', { type: 'button', class: 'mam-button' });
  private readonly same = h('button', { type: 'button', class: 'mam-link', 'aria-expanded': 'false' });
  private readonly constants = h('dl', { class: 'mam-constants', hidden: true });
  private readonly export = button('Export');
  private readonly bin = new Bin();

  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
    private readonly values: MetricValues,
    popup: Popup,
    private readonly notice: Notice,
  ) {
    const gap = h('span', { class: 'mam-gap' });
    const line = h(
      'div',
      { class: 'mam-bar' },
      this.group,
      this.tree,
      this.starred,
      this.same,
      gap,
      this.export,
    );
    this.element.append(line, this.constants);
    const menu = (from: HTMLElement, label: string, entries: () => MenuEntry[]) =>
      this.bin.on(from, 'click', () => openMenu(popup, from, label, entries));
    menu(this.group, 'Group by', () => this.groupEntries());
    menu(this.export, 'Export', () => this.exportEntries());
    this.bin.on(this.tree, 'click', () => state.set('tree', !state.view.tree));
    this.bin.on(this.starred, 'click', () => this.onlyStarred(!this.onlyStars));
    this.bin.on(this.same, 'click', () => {
      this.constants.hidden = !this.constants.hidden;
      this.draw();
    });
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  onChange(topic: Topic): void {
    if (topic === 'starred' && this.onlyStars) this.onlyStarred(this.state.view.starred.length > 0);
    if (['runs', 'query', 'group_by', 'tree', 'starred', 'columns'].includes(topic)) this.draw();
  }

  /** Whether the filter lets only starred runs through: it is a part of the query like any other. */
  private get onlyStars(): boolean {
    const brush = this.state.brushes.get('run_id');
    return brush?.type === 'words';
  }

  private onlyStarred(on: boolean): void {
    this.state.setBrush('run_id', on ? { type: 'words', texts: this.state.view.starred } : null);
  }

  private draw(): void {
    const { state } = this;
    const { group_by, tree, starred } = state.view;
    const names = group_by.flatMap((key) => state.runs.columns.get(key)?.info.name ?? []).map(readable);
    this.group.textContent = names.length > 0 ? `Group by ${names.join(', ')}` : 'Group by';
    this.group.setAttribute('aria-pressed', String(names.length > 0));
    this.group.hidden = !state.info.columns.some(({ kind, varies }) => kind === 'param' && varies);
    this.tree.hidden = !hasChildren(state.runs) && !tree;
    this.tree.setAttribute('aria-pressed', String(tree));
    this.tree.disabled = names.length > 0;
    this.tree.title = names.length > 0 ? 'Groups have no nesting' : 'Child runs below their parents';
    this.starred.hidden = starred.length === 0 && !this.onlyStars;
    this.starred.textContent = `★ ${formatCount(starred.length)}`;
    this.starred.setAttribute('aria-label', `Only the ${starred.length} starred runs`);
    this.starred.title = 'Only starred runs';
    this.starred.setAttribute('aria-pressed', String(this.onlyStars));
    this.export.hidden = state.runs.length === 0;
    this.drawConstants();
  }

  /** Params that have one value in all runs that have them. */
  private drawConstants(): void {
    const { runs, info, view } = this.state;
    const same = info.columns.filter(
      ({ key, kind, varies }) =>
        kind === 'param' && !varies && !view.columns.includes(key) && runs.columns.has(key),
    );
    this.same.hidden = same.length === 0 || runs.length < 2;
    this.same.textContent = `${formatCount(same.length)} constant ${same.length === 1 ? 'param' : 'params'}`;
    const open = !this.constants.hidden && !this.same.hidden;
    this.same.setAttribute('aria-expanded', String(open));
    if (!open) return;
    const items = same.slice(0, LISTED).map(({ key, name, missing }) => {
      const column = runs.columns.get(key);
      const row = column?.missing.indexOf(0) ?? -1;
      const text = column && row >= 0 ? readable(textAt(column, row)) : '';
      const note = missing > 0 ? h('small', {}, ` ${formatCount(missing)} runs without`) : null;
      return h(
        'div',
        {},
        h('dt', {}, readable(name)),
        h('dd', { title: text.slice(0, 1200) }, text.slice(0, 200), note),
      );
    });
    const more = same.length - LISTED;
    if (more > 0)
      items.push(h('div', { class: 'mam-note' }, `${formatCount(more)} more: find them under Columns`));
    this.constants.replaceChildren(...items);
  }

  private groupEntries(): MenuEntry[] {
    const { state } = this;
    const { group_by } = state.view;
    const params = state.info.columns.filter(({ kind, varies }) => kind === 'param' && varies);
    const items = params.slice(0, 60).map(({ key, name }) => ({
      label: readable(name),
      checked: group_by.includes(key),
      stays: true,
      run: () =>
        state.set(
          'group_by',
          state.view.group_by.includes(key)
            ? state.view.group_by.filter((other) => other !== key)
            : [...state.view.group_by, key],
        ),
    }));
    const more = params.length > 60 ? [`${params.length - 60} more: by the menu of their columns`] : [];
    const none = {
      label: 'No groups',
      disabled: group_by.length === 0,
      run: () => state.set('group_by', []),
    };
    return ['Runs with equal', ...items, ...more, null, none];
  }

  private exportEntries(): MenuEntry[] {
    const { state } = this;
    const count = formatCount(state.shown.length);
    const ticked = state.ticked.size;
    return [
      `All ${count} runs shown`,
      { label: 'Copy as a table', run: () => void this.copy(allRows(state, this.values.runs)) },
      { label: 'CSV file', run: () => this.csv() },
      { label: 'Parquet file', run: () => void this.parquet() },
      { label: 'Web page that works by itself', run: () => void this.page() },
      ...(ticked > 0
        ? [
            null,
            {
              label: `Copy the ${formatCount(ticked)} ticked`,
              run: () =>
                void this.copy(allRows(state, this.values.runs).filter((row) => state.ticked.has(row))),
            },
          ]
        : []),
    ];
  }

  /** The columns shown, and the run's id, without which a row leads nowhere. */
  private get keys(): string[] {
    return [...new Set(['run_id', ...inOrder(this.state)])].filter((key) => this.state.runs.columns.has(key));
  }

  private nameOf = (key: string): string => {
    const how = this.values.label(key);
    return how ? `${key} (${how})` : key;
  };

  async copy(rows: readonly number[]): Promise<void> {
    const { text, defused } = sheet(this.values.runs, rows, this.keys, '\t', this.nameOf);
    const done = await copyText(text);
    this.notice.say(
      done ? `${runsText(rows.length)} copied${defusedText(defused)}` : 'The browser forbids copying',
    );
  }

  private csv(): void {
    const rows = allRows(this.state, this.values.runs);
    const { text, defused } = sheet(this.values.runs, rows, this.keys, ',', this.nameOf);
    const name = fileName(this.state.info.title, 'csv');
    download(name, 'text/csv;charset=utf-8', text);
    this.notice.say(`${runsText(rows.length)} written to ${name}${defusedText(defused)}`);
  }

  /** The explorer as it is now, with all its runs, in a file to send around. */
  private async page(): Promise<void> {
    this.notice.wait('Writing the page…');
    try {
      const { html } = await this.ask<SnapshotResult>('snapshot', {}).answer;
      const name = fileName(this.state.info.title, 'html');
      download(name, 'text/html;charset=utf-8', html);
      this.notice.say(`The explorer with all its runs is in ${name}`);
    } catch (error) {
      this.notice.fail(failureOf(error));
    }
  }

  private async parquet(): Promise<void> {
    const { state } = this;
    const rows = allRows(state, this.values.runs);
    const run_ids = rows.map((row) => state.runs.ids[row]);
    this.notice.wait('Writing Parquet…');
    try {
      const args = { format: 'parquet', run_ids, columns: this.keys };
      const { buffers } = await this.ask<{ buffers: DataView[] }>('export', args).answer;
      const name = fileName(state.info.title, 'parquet');
      download(name, 'application/vnd.apache.parquet', bytesOf(buffers[0]) as BlobPart);
      const last = this.values.runs === state.runs ? '' : '; metrics with their last values';
      this.notice.say(`${runsText(rows.length)} written to ${name}${last}`);
    } catch (error) {
      this.notice.fail(failureOf(error));
    }
  }
}

function button(text: string): HTMLButtonElement {
  return h('button', { type: 'button', class: 'mam-button mam-opens', 'aria-haspopup': 'menu' }, text);
}

function runsText(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'run' : 'runs'}`;
}

function defusedText(count: number): string {
  if (count === 0) return '';
  return `; ${formatCount(count)} ${count === 1 ? 'text' : 'texts'} beginning with = + - @ got a leading ' against formulas`;
}
