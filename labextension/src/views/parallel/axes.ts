/** The axes over the lines: ticks, lanes and brushes, by pointer and by keyboard. */

import type { ImportanceRow } from '../../contract';
import { Bin, readable, s } from '../dom';
import { type BrushPart, brushOfParts, LANE_NAMES, partsOf } from '../filter/brushes';
import type { Popup } from '../popup';
import type { ExplorerState } from '../state';
import type { Axis } from './axis';
import { AxisDrag, type LiveBrush } from './axis-drag';
import { flip, setScale } from './axis-menu';
import { type Frame, yOf } from './frame';
import { AxisTitles } from './titles';

const TICK_SPACING = 13;

export class Axes {
  readonly svg = s('svg', { class: 'mam-axes', 'aria-hidden': 'true' });
  readonly titles: AxisTitles;
  private readonly bin = new Bin();
  private readonly drag: AxisDrag;
  private axes: readonly Axis[] = [];
  private frame: Frame | null = null;
  /** What the brushes of each axis were drawn from. */
  private marks: string[] = [];

  /** `done` is called when a brush was let go. */
  constructor(
    private readonly state: ExplorerState,
    popup: Popup,
    done: () => void,
  ) {
    this.titles = new AxisTitles(state, popup);
    this.drag = new AxisDrag(this.svg, state, (live) => this.drawBrushes(live), done);
    this.bin.add(() => this.drag.destroy());
    this.bin.add(() => this.titles.destroy());
    this.bin.on<KeyboardEvent>(this.titles.element, 'keydown', (event) => this.onKey(event));
  }

  get dragging(): boolean {
    return this.drag.active;
  }

  destroy(): void {
    this.bin.empty();
  }

  draw(axes: readonly Axis[], frame: Frame, importance: ReadonlyMap<string, ImportanceRow>): void {
    this.axes = axes;
    this.frame = frame;
    this.drag.place(axes, frame);
    this.svg.setAttribute('width', String(frame.width));
    this.svg.setAttribute('height', String(frame.height));
    this.svg.replaceChildren(...lanesOf(frame), ...axes.map((_, i) => this.axisGroup(frame, i)));
    this.titles.draw(axes, frame, importance);
    this.marks = [];
    this.drawBrushes(null);
  }

  /** Brushes as the query has them; `live` are those of the axis under the hand, where the pointer is. */
  drawBrushes(live: LiveBrush | null): void {
    const { frame } = this;
    if (!frame) return;
    const groups = this.svg.querySelectorAll<SVGGElement>('.mam-axis');
    this.axes.forEach((axis, i) => {
      const { key } = axis.column.info;
      const parts = partsOf(this.state.brushes.get(key));
      const stretches = live?.key === key ? live.stretches : parts.flatMap((part) => axis.stretches(part));
      // While one axis is brushed, the others stay as they are.
      const mark = JSON.stringify([stretches, parts]);
      if (mark === this.marks[i]) return;
      this.marks[i] = mark;
      const drawn = stretches.map(([low, high]) =>
        brushMark(frame.xs[i], yOf(frame, i, low), yOf(frame, i, high)),
      );
      groups[i]?.querySelector('.mam-brushes')?.replaceChildren(...drawn, ...chosenLanes(parts, frame, i));
    });
    this.titles.label();
  }

  private axisGroup(frame: Frame, i: number): SVGGElement {
    const axis = this.axes[i];
    const { top, bottom, xs, width, lanes } = frame;
    const x = xs[i];
    const room = (xs.length > 1 ? xs[1] - xs[0] : width) - 16;
    const group = s('g', { class: axis.note ? 'mam-axis mam-axis-plain' : 'mam-axis' });
    group.append(s('line', { class: 'mam-axis-line', x1: x, x2: x, y1: top, y2: bottom }));
    for (const { lane, y } of lanes) {
      if (axis.lanes.has(lane)) group.append(s('circle', { class: 'mam-lane-stop', cx: x, cy: y, r: 3 }));
    }
    group.append(s('g', { class: 'mam-brushes' }));
    const atEnd = i === xs.length - 1 && xs.length > 1;
    const limit = Math.max(4, Math.floor((atEnd ? width - x : room) / 6.2));
    let last = Number.NaN;
    for (const tick of axis.ticks) {
      const y = yOf(frame, i, tick.at);
      if (Math.abs(last - y) < TICK_SPACING) continue;
      last = y;
      const label = s('text', { class: 'mam-tick', x: x + 7, y: y + 3.5 });
      label.textContent = shorten(readable(tick.label), limit);
      group.append(s('line', { class: 'mam-tick-line', x1: x, x2: x + 4, y1: y, y2: y }), label);
    }
    return group;
  }

  private onKey(event: KeyboardEvent): void {
    const key = (event.target as Element | null)?.closest<HTMLElement>('[data-key]')?.dataset.key;
    const at = this.axes.findIndex(({ column }) => column.info.key === key);
    if (key === undefined || at < 0 || event.ctrlKey || event.metaKey) return;
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      const to = at + (event.key === 'ArrowLeft' ? -1 : 1);
      if (to >= 0 && to < this.axes.length) {
        if (event.altKey) this.titles.move(key, to);
        else this.titles.focus(this.axes[to].column.info.key);
      }
    } else if (!this.change(this.axes[at], at, event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private change(axis: Axis, at: number, { key: pressed, shiftKey }: KeyboardEvent): boolean {
    const { key } = axis.column.info;
    const up = this.frame?.flipped[at] ? -1 : 1;
    if (pressed === 'ArrowUp') this.nudge(axis, up, shiftKey);
    else if (pressed === 'ArrowDown') this.nudge(axis, -up, shiftKey);
    else if (pressed === 'Delete' || pressed === 'Backspace' || pressed === 'Escape')
      this.state.setBrush(key, null);
    else if (pressed.toLowerCase() === 'f') flip(this.state, key);
    else if (pressed.toLowerCase() === 'l' && axis.scales.includes('log'))
      setScale(this.state, key, axis.log ? 'linear' : 'log');
    else if (pressed.toLowerCase() === 'm' && axis.lanes.has('missing')) this.toggleMissing(key);
    else return false;
    return true;
  }

  private toggleMissing(key: string): void {
    const parts = partsOf(this.state.brushes.get(key));
    const others = parts.filter((part) => part.type !== 'lane' || part.lane !== 'missing');
    const missing: BrushPart[] = others.length === parts.length ? [{ type: 'lane', lane: 'missing' }] : [];
    this.state.setBrush(key, brushOfParts([...others, ...missing]));
  }

  /** Moves the first range of an axis by a twentieth, or its upper end; without one, starts with the half at that end. */
  private nudge(axis: Axis, direction: number, resize: boolean): void {
    const { key } = axis.column.info;
    const pixels = this.frame ? this.frame.bottom - this.frame.top : 1;
    const [first, ...rest] = partsOf(this.state.brushes.get(key));
    const [stretch] = first ? axis.stretches(first) : [];
    const step = axis.column.numbers ? 0.05 : 1 / Math.max(1, axis.ticks.length);
    let [low, high] = stretch ?? (direction > 0 ? [0.5, 1] : [0, 0.5]);
    if (stretch) {
      high = Math.min(1, high + direction * step);
      if (!resize) low = Math.max(0, low + direction * step);
    }
    if (high <= low) return;
    const part = axis.brushAt(low, high, pixels);
    const others = stretch ? rest : first ? [first, ...rest] : [];
    this.state.setBrush(key, part ? brushOfParts([part, ...others]) : null);
  }
}

function lanesOf({ lanes, xs }: Frame): SVGElement[] {
  return lanes.flatMap(({ lane, y }) => {
    const label = s('text', { class: 'mam-lane-label', x: xs[0] - 10, y: y + 3.5 });
    label.textContent = LANE_NAMES[lane];
    return [s('line', { class: 'mam-lane', x1: xs[0], x2: xs[xs.length - 1], y1: y, y2: y }), label];
  });
}

function brushMark(x: number, yLow: number, yHigh: number): SVGElement {
  const top = Math.min(yLow, yHigh);
  const height = Math.max(2, Math.abs(yLow - yHigh));
  return s(
    'g',
    { class: 'mam-brush' },
    s('rect', { class: 'mam-brush-body', x: x - 7, y: top, width: 14, height, rx: 2 }),
    s('line', { class: 'mam-brush-edge', x1: x - 7, x2: x + 7, y1: top, y2: top }),
    s('line', { class: 'mam-brush-edge', x1: x - 7, x2: x + 7, y1: top + height, y2: top + height }),
  );
}

function chosenLanes(parts: readonly BrushPart[], { lanes, xs }: Frame, i: number): SVGElement[] {
  return lanes
    .filter(({ lane }) => parts.some((part) => part.type === 'lane' && part.lane === lane))
    .map(({ y }) =>
      s('rect', { class: 'mam-brush-body mam-brush', x: xs[i] - 7, y: y - 7, width: 14, height: 14, rx: 7 }),
    );
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, Math.max(1, limit - 1))}…`;
}
