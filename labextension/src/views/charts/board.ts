/** The charts below the plot: as many as wanted, in the order of `view.charts`; only those in sight are drawn. */
import type { ChartSpec } from '../../contract';
import type { Ask } from '../ask';
import { Bin, h } from '../dom';
import { openMenu } from '../menu';
import { Popup } from '../popup';
import type { ExplorerState, Topic } from '../state';
import type { Part } from '../tabs';
import { watchTheme } from '../theme';
import { type Board, Card } from './card';
import { Histories } from './histories';
import { Importances } from './importances';
import { KINDS } from './kinds';
import { complete, defaultSpecs, freshId, newSpec } from './specs';

/** Kinds that show which runs are ticked by more than a dot. */
const SHOW_TICKS = new Set<ChartSpec['kind']>(['history', 'histogram', 'pareto']);
/** Charts this far out of sight are drawn already, in px. */
const AHEAD = '200px';

export class ChartBoard implements Part {
  readonly element: HTMLElement;
  private readonly grid = h('div', { class: 'mam-charts-grid' });
  private readonly empty = h('p', { class: 'mam-note', hidden: true }, 'No metric or param to draw yet.');
  private readonly reset = h('button', { type: 'button', class: 'mam-link' }, 'Back to default charts');
  private readonly spoken = h('span', { class: 'mam-spoken', role: 'status', 'aria-live': 'polite' });
  private readonly cards = new Map<string, Card>();
  private readonly inSight = new Set<Card>();
  private readonly popup: Popup;
  private readonly board: Board;
  private readonly seer: IntersectionObserver;
  private readonly sizer: ResizeObserver;
  private defaults: ChartSpec[];
  private frame = 0;
  private dragged: Card | null = null;
  private readonly bin = new Bin();

  constructor(
    private readonly state: ExplorerState,
    ask: Ask,
  ) {
    const answered = () => this.redraw();
    const histories = new Histories(state, ask, answered);
    const importances = new Importances(state, ask, answered);
    this.board = {
      state,
      ask,
      histories,
      importances,
      change: (spec) => this.write(this.specs.map((other) => (other.id === spec.id ? spec : other))),
      add: (spec, after) => this.append(spec, after),
      remove: (id) => this.remove(id),
    };
    this.defaults = defaultSpecs(state);
    const button = h('button', { type: 'button', class: 'mam-button', 'aria-haspopup': 'menu' }, 'Add chart');
    const bar = h('div', { class: 'mam-bar mam-charts-bar' }, button, this.reset, this.spoken);
    this.element = h('div', { class: 'mam-charts' }, bar, this.empty, this.grid);
    this.popup = new Popup(this.element);
    this.bin.on(button, 'click', () => this.openKinds(button));
    this.seer = new IntersectionObserver((entries) => this.onSight(entries), { rootMargin: AHEAD });
    this.sizer = new ResizeObserver((entries) => {
      for (const { target } of entries) this.cardOf(target)?.sized();
      this.paint();
    });
    this.bin.on(this.reset, 'click', () => state.set('charts', []));
    this.bin.on<KeyboardEvent>(this.grid, 'keydown', (event) => this.onKey(event));
    this.bin.on<PointerEvent>(this.grid, 'pointerdown', (event) => this.onDown(event));
    this.bin.on<PointerEvent>(this.grid, 'pointermove', (event) => this.onMove(event));
    this.bin.on<PointerEvent>(this.grid, 'pointerup', (event) => this.onUp(event));
    this.bin.on(this.grid, 'pointercancel', () => this.drop(null));
    this.bin.add(state.subscribe((topic) => this.onTopic(topic)));
    this.bin.add(watchTheme(this.element, () => this.redraw()));
    this.bin.add(() => {
      cancelAnimationFrame(this.frame);
      this.seer.disconnect();
      this.sizer.disconnect();
      histories.destroy();
      importances.destroy();
      this.popup.destroy();
      this.inSight.clear();
      for (const card of this.cards.values()) card.destroy();
    });
    this.arrange();
  }

  destroy(): void {
    this.bin.empty();
  }

  private get specs(): readonly ChartSpec[] {
    const chosen = complete(this.state.view.charts);
    return chosen.length > 0 ? chosen : this.defaults;
  }

  private write(specs: readonly ChartSpec[]): void {
    this.state.set('charts', [...specs]);
  }

  private onTopic(topic: Topic): void {
    if (topic === 'runs') {
      this.defaults = defaultSpecs(this.state);
      this.arrange();
    }
    if (topic === 'charts') this.arrange();
    if (topic === 'ticked') this.redraw((card) => SHOW_TICKS.has(card.spec.kind));
    if (
      topic === 'runs' ||
      topic === 'query' ||
      topic === 'sort' ||
      topic === 'color' ||
      topic === 'group_by'
    )
      this.redraw();
    if (topic === 'ticked' || topic === 'hover') for (const card of this.inSight) card.mark(topic);
  }

  /** The cards as the specs say. */
  private arrange(): void {
    const { specs } = this;
    const ids = new Set(specs.map(({ id }) => id));
    for (const [id, card] of this.cards) {
      if (ids.has(id) && specs.some((spec) => spec.id === id && spec.kind === card.spec.kind)) continue;
      this.seer.unobserve(card.element);
      this.inSight.delete(card);
      this.cards.delete(id);
      card.destroy();
    }
    specs.forEach((spec, at) => {
      let card = this.cards.get(spec.id);
      if (!card) {
        card = new Card(spec, this.board);
        this.cards.set(spec.id, card);
        this.seer.observe(card.element);
        this.sizer.observe(card.body);
      }
      card.show(spec, specs.length === 1);
      if (this.grid.children[at] !== card.element)
        this.grid.insertBefore(card.element, this.grid.children[at] ?? null);
    });
    this.empty.hidden = specs.length > 0;
    this.reset.hidden = this.state.view.charts.length === 0;
    this.paint();
  }

  private redraw(which: (card: Card) => boolean = () => true): void {
    for (const card of this.cards.values()) card.dirty ||= which(card);
    this.paint();
  }

  /** One chart a frame, so that none holds up the pointer. */
  private paint(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      const next = [...this.inSight].find((card) => card.dirty);
      if (!next) return;
      next.draw();
      if (!next.dirty) this.paint();
    });
  }

  private onSight(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const card = this.cardOf(target);
      if (card && isIntersecting) this.inSight.add(card);
      else if (card) this.inSight.delete(card);
    }
    this.paint();
  }

  private cardOf(target: Element | null): Card | undefined {
    return this.cards.get(target?.closest<HTMLElement>('[data-chart]')?.dataset.chart ?? '');
  }

  private openKinds(button: HTMLElement): void {
    openMenu(this.popup, button, 'Kinds of charts', () =>
      Object.entries(KINDS).map(([kind, { title }]) => ({
        label: title,
        run: () => this.append({ kind: kind as ChartSpec['kind'] }),
      })),
    );
  }

  /** Behind a chart; at the end without one. */
  private append(fresh: Parameters<Board['add']>[0], after = ''): void {
    const { specs } = this;
    const spec = { ...newSpec(fresh.kind), ...fresh, id: freshId(fresh.kind, specs) };
    const at = specs.findIndex(({ id }) => id === after) + 1 || specs.length;
    this.write([...specs.slice(0, at), spec, ...specs.slice(at)]);
    const card = this.cards.get(spec.id);
    card?.element.scrollIntoView?.({ block: 'nearest' });
    card?.handle.focus();
  }

  private remove(id: string): void {
    const at = this.specs.findIndex((spec) => spec.id === id);
    this.write(this.specs.filter((spec) => spec.id !== id));
    const next = this.specs[Math.min(at, this.specs.length - 1)];
    this.cards.get(next?.id ?? '')?.handle.focus();
    this.spoken.textContent = 'Removed';
  }

  private move(card: Card, to: number): void {
    const specs = this.specs.filter(({ id }) => id !== card.spec.id);
    const at = Math.min(specs.length, Math.max(0, to));
    this.write([...specs.slice(0, at), card.spec, ...specs.slice(at)]);
    card.handle.focus();
    this.spoken.textContent = `Place ${at + 1} of ${specs.length + 1}`;
  }

  private onKey(event: KeyboardEvent): void {
    const card = this.cardOf(event.target as Element);
    if (!card || event.target !== card.handle) return;
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    this.move(card, this.specs.findIndex(({ id }) => id === card.spec.id) + step);
    event.preventDefault();
    event.stopPropagation();
  }

  private onDown(event: PointerEvent): void {
    const card = this.cardOf(event.target as Element);
    if (!card || event.target !== card.handle || event.button !== 0) return;
    this.dragged = card;
    card.handle.setPointerCapture?.(event.pointerId);
    card.element.classList.add('mam-dragged');
  }

  private onMove(event: PointerEvent): void {
    if (!this.dragged) return;
    const over = this.under(event);
    for (const card of this.cards.values()) card.element.classList.toggle('mam-drop', card === over);
  }

  private onUp(event: PointerEvent): void {
    if (this.dragged) this.drop(this.under(event));
  }

  /** The chart under the pointer that the dragged one would take the place of. */
  private under({ clientX, clientY }: PointerEvent): Card | null {
    const over = this.cardOf(document.elementFromPoint(clientX, clientY));
    return over && over !== this.dragged ? over : null;
  }

  private drop(over: Card | null): void {
    const { dragged } = this;
    this.dragged = null;
    for (const { element } of this.cards.values()) element.classList.remove('mam-drop', 'mam-dragged');
    if (dragged && over)
      this.move(
        dragged,
        this.specs.findIndex(({ id }) => id === over.spec.id),
      );
  }
}
