/** The axes over the lines: titles, ticks and brushes, by pointer and by keyboard. */

import { Bin, h, readable, s } from '../dom';
import type { Brush } from '../filter/brushes';
import type { ExplorerState } from '../state';
import type { Axis } from './axis';
import { AxisDrag } from './axis-drag';

/** Where the axes stand, in CSS pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly bottom: number;
  /** Where runs without a value pass; null when all have one. */
  readonly lane: number | null;
  readonly xs: Float32Array;
}

export interface AxesCallbacks {
  toggleLog(key: string): void;
}

const HINT =
  'Drag on an axis to filter. Keyboard: up and down move the filter, with Shift they narrow or widen it from above, ' +
  'Delete clears it, Alt with left or right moves the axis, L switches the logarithmic scale.';

export class Axes {
  readonly svg = s('svg', { class: 'mam-axes', 'aria-hidden': 'true' });
  readonly titles = h('div', { class: 'mam-axis-titles', role: 'group', 'aria-label': `Axes. ${HINT}` });
  private readonly bin = new Bin();
  private readonly drag: AxisDrag;
  private axes: readonly Axis[] = [];
  private frame: Frame = { width: 0, height: 0, top: 0, bottom: 0, lane: null, xs: new Float32Array(0) };
  private focused = '';

  constructor(
    private readonly state: ExplorerState,
    private readonly callbacks: AxesCallbacks,
  ) {
    this.drag = new AxisDrag(this.svg, state, (live) => this.drawBrushes(live));
    this.bin.add(() => this.drag.destroy());
    this.bin.on<KeyboardEvent>(this.titles, 'keydown', (event) => this.onKey(event));
    this.bin.on<MouseEvent>(this.titles, 'dblclick', (event) => {
      const key = keyOf(event.target);
      if (key !== null) callbacks.toggleLog(key);
    });
    this.bin.on<PointerEvent>(this.titles, 'pointerdown', (event) => this.onTitleDown(event));
    this.bin.on<FocusEvent>(this.titles, 'focusin', (event) => {
      this.focused = keyOf(event.target) ?? this.focused;
    });
  }

  get dragging(): boolean {
    return this.drag.active;
  }

  destroy(): void {
    this.bin.empty();
  }

  draw(axes: readonly Axis[], frame: Frame): void {
    this.axes = axes;
    this.frame = frame;
    this.drag.place(axes, frame);
    this.svg.setAttribute('width', String(frame.width));
    this.svg.setAttribute('height', String(frame.height));
    const lane = frame.lane === null ? [] : laneOf(frame, frame.lane);
    this.svg.replaceChildren(...lane, ...axes.map((axis, i) => this.axisGroup(axis, frame.xs[i], i)));
    this.drawTitles();
    this.drawBrushes(null);
  }

  /** Brushes as the query has them; `live` is the one being dragged, where the pointer is. */
  drawBrushes(live: { key: string; low: number; high: number } | null): void {
    const groups = this.svg.querySelectorAll<SVGGElement>('.mam-axis');
    this.axes.forEach((axis, i) => {
      const { key } = axis.column.info;
      const brush = this.state.brushes.get(key);
      const stretches =
        live?.key === key ? [[live.low, live.high] as const] : brush ? axis.stretches(brush) : [];
      const layer = groups[i]?.querySelector('.mam-brushes');
      layer?.replaceChildren(...stretches.map(([low, high]) => this.brushRect(this.frame.xs[i], low, high)));
      const title = this.titles.children[i];
      title?.classList.toggle('mam-brushed', stretches.length > 0);
      title?.setAttribute('aria-label', describe(axis, brush));
    });
  }

  private y(at: number): number {
    return this.frame.bottom - (this.frame.bottom - this.frame.top) * at;
  }

  private axisGroup(axis: Axis, x: number, i: number): SVGGElement {
    const { top, bottom, xs } = this.frame;
    const room = (xs.length > 1 ? xs[1] - xs[0] : this.frame.width) - 16;
    const group = s('g', { class: 'mam-axis' });
    group.append(s('line', { class: 'mam-axis-line', x1: x, x2: x, y1: top, y2: bottom }));
    group.append(s('g', { class: 'mam-brushes' }));
    let last = Number.POSITIVE_INFINITY;
    for (const tick of axis.ticks) {
      const y = this.y(tick.at);
      if (last - y < 13) continue;
      last = y;
      const atEnd = i === xs.length - 1 && xs.length > 1;
      const limit = Math.max(4, Math.floor((atEnd ? this.frame.width - x : room) / 6.2));
      const label = s('text', { class: 'mam-tick', x: x + 7, y: y + 3.5 });
      label.textContent = shorten(readable(tick.label), limit);
      group.append(s('line', { class: 'mam-tick-line', x1: x, x2: x + 4, y1: y, y2: y }), label);
    }
    return group;
  }

  private brushRect(x: number, low: number, high: number): SVGElement {
    const [top, bottom] = [this.y(high), this.y(low)];
    const height = Math.max(2, bottom - top);
    return s(
      'g',
      { class: 'mam-brush' },
      s('rect', { class: 'mam-brush-body', x: x - 7, y: top, width: 14, height, rx: 2 }),
      s('line', { class: 'mam-brush-edge', x1: x - 7, x2: x + 7, y1: top, y2: top }),
      s('line', { class: 'mam-brush-edge', x1: x - 7, x2: x + 7, y1: top + height, y2: top + height }),
    );
  }

  private drawTitles(): void {
    const { xs, width } = this.frame;
    const had = this.titles.contains(this.titles.ownerDocument.activeElement) ? this.focused : '';
    const room = xs.length > 1 ? xs[1] - xs[0] : width;
    const tabbable = this.axes.some((axis) => axis.column.info.key === this.focused) ? this.focused : null;
    const buttons = this.axes.map((axis, i) => {
      const { info } = axis.column;
      const button = h('button', {
        type: 'button',
        class: `mam-axis-title mam-kind-${info.kind}`,
        'data-key': info.key,
        tabindex: (tabbable === null ? i === 0 : tabbable === info.key) ? 0 : -1,
        title: `${info.key}${axis.log ? ' (logarithmic)' : ''}\nDrag to move${axis.canLog ? ', double-click for a logarithmic scale' : ''}`,
      });
      button.append(h('span', {}, readable(info.name)));
      if (axis.log) button.append(h('small', {}, 'log'));
      const half = Math.min(xs[i], width - xs[i]);
      const size = Math.max(48, Math.min(room - 6, i === 0 || i === xs.length - 1 ? half * 2 - 4 : room - 6));
      button.style.left = `${xs[i] - size / 2}px`;
      button.style.width = `${size}px`;
      return button;
    });
    this.titles.replaceChildren(...buttons);
    if (had !== '') this.titles.querySelector<HTMLElement>(`[data-key="${CSS.escape(had)}"]`)?.focus();
  }

  private onTitleDown(down: PointerEvent): void {
    const key = keyOf(down.target);
    const title = (down.target as Element).closest<HTMLElement>('[data-key]');
    if (key === null || !title || down.button !== 0) return;
    const left = Number.parseFloat(title.style.left);
    const center = left + Number.parseFloat(title.style.width) / 2;
    const bin = new Bin();
    let moved = 0;
    const finish = () => {
      bin.empty();
      title.classList.remove('mam-moving');
      if (Math.abs(moved) > 4) this.moveTo(key, center + moved);
      else title.style.left = `${left}px`;
    };
    bin.on<PointerEvent>(window, 'pointermove', (event) => {
      moved = event.clientX - down.clientX;
      title.classList.toggle('mam-moving', Math.abs(moved) > 4);
      title.style.left = `${left + moved}px`;
    });
    bin.on(window, 'pointerup', finish);
    bin.on(window, 'pointercancel', finish);
    this.bin.add(() => bin.empty());
  }

  private moveTo(key: string, x: number): void {
    const others = this.axes.map((axis) => axis.column.info.key).filter((other) => other !== key);
    const spots = Array.from(this.frame.xs);
    const nearest = spots.reduce(
      (best, spot, i) => (Math.abs(spot - x) < Math.abs(spots[best] - x) ? i : best),
      0,
    );
    others.splice(nearest, 0, key);
    this.state.setAxes(others);
  }

  private onKey(event: KeyboardEvent): void {
    const key = keyOf(event.target);
    const at = this.axes.findIndex((axis) => axis.column.info.key === key);
    if (key === null || at < 0) return;
    const axis = this.axes[at];
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      const to = at + (event.key === 'ArrowLeft' ? -1 : 1);
      if (to >= 0 && to < this.axes.length) {
        if (event.altKey) this.moveTo(key, this.frame.xs[to]);
        else (this.titles.children[to] as HTMLElement).focus();
      }
    } else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      this.nudge(axis, event.key === 'ArrowUp' ? 1 : -1, event.shiftKey);
    } else if (event.key === 'Delete' || event.key === 'Backspace' || event.key === 'Escape') {
      this.state.setBrush(key, null);
    } else if (event.key.toLowerCase() === 'l' && axis.canLog) {
      this.callbacks.toggleLog(key);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Moves the brush of an axis by a twentieth, or its upper end; without one, starts with the half at that end. */
  private nudge(axis: Axis, direction: number, resize: boolean): void {
    const { key } = axis.column.info;
    const pixels = this.frame.bottom - this.frame.top;
    const brush = this.state.brushes.get(key);
    const [stretch] = brush ? axis.stretches(brush) : [];
    const step = axis.column.numbers ? 0.05 : 1 / Math.max(1, axis.ticks.length);
    let [low, high] = stretch ?? (direction > 0 ? [0.5, 1] : [0, 0.5]);
    if (stretch) {
      high = Math.min(1, high + direction * step);
      if (!resize) low = Math.max(0, low + direction * step);
    }
    if (high > low) this.state.setBrush(key, axis.brushAt(low, high, pixels));
  }
}

function laneOf(frame: Frame, lane: number): SVGElement[] {
  const label = s('text', { class: 'mam-lane-label', x: frame.xs[0] - 8, y: lane + 3.5 });
  label.textContent = 'no value';
  const [first, last] = [frame.xs[0], frame.xs[frame.xs.length - 1]];
  return [s('line', { class: 'mam-lane', x1: first, x2: last, y1: lane, y2: lane }), label];
}

function describe(axis: Axis, brush: Brush | undefined): string {
  const { kind, name } = axis.column.info;
  const bound = (value: number) => (Number.isFinite(value) ? String(value) : 'the end');
  const chosen =
    brush === undefined
      ? 'not filtered'
      : brush.type === 'words'
        ? `only ${brush.texts.join(', ')}`
        : `from ${bound(brush.low)} to ${bound(brush.high)}`;
  return `${kind} ${name}, ${chosen}`;
}

function keyOf(target: EventTarget | null): string | null {
  return (target as Element | null)?.closest<HTMLElement>('[data-key]')?.dataset.key ?? null;
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, Math.max(1, limit - 1))}…`;
}
