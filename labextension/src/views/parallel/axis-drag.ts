/** Brushing by pointer: draw a stretch of an axis, move it, drag its ends, click beside it to clear. */

import { Bin } from '../dom';
import type { ExplorerState } from '../state';
import type { Frame } from './axes';
import type { Axis } from './axis';

export interface LiveBrush {
  readonly key: string;
  readonly low: number;
  readonly high: number;
}

/** How near to an axis, and to the end of a brush, the pointer has to be, in pixels. */
const REACH_X = 14;
const REACH_END = 7;

type Grip = { readonly mode: 'new' | 'low' | 'high' | 'move'; readonly low: number; readonly high: number };

export class AxisDrag {
  active = false;
  private readonly bin = new Bin();
  private axes: readonly Axis[] = [];
  private frame: Frame | null = null;

  constructor(
    private readonly surface: SVGSVGElement,
    private readonly state: ExplorerState,
    private readonly show: (live: LiveBrush | null) => void,
  ) {
    this.bin.on<PointerEvent>(surface, 'pointerdown', (event) => this.start(event));
    this.bin.on<PointerEvent>(surface, 'pointermove', (event) => {
      if (!this.active) surface.style.cursor = this.cursor(event);
    });
  }

  place(axes: readonly Axis[], frame: Frame): void {
    this.axes = axes;
    this.frame = frame;
  }

  destroy(): void {
    this.bin.empty();
  }

  /** The axis under the pointer, -1 for none. */
  axisAt(x: number, y: number): number {
    const { frame } = this;
    if (!frame || y < frame.top - 8 || y > frame.bottom + 8) return -1;
    return frame.xs.findIndex((at) => Math.abs(at - x) <= REACH_X);
  }

  private start(down: PointerEvent): void {
    const [x, y] = this.point(down);
    const at = this.axisAt(x, y);
    if (at < 0 || down.button !== 0) return;
    down.preventDefault();
    const axis = this.axes[at];
    const { key } = axis.column.info;
    const begun = this.position(y);
    const grip = this.grip(axis, y);
    const bin = new Bin();
    this.active = true;
    let moved = false;
    bin.on<PointerEvent>(window, 'pointermove', (event) => {
      const [, yNow] = this.point(event);
      moved ||= Math.abs(yNow - y) > 3;
      if (moved) this.update(axis, stretched(grip, begun, this.position(yNow)));
    });
    const finish = () => {
      bin.empty();
      this.active = false;
      if (!moved && grip.mode === 'new') this.state.setBrush(key, null);
      this.show(null);
    };
    bin.on(window, 'pointerup', finish);
    bin.on(window, 'pointercancel', finish);
    this.bin.add(() => bin.empty());
  }

  private update(axis: Axis, [low, high]: readonly [number, number]): void {
    const { key } = axis.column.info;
    const { frame } = this;
    if (!frame) return;
    this.state.setBrush(key, axis.brushAt(low, high, frame.bottom - frame.top));
    this.show({ key, low, high });
  }

  private grip(axis: Axis, y: number): Grip {
    const brush = this.state.brushes.get(axis.column.info.key);
    for (const [low, high] of brush ? axis.stretches(brush) : []) {
      const [top, bottom] = [this.pixel(high), this.pixel(low)];
      if (Math.abs(y - top) <= REACH_END) return { mode: 'high', low, high };
      if (Math.abs(y - bottom) <= REACH_END) return { mode: 'low', low, high };
      if (y > top && y < bottom) return { mode: 'move', low, high };
    }
    return { mode: 'new', low: 0, high: 0 };
  }

  private cursor(event: PointerEvent): string {
    const [x, y] = this.point(event);
    const at = this.axisAt(x, y);
    if (at < 0) return '';
    const { mode } = this.grip(this.axes[at], y);
    return mode === 'new' ? 'crosshair' : mode === 'move' ? 'grab' : 'ns-resize';
  }

  private point(event: PointerEvent): [number, number] {
    const box = this.surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private position(y: number): number {
    if (!this.frame) return 0;
    const { top, bottom } = this.frame;
    return Math.min(1, Math.max(0, (bottom - y) / (bottom - top)));
  }

  private pixel(at: number): number {
    return this.frame ? this.frame.bottom - (this.frame.bottom - this.frame.top) * at : 0;
  }
}

function stretched(grip: Grip, begun: number, now: number): readonly [number, number] {
  switch (grip.mode) {
    case 'new':
      return [Math.min(begun, now), Math.max(begun, now)];
    case 'low':
      return [Math.min(now, grip.high), Math.max(now, grip.high)];
    case 'high':
      return [Math.min(now, grip.low), Math.max(now, grip.low)];
    case 'move': {
      const by = Math.min(1 - grip.high, Math.max(-grip.low, now - begun));
      return [grip.low + by, grip.high + by];
    }
  }
}
