/** The drawing of one chart: two canvases, what is pointed at with mouse and keys, and what is selected. */
import { Bin, h, readable } from '../dom';
import type { ExplorerState } from '../state';
import { clamped, inside, nearest, ofSeries, orderBy, pick } from './marks';
import { canvasPen, type Pen } from './pen';
import type { Look, Plot } from './plot';

/** How near the pointer has to be to a mark, in px. */
const NEAR = 18;
const NEAR_LINE = 40;
/** Movement below this is a click, in px. */
const CLICK = 4;

export class Stage {
  readonly element: HTMLElement;
  private readonly base = h('canvas', { 'aria-hidden': 'true' });
  private readonly ticks = h('canvas', { 'aria-hidden': 'true' });
  private readonly over = h('canvas', { 'aria-hidden': 'true' });
  private readonly tip = h('div', { class: 'mam-tip', hidden: true, 'aria-hidden': 'true' });
  private readonly spoken = h('div', { class: 'mam-spoken', role: 'status', 'aria-live': 'polite' });
  private plot: Plot | null = null;
  private look: Look | null = null;
  private active = -1;
  /** Outline of what is being selected, x and y in turn; empty when nothing is. */
  private outline: number[] = [];
  private from: { readonly x: number; readonly y: number; readonly id: number } | null = null;
  private sorted: { readonly by: Plot; readonly x: Int32Array; readonly y: Int32Array } | null = null;
  private readonly bin = new Bin();

  constructor(private readonly state: ExplorerState) {
    const role = { role: 'application', 'aria-roledescription': 'chart' };
    this.element = h(
      'div',
      { class: 'mam-stage', tabindex: 0, ...role },
      this.base,
      this.ticks,
      this.over,
      this.tip,
      this.spoken,
    );
    const on = this.bin.on.bind(this.bin, this.element) as <E extends Event>(
      type: string,
      listener: (event: E) => void,
    ) => void;
    on<PointerEvent>('pointermove', (event) => this.onMove(event));
    on<PointerEvent>('pointerdown', (event) => this.onDown(event));
    on<PointerEvent>('pointerup', (event) => this.onUp(event));
    on('pointercancel', () => this.letGo());
    on('pointerleave', () => {
      if (!this.from) this.point(-1, false);
    });
    on<KeyboardEvent>('keydown', (event) => this.onKey(event));
    on('blur', () => this.point(-1, false));
  }

  destroy(): void {
    this.bin.empty();
  }

  draw(plot: Plot, look: Look, width: number, height: number): void {
    // What is pointed at stays so when news comes in, as long as it is the same marks.
    const kept = this.plot?.marks.row.length === plot.marks.row.length ? this.active : -1;
    this.plot = plot;
    this.look = look;
    this.active = -1;
    this.tip.hidden = true;
    this.element.setAttribute(
      'aria-label',
      readable(`${plot.summary}. Arrow keys move along it, Enter ${plot.choose?.verb ?? 'ticks'}.`),
    );
    for (const canvas of [this.base, this.ticks, this.over]) {
      const ratio = window.devicePixelRatio || 1;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.getContext('2d')?.scale(ratio, ratio);
    }
    const pen = this.penOf(this.base);
    if (pen) plot.paint(pen);
    this.drawTicked();
    this.drawOver();
    if (kept >= 0) this.point(kept, false);
  }

  /** The ticked runs, on top of the drawing. */
  drawTicked(): void {
    const { plot, look, state } = this;
    const pen = this.cleared(this.ticks);
    if (!plot || !look || !pen || plot.lines || state.ticked.size === 0) return;
    const { xy, row } = plot.marks;
    const ticked: number[] = [];
    for (let i = 0; i < row.length; i++) if (state.ticked.has(row[i])) ticked.push(xy[i * 2], xy[i * 2 + 1]);
    pen.cloud([{ xy: ticked, color: look.bg }], 4.5, 1);
    pen.cloud([{ xy: ticked, color: look.accent }], 3.5, 1);
  }

  /** What is hovered, pointed at and being selected, on top of that. */
  drawOver(): void {
    const { plot, look } = this;
    const pen = this.cleared(this.over);
    if (!plot || !look || !pen) return;
    const { xy, series } = plot.marks;
    const hovered = this.marksOf(this.state.hovered);
    const lit = plot.lines && series ? ofSeries(series, hovered[0] ?? this.active) : [];
    if (lit.length > 0) pen.line(pick(xy, lit), { color: look.fg, width: 2.5 });
    for (const mark of plot.lines ? [] : hovered) ring(pen, look, xy[mark * 2], xy[mark * 2 + 1]);
    if (this.active >= 0) ring(pen, look, xy[this.active * 2], xy[this.active * 2 + 1]);
    if (this.outline.length > 0) {
      pen.area(this.outline, { color: look.accent, alpha: 0.15 });
      pen.line([...this.outline, this.outline[0], this.outline[1]], { color: look.accent, dash: [4, 3] });
    }
  }

  private cleared(canvas: HTMLCanvasElement): Pen | null {
    canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
    return this.penOf(canvas);
  }

  private penOf(canvas: HTMLCanvasElement): Pen | null {
    const context = canvas.getContext('2d');
    return context && this.look ? canvasPen(context, this.look.font) : null;
  }

  private marksOf(run: number): number[] {
    if (run < 0 || !this.plot) return [];
    if (this.plot.find) return this.plot.find(run);
    const { row } = this.plot.marks;
    const found: number[] = [];
    for (let i = 0; i < row.length; i++) if (row[i] === run) found.push(i);
    return found;
  }

  private near(x: number, y: number): number {
    const plot = this.plot!;
    return plot.hit ? plot.hit(x, y) : nearest(plot.marks.xy, x, y, plot.lines ? NEAR_LINE : NEAR);
  }

  /** Points at a mark, -1 at none; `speak` also says it. */
  private point(mark: number, speak: boolean): void {
    const { plot, tip, state } = this;
    if (mark === this.active && !speak) return;
    this.active = mark;
    const row = mark < 0 ? -1 : (plot?.marks.row[mark] ?? -1);
    if (row === state.hovered) this.drawOver();
    else state.setHovered(row);
    tip.hidden = mark < 0;
    if (!plot || mark < 0) return;
    const lines = [...plot.say(mark), ...(plot.choose ? [`Click ${plot.choose.verb}`] : [])].map((line) =>
      readable(line.slice(0, 200)),
    );
    tip.replaceChildren(...lines.map((line, i) => h(i === 0 ? 'b' : 'span', {}, line)));
    const [x, y] = [plot.marks.xy[mark * 2], plot.marks.xy[mark * 2 + 1]];
    // On the side where there is room.
    const { clientWidth, clientHeight } = this.element;
    tip.style.left = x > clientWidth / 2 ? '' : `${x + 12}px`;
    tip.style.right = x > clientWidth / 2 ? `${clientWidth - x + 12}px` : '';
    tip.style.top = y > clientHeight / 2 ? '' : `${y + 8}px`;
    tip.style.bottom = y > clientHeight / 2 ? `${clientHeight - y + 8}px` : '';
    if (speak) this.spoken.textContent = lines.join(', ');
  }

  private onMove(event: PointerEvent): void {
    if (!this.plot) return;
    const { x, y } = this.place(event);
    if (!this.from) {
      this.point(this.near(x, y), false);
      return;
    }
    const { from } = this;
    if (this.outline.length === 0 && Math.hypot(x - from.x, y - from.y) < CLICK) return;
    if (!this.plot.area) return;
    if (event.altKey) this.outline = [...(this.outline.length > 0 ? this.outline : [from.x, from.y]), x, y];
    else this.outline = [from.x, from.y, x, from.y, x, y, from.x, y];
    this.tip.hidden = true;
    this.drawOver();
  }

  private onDown(event: PointerEvent): void {
    if (event.button !== 0 || !this.plot) return;
    this.from = { ...this.place(event), id: event.pointerId };
    this.element.setPointerCapture?.(event.pointerId);
  }

  private onUp(event: PointerEvent): void {
    const { plot, outline, from } = this;
    this.letGo();
    if (!plot || !from) return;
    if (outline.length > 0) {
      const { xy, row } = plot.marks;
      const rows: number[] = [];
      for (let i = 0; i < row.length; i++)
        if (row[i] >= 0 && inside(outline, xy[i * 2], xy[i * 2 + 1])) rows.push(row[i]);
      if (rows.length > 0) this.state.setTicked(event.shiftKey ? [...this.state.ticked, ...rows] : rows);
      return;
    }
    const { x, y } = this.place(event);
    this.tick(this.near(x, y));
  }

  private letGo(): void {
    if (this.from) this.element.releasePointerCapture?.(this.from.id);
    this.from = null;
    this.outline = [];
    this.drawOver();
  }

  /** Ticks the runs of a mark; when all of them are, unticks them. */
  private tick(mark: number): void {
    const { plot, state } = this;
    if (!plot || mark < 0) return;
    if (plot.choose) {
      plot.choose.run(mark);
      return;
    }
    const rows = [...(plot.rows?.(mark) ?? [plot.marks.row[mark]])];
    if (rows.length === 0) return;
    const all = rows.every((row) => state.ticked.has(row));
    const kept = [...state.ticked].filter((row) => !all || !rows.includes(row));
    state.setTicked(all ? kept : [...kept, ...rows]);
  }

  private place(event: PointerEvent): { x: number; y: number } {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private onKey(event: KeyboardEvent): void {
    const { plot, active } = this;
    if (!plot || plot.marks.row.length === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' || event.key === ' ') this.tick(active);
    else if (event.key === 'Escape' && active >= 0) this.point(-1, false);
    else {
      const next = this.step(event.key);
      if (next < 0) return;
      this.point(next, true);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** The mark that a key leads to, -1 when it leads nowhere. Along x; up and down between series, or along y. */
  private step(key: string): number {
    const plot = this.plot!;
    const { series, xy, row } = plot.marks;
    if (this.sorted?.by !== plot)
      this.sorted = { by: plot, x: orderBy(plot.marks, 0), y: orderBy(plot.marks, 1) };
    const across = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0;
    const up = key === 'ArrowUp' ? 1 : key === 'ArrowDown' ? -1 : 0;
    const line = series?.[Math.max(0, this.active)];
    const along = this.sorted.x.filter((mark) => !series || series[mark] === line);
    if (this.active < 0 && up && !series) return this.sorted.y[0];
    if (key === 'Home' || (this.active < 0 && (across || up))) return along[0];
    if (key === 'End') return along[along.length - 1];
    if (across) return clamped(along, along.indexOf(this.active) + across);
    if (!up) return -1;
    if (!series) return clamped(this.sorted.y, this.sorted.y.indexOf(this.active) - up);
    const other = [...Array(row.length).keys()].filter((mark) => series[mark] === line! - up);
    const away = (mark: number) => Math.abs(xy[mark * 2] - xy[this.active * 2]);
    return other.length === 0 ? this.active : other.reduce((a, b) => (away(b) < away(a) ? b : a));
  }
}

function ring(pen: Pen, { fg, bg }: Look, x: number, y: number): void {
  pen.dots([x, y], 6, { color: fg });
  pen.dots([x, y], 4, { color: bg });
  pen.dots([x, y], 2.5, { color: fg });
}
