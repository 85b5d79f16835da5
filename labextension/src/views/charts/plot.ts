/** What each kind of chart is made into: something that can be drawn, pointed at, read out and saved. */
import type { ChartSpec } from '../../contract';
import type { ExplorerState } from '../state';
import type { Histories } from './histories';
import type { Importances } from './importances';
import type { Pen } from './pen';

/** The host's colours, and what text is set in. */
export interface Look {
  readonly fg: string;
  readonly bg: string;
  readonly accent: string;
  readonly font: string;
  readonly dark: boolean;
}

/** What can be pointed at. A series is what Up and Down go between, and a line where the plot has lines. */
export interface Marks {
  /** x and y of each mark in turn, px. */
  readonly xy: Float32Array;
  /** The run of each mark, -1 where it stands for several. */
  readonly row: Int32Array;
  readonly series?: Int32Array;
}

export interface Plot {
  /** Heading of the card. */
  readonly title: string;
  /** One sentence for who does not see it. */
  readonly summary: string;
  /** What is not drawn, and why; "" when everything is. */
  readonly note: string;
  readonly marks: Marks;
  /** Marks of a series are joined; else each stands alone. */
  readonly lines?: boolean;
  /** A drag selects the runs within. */
  readonly area?: boolean;
  paint(pen: Pen): void;
  /** What a mark says: its name, then a line a value. */
  say(mark: number): string[];
  /** The runs that choosing a mark ticks; without it, the one whose mark it is. */
  rows?(mark: number): Iterable<number>;
  /** What choosing a mark does in place of ticking. */
  readonly choose?: { readonly verb: string; run(mark: number): void };
  /** The mark at a point, -1 where none is; without it, the nearest one that is near. */
  hit?(x: number, y: number): number;
  /** Marks of a run; without it, those whose `row` it is. */
  find?(row: number): number[];
  /** Shown under the drawing. */
  readonly extra?: HTMLElement;
}

/** All that a kind draws from. */
export interface Scene {
  /** With x, y and colour filled in. */
  readonly spec: ChartSpec;
  readonly state: ExplorerState;
  readonly histories: Histories;
  readonly importances: Importances;
  readonly look: Look;
  readonly width: number;
  readonly height: number;
  /** Adds a chart behind this one. */
  add(spec: Partial<ChartSpec> & Pick<ChartSpec, 'kind'>): void;
}

/** Why there is nothing to draw: a sentence, perhaps with a failure or a wait. */
export interface Nothing {
  readonly title: string;
  readonly nothing: string | HTMLElement;
}

export type Draw = (scene: Scene) => Plot | Nothing;

/** An option of a chart, as long as it is of the kind asked for. */
export function option(spec: ChartSpec, name: string, otherwise: string): string;
export function option(spec: ChartSpec, name: string, otherwise: number): number;
export function option(spec: ChartSpec, name: string, otherwise: string | number): string | number {
  const value = spec.options[name];
  return (typeof value === 'string' || typeof value === 'number') && typeof value === typeof otherwise
    ? value
    : otherwise;
}

/** Remarks in a row, the empty ones left out. */
export const noted = (...texts: readonly string[]) => texts.filter((text) => text !== '').join('; ');

/** A logarithmic axis: yes, no, or as the data has it. */
export function logOption(spec: ChartSpec, name: 'log_x' | 'log_y'): boolean | null {
  const value = spec.options[name];
  return typeof value === 'boolean' ? value : null;
}
