/** Brushing by pointer: draw a stretch of an axis, move it, drag its ends, click beside it to clear. */

import { Bin } from '../dom';
import { type Brush, type BrushPart, brushOfParts, type Lane, partsOf } from '../filter/brushes';
import type { ExplorerState } from '../state';
import type { Axis } from './axis';
import { type Frame, laneAt, positionAt, yOf } from './frame';

/** The stretches of the axis under the hand, where the pointer has them. */
export interface LiveBrush {
  readonly key: string;
  readonly stretches: readonly (readonly [number, number])[];
}

/** How near to an axis, and to the end of a brush, the pointer has to be, in pixels. */
const REACH_X = 14;
const REACH_END = 7;

interface Grip {
  readonly mode: 'new' | 'low' | 'high' | 'move';
  readonly low: number;
  readonly high: number;
  /** The parts of the brush that stay as they are. */
  readonly rest: readonly BrushPart[];
}

export class AxisDrag {
  active = false;
  private readonly bin = new Bin();
  private axes: readonly Axis[] = [];
  private frame: Frame | null = null;

  constructor(
    private readonly surface: SVGSVGElement,
    private readonly state: ExplorerState,
    private readonly show: (live: LiveBrush | null) => void,
    private readonly done: () => void,
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

  private start(down: PointerEvent): void {
    const { frame } = this;
    const [x, y] = this.point(down);
    const at = this.axisAt(x);
    if (!frame || at < 0 || down.button !== 0) return;
    const axis = this.axes[at];
    const lane = laneAt(frame, y);
    if (lane !== null && axis.lanes.has(lane)) this.toggleLane(axis, lane, down.shiftKey);
    else if (axis.note === '' && y >= frame.top - 8 && y <= frame.bottom + 8) this.drag(at, down);
    else return;
    down.preventDefault();
  }

  private drag(at: number, down: PointerEvent): void {
    const { frame } = this;
    if (!frame) return;
    const axis = this.axes[at];
    const [, y] = this.point(down);
    const begun = positionAt(frame, at, y);
    const grip = this.grip(at, y, down.shiftKey);
    const bin = new Bin();
    this.active = true;
    let moved = false;
    bin.on<PointerEvent>(window, 'pointermove', (event) => {
      const [, now] = this.point(event);
      moved ||= Math.abs(now - y) > 3;
      if (moved) this.update(axis, grip, stretched(grip, begun, positionAt(frame, at, now)));
    });
    const finish = () => {
      bin.empty();
      this.active = false;
      if (!moved && grip.mode === 'new' && !down.shiftKey) this.state.setBrush(axis.column.info.key, null);
      this.show(null);
      this.done();
    };
    bin.on(window, 'pointerup', finish);
    bin.on(window, 'pointercancel', finish);
    this.bin.add(() => bin.empty());
  }

  private update(axis: Axis, { rest }: Grip, [low, high]: readonly [number, number]): void {
    const { key } = axis.column.info;
    const { frame } = this;
    if (!frame) return;
    const part = axis.brushAt(low, high, frame.bottom - frame.top);
    // A stretch over all of the axis chooses all that is on it, whatever else was chosen there.
    const brush: Brush | null = part ? brushOfParts([...rest, part]) : null;
    this.state.setBrush(key, brush);
    const others = part ? rest.flatMap((other) => axis.stretches(other)) : [];
    this.show({ key, stretches: [...others, [low, high]] });
  }

  private toggleLane(axis: Axis, lane: Lane, adding: boolean): void {
    const { key } = axis.column.info;
    const parts = partsOf(this.state.brushes.get(key));
    const isOn = parts.some((part) => part.type === 'lane' && part.lane === lane);
    const others = parts.filter((part) => part.type !== 'lane' || part.lane !== lane);
    const kept = adding || isOn ? others : [];
    this.state.setBrush(key, brushOfParts(isOn ? kept : [...kept, { type: 'lane', lane }]));
  }

  /** What a press at a height takes hold of; with `adding` a new stretch beside those that there are. */
  private grip(at: number, y: number, adding: boolean): Grip {
    const { frame } = this;
    const axis = this.axes[at];
    const parts = partsOf(this.state.brushes.get(axis.column.info.key));
    for (const part of frame ? parts : []) {
      for (const [low, high] of axis.stretches(part)) {
        const [yLow, yHigh] = [yOf(frame as Frame, at, low), yOf(frame as Frame, at, high)];
        const inside = y > Math.min(yLow, yHigh) && y < Math.max(yLow, yHigh);
        const nearHigh = Math.abs(y - yHigh) <= REACH_END;
        const nearLow = Math.abs(y - yLow) <= REACH_END;
        if (!inside && !nearHigh && !nearLow) continue;
        const mode = nearHigh ? 'high' : nearLow ? 'low' : 'move';
        const rest = parts.flatMap((other) => (other === part ? without(axis, part, low, high) : [other]));
        return { mode, low, high, rest };
      }
    }
    return { mode: 'new', low: 0, high: 0, rest: adding ? parts : [] };
  }

  private axisAt(x: number): number {
    return this.frame?.xs.findIndex((at) => Math.abs(at - x) <= REACH_X) ?? -1;
  }

  private cursor(event: PointerEvent): string {
    const { frame } = this;
    const [x, y] = this.point(event);
    const at = this.axisAt(x);
    if (!frame || at < 0) return '';
    const lane = laneAt(frame, y);
    if (lane !== null) return this.axes[at].lanes.has(lane) ? 'pointer' : '';
    if (y < frame.top - 8 || y > frame.bottom + 8 || this.axes[at].note !== '') return '';
    const { mode } = this.grip(at, y, false);
    return mode === 'new' ? 'crosshair' : mode === 'move' ? 'grab' : 'ns-resize';
  }

  private point(event: PointerEvent): [number, number] {
    const box = this.surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}

/** What is left of a part when one of its stretches is taken away. */
function without(axis: Axis, part: BrushPart, low: number, high: number): BrushPart[] {
  const gone = axis.brushAt(low, high, 1000);
  if (part.type !== 'words' || gone?.type !== 'words') return [];
  const texts = part.texts.filter((text) => !gone.texts.includes(text));
  return texts.length > 0 ? [{ type: 'words', texts }] : [];
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
