/** The parallel-coordinates plot: lines on canvas under axes in SVG, linked to the table through the state. */

import type { ImportanceResult, ImportanceRow } from '../../contract';
import type { Ask } from '../ask';
import { type ColorScale, colorScale, isDark } from '../color';
import { Bin, h } from '../dom';
import { Popup } from '../popup';
import type { ExplorerState, Topic } from '../state';
import { Axes } from './axes';
import { type Axis, makeAxis } from './axis';
import { type Frame, frameOf, geometryOf, TOP } from './frame';
import { type Geometry, makeGeometry, nearestLine } from './geometry';
import { LineLabels } from './labels';
import { Legend } from './legend';
import { alphaFor, LineLayer, MANY, MOST_OVER } from './lines';
import { isDense, PlotBar } from './plot-bar';
import { HEIGHT, HeightGrip } from './resize';

/** How near a line the pointer has to be to mean it, in pixels. */
const REACH = 10;
const LABELS = 8;
/** While a brush is dragged, the exact picture waits for the hand to rest, in ms. */
const RESTING = 120;
/** The grey lines behind are made ready after the page has come to rest, in ms. */
const IDLE = 300;

export class ParallelPlot {
  readonly element = h('div', { class: 'mam-parallel' });
  readonly legend = new Legend();
  private readonly scroller = h('div', {
    class: 'mam-plot',
    role: 'group',
    'aria-label': 'Parallel coordinates',
  });
  private readonly stage = h('div', { class: 'mam-plot-stage' });
  private readonly back = new LineLayer('back');
  private readonly front = new LineLayer('front');
  private readonly over = new LineLayer('over');
  private readonly labels: LineLabels;
  private readonly empty = h('p', { class: 'mam-empty' });
  private readonly axes: Axes;
  private readonly bar: PlotBar;
  private readonly grip: HeightGrip;
  private readonly bin = new Bin();
  private list: readonly Axis[] = [];
  private frame: Frame | null = null;
  private geometry: Geometry = makeGeometry(0, HEIGHT, new Float32Array(0), []);
  private scale: ColorScale | null = null;
  private dark = false;
  private drawnFor = 0;
  private importance: ReadonlyMap<string, ImportanceRow> = new Map();
  /** The rows that the filter lets through as they lie in memory, which is quicker to walk than in the table's order. */
  private rows = new Int32Array(0);
  /** The grey lines behind change with the layout only, not with each step of a brush. */
  private behind: Geometry | null = null;
  private idle = 0;

  constructor(
    private readonly state: ExplorerState,
    ask: Ask,
  ) {
    const popup = new Popup(this.element);
    this.labels = new LineLabels(state);
    this.axes = new Axes(state, popup, () => this.front.hurry());
    this.bar = new PlotBar(state, ask, (result) => this.onImportance(result));
    this.grip = new HeightGrip(
      () => this.height,
      (height) => state.set('height', height),
    );
    const { titles, svg } = this.axes;
    this.stage.append(
      this.back.canvas,
      this.front.canvas,
      this.over.canvas,
      svg,
      titles.element,
      this.labels.element,
    );
    this.scroller.append(this.stage, this.empty);
    this.element.append(this.bar.element, this.scroller, this.grip.element);
    for (const part of [popup, this.axes, this.bar, this.grip]) this.bin.add(() => part.destroy());
    for (const layer of [this.back, this.front, this.over]) this.bin.add(() => layer.stop());
    this.bin.add(() => window.clearTimeout(this.idle));
    this.bin.add(state.subscribe((topic) => this.onChange(topic)));
    this.bin.on<PointerEvent>(this.stage, 'pointermove', (event) => {
      if (!this.axes.dragging) this.state.setHovered(this.rowAt(event));
    });
    this.bin.on(this.stage, 'pointerleave', () => state.setHovered(-1));
    this.bin.on<MouseEvent>(svg, 'click', (event) => this.onClick(event));
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(this.element);
    this.bin.add(() => observer.disconnect());
  }

  destroy(): void {
    this.bin.empty();
  }

  /** Everything again: axes, colours (the theme may have changed), lines. */
  redraw(): void {
    const { runs, axes, view } = this.state;
    this.dark = isDark(this.element);
    this.recolor();
    if (view.folded) return; // drawn when it is unfolded
    this.list = axes.flatMap((key) => {
      const column = runs.columns.get(key);
      return column ? [makeAxis(column, view.scales[key] ?? null)] : [];
    });
    const none = this.list.length === 0;
    this.empty.hidden = !none;
    this.empty.textContent =
      runs.length === 0 ? 'No runs yet.' : 'Nothing varies in these runs: choose axes under Columns.';
    this.stage.hidden = none;
    this.layout();
  }

  private get height(): number {
    return this.state.view.height || HEIGHT;
  }

  private onChange(topic: Topic): void {
    if (topic === 'runs') this.importance = new Map();
    if (topic === 'runs' || topic === 'axes' || topic === 'scales' || topic === 'folded') this.redraw();
    else if (topic === 'flipped' || topic === 'height') this.layout();
    else if (topic === 'query') {
      if (!this.axes.dragging) this.axes.drawBrushes(null);
      this.drawLines();
    } else if (topic === 'color') {
      this.recolor();
      this.drawLines();
    } else if (topic === 'lines') this.drawLines();
    else if (topic === 'ticked' || topic === 'hover') this.drawOver();
  }

  private resize(): void {
    const width = this.element.clientWidth;
    if (width > 0 && width !== this.drawnFor) this.layout();
  }

  private recolor(): void {
    const { color, runs, info, metric } = this.state;
    this.scale = colorScale(color, runs.length, this.dark, color === metric ? info.goal : null);
    this.legend.draw(color, this.scale);
  }

  private layout(): void {
    this.drawnFor = this.element.clientWidth;
    if (this.state.view.folded) return;
    this.frame = frameOf(this.list, this.state.view.flipped, this.drawnFor, this.height);
    this.geometry = geometryOf(this.list, this.frame);
    this.stage.style.width = `${this.frame.width}px`;
    this.stage.style.height = `${this.frame.height}px`;
    this.grip.draw();
    this.axes.draw(this.list, this.frame, this.importance);
    this.drawLines();
  }

  private drawLines(): void {
    if (!this.scale || this.geometry.width === 0 || this.state.view.folded) return;
    const { shown, good } = this.state;
    this.rows = rowsOf(good.mask);
    const density = isDense(this.state);
    const wait = this.axes.dragging ? RESTING : 0;
    this.front.draw(this.rows, this.geometry, this.scale, {
      alpha: alphaFor(shown.length),
      width: 1.25,
      density,
      wait,
    });
    this.drawBehind();
    this.drawOver();
  }

  /** All runs in grey, behind those that the filter lets through. */
  private drawBehind(): void {
    const { runs, shown } = this.state;
    const filtered = shown.length < runs.length;
    this.back.canvas.hidden = !filtered;
    window.clearTimeout(this.idle);
    if (this.behind === this.geometry) return;
    const { geometry } = this;
    const draw = () => {
      this.behind = geometry;
      const grey = colorScale(null, runs.length, this.dark, null);
      const all = Int32Array.from({ length: runs.length }, (_, row) => row);
      const alpha = alphaFor(all.length) * (all.length > MANY ? 0.4 : 0.22);
      this.back.draw(all, geometry, grey, { alpha, width: 1, density: all.length > MANY, wait: RESTING });
    };
    if (filtered) draw();
    else this.idle = window.setTimeout(draw, IDLE);
  }

  private drawOver(): void {
    if (!this.scale || this.geometry.xs.length === 0) return;
    const { ticked, hovered } = this.state;
    const { bins, colors } = this.scale;
    const ink = this.dark ? '#ffffff' : '#111318';
    const lifted = ticked.size <= MOST_OVER ? [...ticked] : [];
    const lines = lifted.map((row) => ({ row, color: colors[bins[row]], width: 2.5 }));
    if (hovered >= 0)
      lines.push({ row: hovered, color: ticked.has(hovered) ? colors[bins[hovered]] : ink, width: 2 });
    this.over.drawOver(lines, this.geometry, this.dark ? '#1b1d21' : '#ffffff');
    const named = [...(hovered >= 0 ? [hovered] : []), ...lifted.filter((row) => row !== hovered)];
    this.labels.draw(named.slice(0, LABELS), this.geometry);
  }

  private onClick(event: MouseEvent): void {
    const row = this.rowAt(event);
    const box = this.stage.getBoundingClientRect();
    const onAxis = this.geometry.xs.some((x) => Math.abs(x - (event.clientX - box.left)) < 15);
    if (row >= 0 && !onAxis) this.state.toggle(row);
  }

  private rowAt(event: MouseEvent): number {
    const box = this.stage.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    if (y < TOP - 6) return -1;
    const [row, distance] = nearestLine(this.rows, this.geometry, x, y);
    return distance <= REACH ? row : -1;
  }

  /** Axes from the most important on; those that nobody asked about keep their places behind. */
  private onImportance({ rows }: ImportanceResult): void {
    this.importance = new Map(rows.map((row) => [row.key, row]));
    const weight = (key: string) => this.importance.get(key)?.importance ?? -1;
    const { axes } = this.state;
    const known = axes.filter((key) => weight(key) >= 0).sort((a, b) => weight(b) - weight(a));
    const ordered = [...known, ...axes.filter((key) => weight(key) < 0)];
    if (ordered.join('\n') === axes.join('\n')) this.layout();
    else this.state.setAxes(ordered);
  }
}

function rowsOf(mask: Uint8Array): Int32Array<ArrayBuffer> {
  const rows = new Int32Array(mask.length);
  let count = 0;
  for (let row = 0; row < mask.length; row++) if (mask[row]) rows[count++] = row;
  return rows.subarray(0, count);
}
