/** The bar between plot and table: which run is meant, and what can be done with it. */
import type { CopyResult } from '../contract';
import { type Ask, failureOf } from './ask';
import { ActionPanel } from './dialog';
import { Bin, h, readable } from './dom';
import { failureNote } from './failure';
import { formatNumber } from './format';
import type { ExplorerState } from './state';

const NO_TARGET = 'Tick a run to register or deploy it';

export class Actions {
  readonly element = h('div', { class: 'mam-actions' });
  private readonly about = h('span', { class: 'mam-about' });
  private readonly untick = h('button', { type: 'button', class: 'mam-link' }, 'Untick all');
  private readonly register = actionButton('Register…');
  private readonly deploy = actionButton('Deploy…');
  private readonly copy = actionButton('Copy as Python');
  private readonly code = h('div', { class: 'mam-code', hidden: true });
  private readonly panel: ActionPanel;
  private readonly bin = new Bin();

  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
  ) {
    this.panel = new ActionPanel(state, ask);
    const buttons = h('span', { class: 'mam-buttons' }, this.register, this.deploy, this.copy);
    this.element.append(
      h('div', { class: 'mam-bar' }, this.about, this.untick, h('span', { class: 'mam-gap' }), buttons),
    );
    this.element.append(this.code, this.panel.element);
    this.bin.on(this.register, 'click', () => this.act('register'));
    this.bin.on(this.deploy, 'click', () => this.act('deploy'));
    this.bin.on(this.copy, 'click', () => void this.copyCode());
    this.bin.on(this.untick, 'click', () => state.setTicked([]));
    this.bin.add(() => this.panel.destroy());
    this.bin.add(
      state.subscribe((topic) => {
        if (topic !== 'hover' && topic !== 'columns') this.draw();
      }),
    );
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  private draw(): void {
    const { target, ticked } = this.state;
    this.untick.hidden = ticked.size === 0;
    for (const button of [this.register, this.deploy]) button.disabled = target === null;
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
      this.about.append(
        h('span', { class: 'mam-value' }, `${this.state.metric?.info.name} ${formatNumber(value)}`),
      );
    }
  }

  private act(action: 'register' | 'deploy'): void {
    const { target } = this.state;
    if (target) this.panel.open(action, target);
  }

  /** The Python call that gives the runs shown, or the ticked run: to the clipboard, and to read. */
  private async copyCode(): Promise<void> {
    const { ticked, query, runs } = this.state;
    const [row] = ticked;
    const run_id = ticked.size === 1 ? runs.ids[row] : null;
    const args = { action: 'runs', run_id, name: null, alias: null, query };
    this.copy.disabled = true;
    try {
      const { code } = await this.ask<CopyResult>('copy_as_python', args).answer;
      const copied = await toClipboard(code);
      this.show(h('code', {}, code), copied ? 'Copied' : 'Select it to copy');
    } catch (error) {
      this.show(failureNote(failureOf(error)), '');
    } finally {
      this.copy.disabled = false;
    }
  }

  private show(content: HTMLElement, note: string): void {
    const close = h('button', { type: 'button', class: 'mam-clear', 'aria-label': 'Close' }, '×');
    close.addEventListener(
      'click',
      () => {
        this.code.hidden = true;
        this.copy.focus();
      },
      { once: true },
    );
    this.code.replaceChildren(content, h('span', { class: 'mam-note', role: 'status' }, note), close);
    this.code.hidden = false;
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
