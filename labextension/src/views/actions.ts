/** The bar between plot and table: which run is meant, and what can be done with it or with all ticked. */
import type { CopyResult, EditResult, LinkResult, Request } from '../contract';
import { type Ask, failureOf } from './ask';
import { ActionPanel } from './dialog';
import { Bin, h, readable } from './dom';
import { failureNote } from './failure';
import { formatCount, formatNumber } from './format';
import { type MenuEntry, openMenu } from './menu';
import { Popup } from './popup';
import type { ExplorerState } from './state';

const NO_TARGET = 'Tick a run to register or deploy it';
/** What was done and needs no answer is shown so long, in ms. */
const STAYS = 6000;
const NO_KERNEL = 'Needs a kernel: run the cell again';
/** As `lab/insert.ts` hears it; a host without that plugin prevents nothing. */
const INSERT_CELL = 'mam-insert-cell';

export class Actions {
  readonly element = h('div', { class: 'mam-actions' });
  private readonly about = h('span', { class: 'mam-about' });
  private readonly untick = h('button', { type: 'button', class: 'mam-link' }, 'Untick all');
  private readonly compare = actionButton('Compare');
  private readonly register = actionButton('Register…');
  private readonly deploy = actionButton('Deploy…');
  private readonly copy = actionButton('Copy as Python');
  private readonly more = actionButton('More');
  private readonly outcome = h('div', { class: 'mam-code', hidden: true });
  /** What is shown is code for the runs as they were then. */
  private coded = false;
  private timer = 0;
  private readonly panel: ActionPanel;
  private readonly popup = new Popup(this.element);
  private readonly bin = new Bin();

  /** `compares`: there is a tab in which runs stand side by side. */
  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
    private readonly compares = false,
  ) {
    this.panel = new ActionPanel(state, ask);
    this.more.setAttribute('aria-haspopup', 'menu');
    const buttons = h('span', { class: 'mam-buttons' }, this.compare, this.register, this.deploy);
    buttons.append(this.copy, this.more);
    this.element.append(
      h('div', { class: 'mam-bar' }, this.about, this.untick, h('span', { class: 'mam-gap' }), buttons),
    );
    this.element.append(this.outcome, this.panel.element);
    this.bin.on(this.register, 'click', () => this.act('register'));
    this.bin.on(this.deploy, 'click', () => this.act('deploy'));
    this.bin.on(this.compare, 'click', () => state.set('tab', 'compare'));
    this.bin.on(this.copy, 'click', () => void this.copyCode());
    this.bin.on(this.untick, 'click', () => state.setTicked([]));
    this.bin.on(this.more, 'click', () =>
      openMenu(this.popup, this.more, 'More actions', () => this.entries()),
    );
    this.bin.add(() => this.panel.destroy());
    this.bin.add(() => this.popup.destroy());
    this.bin.add(() => window.clearTimeout(this.timer));
    this.bin.add(
      state.subscribe((topic) => {
        if (this.coded && (topic === 'ticked' || topic === 'query')) this.hide();
        if (topic !== 'hover' && topic !== 'columns') this.draw();
      }),
    );
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  private draw(): void {
    const { target, ticked, kernel } = this.state;
    this.untick.hidden = ticked.size === 0;
    this.compare.hidden = !this.compares || ticked.size < 2;
    this.compare.textContent = `Compare ${formatCount(ticked.size)}`;
    for (const button of [this.register, this.deploy, this.copy]) {
      const needsRun = button !== this.copy && target === null;
      button.disabled = needsRun || kernel !== 'ready';
      button.title = kernel !== 'ready' ? NO_KERNEL : needsRun ? NO_TARGET : '';
    }
    if (target === null) {
      this.about.replaceChildren(
        ticked.size === 0 ? NO_TARGET : `${ticked.size} ticked: ${NO_TARGET.toLowerCase()}`,
      );
      return;
    }
    const many = ticked.size > 1 ? ` of ${ticked.size} ticked` : '';
    const why = {
      ticked: 'Ticked',
      'best ticked': `Best${many}`,
      'best shown': 'Best shown',
      'only one shown': 'Only one shown',
    };
    const value = this.state.metric?.numbers?.[target.row];
    const name = h('b', { title: this.state.runs.ids[target.row] }, readable(this.state.nameOf(target.row)));
    this.about.replaceChildren(
      h('span', { class: 'mam-why', title: this.state.info.why_goal }, why[target.why]),
      name,
    );
    if (value !== undefined && !Number.isNaN(value)) {
      const metric = readable(this.state.metric?.info.name ?? '');
      this.about.append(h('span', { class: 'mam-value' }, `${metric} ${formatNumber(value)}`));
    }
  }

  private act(action: 'register' | 'deploy'): void {
    const { target } = this.state;
    if (target) this.panel.open(action, target);
  }

  private entries(): MenuEntry[] {
    const { target, ticked, kernel } = this.state;
    const disabled = target === null || kernel !== 'ready';
    const entries: MenuEntry[] = target ? [readable(this.state.nameOf(target.row))] : [];
    entries.push(
      { label: 'Open in the MLflow UI or studio', disabled, run: () => void this.openPage() },
      { label: 'Insert a cell that reproduces it', disabled, run: () => void this.insertCell() },
    );
    if (ticked.size === 0) return entries;
    const all = `${formatCount(ticked.size)} ticked ${ticked.size === 1 ? 'run' : 'runs'}`;
    const remove = () => this.confirm(all);
    return [...entries, null, { label: `Delete ${all}…`, disabled: kernel !== 'ready', run: remove }];
  }

  private confirm(all: string): void {
    const run_ids = this.state.tickedIds();
    openMenu(this.popup, this.more, `Delete ${all}?`, () => [
      `Delete ${all}? They can be restored.`,
      { label: 'Keep them', run: () => {} },
      { label: `Delete ${all}`, run: () => void this.edit('delete', run_ids) },
    ]);
  }

  private async edit(action: 'delete' | 'restore', run_ids: readonly string[]): Promise<void> {
    const args = { action, run_ids, key: '', value: '' };
    await this.answered<EditResult>('edit_run', args, ({ message }) => {
      const undo = h('button', { type: 'button', class: 'mam-link' }, 'Undo');
      undo.addEventListener('click', () => void this.edit('restore', run_ids), { once: true });
      this.show(h('span', {}, readable(message), ' ', action === 'delete' ? undo : ''));
      if (action === 'restore') this.timer = window.setTimeout(() => this.hide(), STAYS);
    });
  }

  private async openPage(): Promise<void> {
    const run_id = this.targetId();
    await this.answered<LinkResult>('link', { run_id }, ({ url, how }) => {
      if (!/^https?:\/\//.test(url)) return this.show(h('code', {}, readable(how)));
      const link = h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, url);
      this.show(link);
      link.click(); // a host that forbids it leaves the link
    });
  }

  /** Below this cell where the host can, else to be read and copied. */
  private async insertCell(): Promise<void> {
    const args = this.copyArgs('cell', this.targetId());
    await this.answered<CopyResult>('copy_as_python', args, async ({ code }) => {
      const event = new CustomEvent(INSERT_CELL, {
        detail: code,
        bubbles: true,
        composed: true,
        cancelable: true,
      });
      if (!this.element.dispatchEvent(event)) this.show('Inserted below');
      else await this.showCode(code);
    });
  }

  /** The Python call that gives the rows as they are shown: to the clipboard, and to read. */
  private async copyCode(): Promise<void> {
    this.copy.disabled = true;
    const args = this.copyArgs('runs', this.state.ticked.size === 1 ? this.state.tickedIds()[0] : null);
    await this.answered<CopyResult>('copy_as_python', args, ({ code }) => this.showCode(code));
    this.draw();
  }

  private copyArgs(action: 'runs' | 'cell', run_id: string | null): object {
    const { ticked, shown, runs, goodText: query, sort, view } = this.state;
    const rows = new Set([...shown.filter((row) => ticked.has(row)), ...ticked]); // in the order of the table
    const run_ids = Array.from(rows, (row) => runs.ids[row]);
    return { action, run_id, name: null, alias: null, query, run_ids, sort, columns: view.columns };
  }

  private targetId(): string {
    const { target, runs } = this.state;
    return target ? runs.ids[target.row] : '';
  }

  private async answered<R>(
    name: Request['name'],
    args: object,
    done: (result: R) => void | Promise<void>,
  ): Promise<void> {
    try {
      await done(await this.ask<R>(name, args, (line) => this.show(readable(line))).answer);
    } catch (error) {
      const failure = failureOf(error);
      if (!['closed', 'gone'].includes(failure.code)) this.show(failureNote(failure));
    }
  }

  private async showCode(code: string): Promise<void> {
    const copied = await toClipboard(code);
    this.show(h('code', {}, code), copied ? 'Copied' : 'Select it to copy');
    this.coded = true;
  }

  private hide(): void {
    this.outcome.hidden = true;
  }

  private show(content: HTMLElement | string, note = ''): void {
    const close = h('button', { type: 'button', class: 'mam-clear', 'aria-label': 'Close' }, '×');
    close.addEventListener(
      'click',
      () => {
        this.hide();
        this.more.focus();
      },
      { once: true },
    );
    const what = typeof content === 'string' ? h('span', {}, content) : content;
    window.clearTimeout(this.timer);
    this.coded = false;
    this.outcome.replaceChildren(what, h('span', { class: 'mam-note', role: 'status' }, note), close);
    this.outcome.hidden = false;
  }
}

function actionButton(text: string): HTMLButtonElement {
  return h('button', { type: 'button', class: 'mam-button' }, text);
}

/** Hosts may forbid it; the text is shown anyway. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
