/** One chart on the board: heading, drawing, what is not drawn, settings, and what can be done with it. */
import type { ChartSpec, FigureArgs, FigureResult } from '../../contract';
import { type Ask, failureOf } from '../ask';
import { isDark } from '../color';
import { Bin, h, readable } from '../dom';
import { failureNote } from '../failure';
import { Popup } from '../popup';
import type { ExplorerState } from '../state';
import type { Histories } from './histories';
import type { Importances } from './importances';
import { isWide, KINDS } from './kinds';
import type { Look, Plot, Scene } from './plot';
import { download, fileName, pngOf, svgOf } from './save';
import { settingLines } from './settings';
import { resolved } from './specs';
import { Stage } from './stage';

/** What cards share, and what they ask of the board. */
export interface Board {
  readonly state: ExplorerState;
  readonly ask: Ask;
  readonly histories: Histories;
  readonly importances: Importances;
  change(spec: ChartSpec): void;
  /** A new chart, behind another. */
  add(spec: Partial<ChartSpec> & Pick<ChartSpec, 'kind'>, after: string): void;
  remove(id: string): void;
}

export class Card {
  readonly element: HTMLElement;
  readonly body: HTMLElement;
  readonly handle = h('button', { type: 'button', class: 'mam-chart-handle' }, '⠿');
  /** Something of it changed since it was drawn. */
  dirty = true;
  private readonly title = h('h3');
  private readonly stage: Stage;
  private readonly instead = h('div', { class: 'mam-chart-instead', role: 'status' });
  private readonly note = h('p', { class: 'mam-note mam-chart-note' });
  private readonly extra = h('div');
  private readonly outcome = h('div', { class: 'mam-chart-outcome', role: 'status', 'aria-live': 'polite' });
  private readonly popup: Popup;
  private readonly remove = h('button', { type: 'button', class: 'mam-clear' }, '×');
  private plot: Plot | null = null;
  /** Of the drawing, px. */
  private size = '';
  private readonly bin = new Bin();

  constructor(
    public spec: ChartSpec,
    private readonly board: Board,
  ) {
    const gear = h('button', { type: 'button', class: 'mam-link', 'aria-haspopup': 'dialog' }, 'Edit');
    // The press closes what is open, before the click would open it.
    let wasOpen = false;
    this.bin.on(gear, 'pointerdown', () => {
      wasOpen = this.popup.isOpen;
    });
    this.bin.on(gear, 'click', () => {
      if (!wasOpen) this.openForm(gear);
      wasOpen = false;
    });
    this.stage = new Stage(board.state);
    const head = h('div', { class: 'mam-chart-head' }, this.handle, this.title, gear, this.remove);
    this.body = h('div', { class: 'mam-chart-body' }, this.stage.element, this.instead);
    this.element = h(
      'section',
      { class: 'mam-chart', role: 'group', 'data-chart': spec.id },
      head,
      this.body,
      this.extra,
      this.note,
      this.outcome,
    );
    this.popup = new Popup(this.element);
    this.bin.on(this.remove, 'click', () => board.remove(this.spec.id));
    this.bin.on<MouseEvent>(this.element, 'click', (event) => this.onClick(event.target as Element));
    this.bin.on<Event>(this.extra, 'change', (event) => {
      board.state.toggle(Number((event.target as HTMLElement).dataset.row));
    });
    this.bin.on<PointerEvent>(this.extra, 'pointerover', (event) => {
      const over = (event.target as Element).closest<HTMLElement>('[data-hover]');
      board.state.setHovered(over ? Number(over.dataset.hover) : -1);
    });
    this.bin.on(this.extra, 'pointerleave', () => board.state.setHovered(-1));
    this.bin.add(() => this.stage.destroy());
    this.bin.add(() => this.popup.destroy());
    this.show(spec, false);
  }

  destroy(): void {
    this.bin.empty();
    this.element.remove();
  }

  /** Takes over a spec; `last`: it is the only chart, and stays. */
  show(spec: ChartSpec, last: boolean): void {
    this.dirty ||= JSON.stringify(spec) !== JSON.stringify(this.spec);
    this.spec = spec;
    this.element.classList.toggle('mam-wide', isWide(spec));
    this.remove.disabled = last;
    this.remove.title = last ? 'The last chart stays' : '';
  }

  /** Shows what is hovered, or what is ticked; a chart that is to be drawn anew does so then. */
  mark(topic: 'hover' | 'ticked'): void {
    if (this.dirty) return;
    if (topic === 'ticked') this.stage.drawTicked();
    else this.stage.drawOver();
  }

  /** It may have another size than it was drawn in. */
  sized(): void {
    this.dirty ||= this.size !== `${this.body.clientWidth} ${this.body.clientHeight}`;
  }

  /** Draws it anew; without a size it waits to be seen. */
  draw(): void {
    const { clientWidth: width, clientHeight: height } = this.body;
    if (width === 0 || height === 0) return;
    this.dirty = false;
    this.size = `${width} ${height}`;
    const { state, histories, importances } = this.board;
    const look = lookOf(this.element);
    const spec = resolved(this.spec, state, importances);
    const add: Scene['add'] = (fresh) => this.board.add(fresh, this.spec.id);
    const made = KINDS[spec.kind].draw({ spec, state, histories, importances, look, width, height, add });
    this.plot = 'nothing' in made ? null : made;
    this.name(made.title);
    this.stage.element.hidden = this.plot === null;
    this.instead.hidden = this.plot !== null;
    this.instead.replaceChildren(...('nothing' in made ? [made.nothing] : []));
    this.note.textContent = readable(this.plot?.note ?? '');
    const focused = (document.activeElement as HTMLElement | null)?.dataset.row;
    const hadFocus = this.extra.contains(document.activeElement);
    this.extra.replaceChildren(...(this.plot?.extra ? [this.plot.extra] : []));
    if (hadFocus && focused) this.extra.querySelector<HTMLElement>(`[data-row="${focused}"]`)?.focus();
    if (this.plot) this.stage.draw(this.plot, look, width, height);
  }

  private name(title: string): void {
    this.title.textContent = this.title.title = title;
    this.element.setAttribute('aria-label', title);
    this.handle.setAttribute('aria-label', `Move ${title}: arrow keys`);
    this.remove.setAttribute('aria-label', `Remove ${title}`);
  }

  private onClick(target: Element): void {
    const button = target.closest<HTMLElement>('button');
    if (button?.dataset.act === 'retry') {
      const { histories, importances, state } = this.board;
      const { y } = resolved(this.spec, state, importances);
      if (this.spec.kind === 'history') histories.retry(state.runs.columns.get(y)?.info.name ?? '');
      else importances.retry(y);
      this.draw();
    }
    const rows = button?.dataset.rows;
    if (rows) this.board.state.setTicked(rows.split(',').map(Number));
  }

  private openForm(gear: HTMLElement): void {
    const label = `Settings of ${this.title.textContent}`;
    const box = h('div', { class: 'mam-chart-form', role: 'dialog', 'aria-label': label }, ...this.form());
    this.popup.open(box, gear);
    box.querySelector<HTMLElement>('select, input')?.focus();
  }

  private form(): HTMLElement[] {
    const { state, change, add } = this.board;
    const act = (text: string, run: () => void, needsPlot = false) => {
      const button = h('button', { type: 'button', class: 'mam-button' }, text);
      button.disabled = needsPlot && this.plot === null;
      button.addEventListener('click', () => {
        this.popup.close();
        run();
      });
      return button;
    };
    return [
      ...settingLines(() => this.spec, state, change),
      h(
        'div',
        { class: 'mam-buttons' },
        act('Duplicate', () => add(this.spec, this.spec.id)),
        act('SVG', () => void this.save('svg'), true),
        act('PNG', () => void this.save('png'), true),
        act('Copy as plotly', () => void this.copy()),
      ),
    ];
  }

  private async save(type: 'svg' | 'png'): Promise<void> {
    if (!this.plot) return;
    const { clientWidth: width, clientHeight: height } = this.stage.element;
    const picture = { plot: this.plot, look: lookOf(this.element), width, height };
    try {
      const blob =
        type === 'svg' ? new Blob([svgOf(picture)], { type: 'image/svg+xml' }) : await pngOf(picture);
      const name = fileName(this.plot.title, type);
      download(blob, name);
      this.say(`Saved ${name}`);
    } catch (error) {
      this.say(failureNote(failureOf(error)));
    }
  }

  /** The same chart as a plotly figure: to the clipboard, or as a file where there is none. */
  private async copy(): Promise<void> {
    const { state, importances, ask } = this.board;
    const chart = resolved(this.spec, state, importances);
    const args: FigureArgs = { chart };
    const progress = h('span', { class: 'mam-progress' }, 'Making the figure…');
    this.say(progress);
    try {
      const question = ask<FigureResult>('figure', args, (line) => {
        progress.textContent = readable(line);
      });
      this.bin.add(() => question.cancel());
      const { json } = await question.answer;
      const copied = await navigator.clipboard.writeText(json).then(
        () => true,
        () => false,
      );
      const name = fileName(this.title.textContent ?? '', 'json');
      if (!copied) download(new Blob([json], { type: 'application/json' }), name);
      this.say(copied ? 'Copied: plotly.io.from_json(text)' : `Saved ${name}`);
    } catch (error) {
      this.say(failureNote(failureOf(error)));
    }
  }

  private say(what: string | HTMLElement): void {
    const close = h('button', { type: 'button', class: 'mam-clear', 'aria-label': 'Close' }, '×');
    close.addEventListener('click', () => this.outcome.replaceChildren());
    this.outcome.replaceChildren(what, close);
    // Good news is read and goes; while nobody says more, in ms.
    if (typeof what === 'string') {
      window.setTimeout(() => {
        if (close.isConnected) this.outcome.replaceChildren();
      }, 6000);
    }
  }
}

/** The colours of the host, as a canvas understands them. */
function lookOf(element: HTMLElement): Look {
  const { color, fontFamily, accentColor } = getComputedStyle(element);
  let bg = '#fff';
  for (let at: Element | null = element; at; at = at.parentElement) {
    const { backgroundColor } = getComputedStyle(at);
    if (backgroundColor && !/^rgba\(.*, 0\)$|^transparent$/.test(backgroundColor)) {
      bg = backgroundColor;
      break;
    }
  }
  const accent = accentColor && accentColor !== 'auto' ? accentColor : '#1f6feb';
  return { fg: color || '#222', bg, accent, font: fontFamily || 'sans-serif', dark: isDark(element) };
}
