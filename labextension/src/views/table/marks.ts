/** What is drawn in a metric's cells beside the number, and how long a bar is. */
import type { View } from '../../contract';
import type { Column } from '../columns';
import type { ExplorerState } from '../state';

export type CellMark = View['marks'][string];

/** The scale is found from so many of the runs shown. */
const SAMPLE = 4000;

/** Nothing is drawn beside the numbers of groups, nor of the runs in them: means and runs have no scale in common. */
export function isGrouped({ view, runs }: ExplorerState): boolean {
  return view.group_by.some((key) => runs.columns.has(key));
}

export function markOf(state: ExplorerState, column: Column): CellMark {
  const { info } = column;
  if (info.kind !== 'metric' || isGrouped(state)) return 'none';
  return state.view.marks[info.key] ?? (info.key === state.metric?.info.key ? 'bar' : 'none');
}

export function setMark(state: ExplorerState, key: string, mark: CellMark): void {
  state.set('marks', { ...state.view.marks, [key]: mark });
}

/** "min" where a lower value is known to be better; only the metric asked for says. */
export function goalOf(state: ExplorerState, column: Column): 'min' | 'max' | null {
  return column.info.key === state.metric?.info.key ? state.info.goal : null;
}

/** Length of bars, 0 to 1, over the runs shown. */
export class BarScale {
  private scales = new Map<Column, (value: number) => number>();

  constructor(private readonly state: ExplorerState) {}

  /** The runs shown are others. */
  reset(): void {
    this.scales = new Map();
  }

  /** The longer the better where the goal is known, else the longer the greater. NaN for no bar. */
  length(column: Column, value: number): number {
    let scale = this.scales.get(column);
    if (!scale) {
      scale = scaleOf(column, this.state.shown, goalOf(this.state, column));
      this.scales.set(column, scale);
    }
    return scale(value);
  }
}

function scaleOf(
  { numbers }: Column,
  shown: Int32Array,
  goal: 'min' | 'max' | null,
): (value: number) => number {
  const step = Math.max(1, Math.floor(shown.length / SAMPLE));
  const values: number[] = [];
  for (let i = 0; i < shown.length; i += step) {
    const value = numbers?.[shown[i]] ?? Number.NaN;
    if (Number.isFinite(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  // One run that diverged must not make all other bars alike.
  const trim = Math.floor(values.length * 0.02);
  const [low, high] = [values[trim], values[values.length - 1 - trim]];
  if (!(high > low)) return () => Number.NaN;
  return (value) => {
    if (!Number.isFinite(value)) return Number.NaN;
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
    return goal === 'min' ? 1 - share : share;
  };
}
