/** The kinds of charts: how each is called, drawn and set. */
import type { ChartSpec } from '../../contract';
import { boxplot } from './box';
import { contour } from './contour';
import { histogram } from './histogram';
import { history } from './history';
import { importance } from './importance';
import { pareto } from './pareto';
import type { Draw } from './plot';
import { scatter } from './scatter';
import { slice } from './slice';

export type Setting =
  /** A column; `none` is what an empty choice stands for. */
  | {
      readonly type: 'column';
      readonly key: 'x' | 'y' | 'color' | 'size';
      readonly label: string;
      readonly of: 'any' | 'number' | 'metric';
      readonly none: string;
    }
  /** One of a few; the first is the default and is not written down. */
  | {
      readonly type: 'choice';
      readonly option: string;
      readonly label: string;
      readonly choices: readonly (readonly [string | boolean, string])[];
    }
  | {
      readonly type: 'number';
      readonly option: string;
      readonly label: string;
      readonly otherwise: number;
      readonly low: number;
      readonly high: number;
      readonly step: number;
    }
  /** The param that makes groups of a history. */
  | { readonly type: 'group' };

export interface Kind {
  readonly title: string;
  readonly draw: Draw;
  readonly settings: readonly Setting[];
  /** Takes the whole width unless told otherwise. */
  readonly wide?: boolean;
}

const column = (
  key: 'x' | 'y' | 'color' | 'size',
  label: string,
  of: 'any' | 'number' | 'metric' = 'any',
  none = '',
): Setting => ({ type: 'column', key, label, of, none });
const number = (
  option: string,
  label: string,
  otherwise: number,
  low: number,
  high: number,
  step = 1,
): Setting => ({
  type: 'number',
  option,
  label,
  otherwise,
  low,
  high,
  step,
});
const scale = (option: 'log_x' | 'log_y', label: string, otherwise = 'As the data'): Setting => ({
  type: 'choice',
  option,
  label,
  choices: [
    ['', otherwise],
    [false, 'Linear'],
    [true, 'Logarithmic'],
  ],
});
const goal = (axis: 'x' | 'y'): Setting => ({
  type: 'choice',
  option: `goal_${axis}`,
  label: `Better ${axis.toUpperCase()}`,
  choices: [
    ['', 'By its name'],
    ['min', 'Lower'],
    ['max', 'Higher'],
  ],
});

const METRIC = 'Metric asked for';
const PARAM = 'Most important param';
const AS_LINES = 'As the lines';
const LOG_X = scale('log_x', 'X scale');
const LOG_Y = scale('log_y', 'Y scale');

export const KINDS: Readonly<Record<ChartSpec['kind'], Kind>> = {
  history: {
    title: 'History',
    draw: history,
    settings: [
      column('y', 'Metric', 'metric', METRIC),
      {
        type: 'choice',
        option: 'x_axis',
        label: 'X axis',
        choices: [
          ['step', 'Step'],
          ['time', 'Time'],
          ['relative', 'Time since start'],
        ],
      },
      number('smoothing', 'Smoothing', 0, 0, 0.99, 0.01),
      {
        type: 'choice',
        option: 'log_y',
        label: 'Y scale',
        choices: [
          ['', 'Linear'],
          [true, 'Logarithmic'],
        ],
      },
      number('runs', 'Best shown', 10, 1, 200),
      { type: 'group' },
    ],
  },
  scatter: {
    title: 'Scatter',
    draw: scatter,
    settings: [
      column('x', 'X', 'any', PARAM),
      column('y', 'Y', 'any', METRIC),
      column('color', 'Color', 'any', AS_LINES),
      column('size', 'Size', 'number', 'All the same'),
      LOG_X,
      LOG_Y,
    ],
  },
  contour: {
    title: 'Contour',
    draw: contour,
    settings: [
      column('x', 'X', 'any', PARAM),
      column('y', 'Y', 'any', 'Next important param'),
      column('color', 'Value', 'number', METRIC),
      LOG_X,
      LOG_Y,
    ],
  },
  box: {
    title: 'Box plot',
    draw: boxplot,
    settings: [column('x', 'X', 'any', PARAM), column('y', 'Y', 'number', METRIC), LOG_Y],
  },
  histogram: {
    title: 'Histogram',
    draw: histogram,
    settings: [column('x', 'Of', 'any', METRIC), number('bins', 'Bins (0: by the data)', 0, 0, 200), LOG_X],
  },
  importance: {
    title: 'Importance',
    draw: importance,
    settings: [column('y', 'For', 'metric', METRIC), number('count', 'Params', 12, 1, 40)],
  },
  slice: {
    title: 'Slice',
    draw: slice,
    wide: true,
    settings: [
      column('y', 'Metric', 'number', METRIC),
      column('color', 'Color', 'any', AS_LINES),
      number('count', 'Params', 6, 1, 12),
      LOG_Y,
    ],
  },
  pareto: {
    title: 'Pareto front',
    draw: pareto,
    settings: [
      column('x', 'X', 'metric', 'Another metric'),
      goal('x'),
      column('y', 'Y', 'metric', METRIC),
      goal('y'),
      LOG_X,
      LOG_Y,
    ],
  },
};

export const isWide = ({ kind, options }: ChartSpec): boolean =>
  typeof options.wide === 'boolean' ? options.wide : KINDS[kind].wide === true;
