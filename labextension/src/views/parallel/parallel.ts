/** The parallel-coordinates plot: lines on canvas under axes in SVG, linked to the table through the state. */

import { type ColorScale, colorScale, isDark } from '../color';
import { Bin, h, readable } from '../dom';
import { formatNumber } from '../format';
import type { ExplorerState, Topic } from '../state';
import { Axes, type Frame } from './axes';
import { type Axis, makeAxis } from './axis';
import { Legend } from './legend';
import { alphaFor, type Geometry, LineLayer, nearestLine } from './lines';

const HEIGHT = 280;
const TOP = 38;
const SIDE = 58;
const LANE = 26;
const SPACING = 72;
/** How near a line the pointer has to be to mean it, in pixels. */
const REACH = 10;
const LABELS = 8;

export class ParallelPlot {
  readonly element = h('div', { class: 'mam-plot', role: 'group', 'aria-label': 'Parallel coordinates' });
  readonly legend = new Legend();
  private readonly stage = h('div', { class: 'mam-stage' });
  private readonly back = new LineLayer('back');
  private readonly front = new LineLayer('front');
  private readonly over = new LineLayer('over');
  private readonly labels = h('div', { class: 'mam-line-labels', 'aria-hidden': 'true' });
  private readonly empty = h(
    'p',
    { class: 'mam-empty' },
    'Nothing varies in these runs: choose axes under Columns.',
  );
  private readonly axes: Axes;
  private readonly bin = new Bin();
  private readonly logs = new Map<string, boolean>();
  private list: readonly Axis[] = [];
  private geometry: Geometry = { width: 0, height: HEIGHT, xs: new Float32Array(0), ys: [] };
  private scale: ColorScale | null = null;
  private plain: ColorScale | null = null;
  private dark = false;
  private drawnFor = 0;
  /** The grey lines behind change with the layout only, not with each step of a brush. */
  private behind: { geometry: Geometry | null; count: number } = { geometry: null, count: 0 };

  constructor(private readonly state: ExplorerState) {
    this.axes = new Axes(state, { toggleLog: (key) => this.toggleLog(key) });
    this.stage.append(this.back.canvas, this.front.canvas, this.over.canvas, this.axes.svg, this.axes.titles);
    this.stage.append(this.labels);
    this.element.append(this.stage, this.empty);
    this.bin.add(() => this.axes.destroy());
    for (const layer of [this.back, this.front, this.over]) this.bin.add(() => layer.stop());
    this.bin.add(state.subscribe((topic) => this.onChange(topic)));
    this.bin.on<PointerEvent>(this.stage, 'pointermove', (event) => this.onMove(event));
    this.bin.on(this.stage, 'pointerleave', () => state.setHovered(-1));
    this.bin.on<MouseEvent>(this.axes.svg, 'click', (event) => this.onClick(event));
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(this.element);
    this.bin.add(() => observer.disconnect());
  }

  destroy(): void {
    this.bin.empty();
  }

  /** Everything again: axes, colours (the theme may have changed), lines. */
  redraw(): void {
    const { runs, axes } = this.state;
    this.dark = isDark(this.element);
    this.list = axes.flatMap((key) => {
      const column = runs.columns.get(key);
      return column ? [makeAxis(column, this.logs.get(key) ?? null)] : [];
    });
    this.empty.hidden = this.list.length > 0;
    this.stage.hidden = this.list.length === 0;
    this.recolor();
    this.layout();
  }

  private onChange(topic: Topic): void {
    if (topic === 'runs' || topic === 'axes') this.redraw();
    else if (topic === 'query') {
      if (!this.axes.dragging) this.axes.drawBrushes(null);
      this.drawLines();
    } else if (topic === 'color') {
      this.recolor();
      this.drawLines();
    } else if (topic === 'ticked' || topic === 'hover') this.drawOver();
  }

  private resize(): void {
    const width = this.element.clientWidth;
    if (width > 0 && width !== this.drawnFor) this.redraw();
  }

  private recolor(): void {
    const { color, runs, info, metric } = this.state;
    const goal = color === metric ? info.goal : null;
    this.scale = colorScale(color, runs.length, this.dark, goal);
    this.plain = colorScale(null, runs.length, this.dark, null);
    this.legend.draw(color, this.scale);
  }

  private layout(): void {
    this.drawnFor = this.element.clientWidth;
    const count = this.list.length;
    const width = Math.max(this.drawnFor, count > 1 ? 2 * SIDE + (count - 1) * SPACING : 0);
    const lacking = this.list.some(({ positions }) => positions.some(Number.isNaN));
    const bottom = HEIGHT - 14 - (lacking ? LANE : 0);
    const lane = lacking ? HEIGHT - 14 : null;
    const step = count > 1 ? (width - 2 * SIDE) / (count - 1) : 0;
    const xs = Float32Array.from({ length: count }, (_, i) => (count > 1 ? SIDE + i * step : width / 2));
    const frame: Frame = { width, height: HEIGHT, top: TOP, bottom, lane, xs };
    const ys = this.list.map(({ positions }) =>
      positions.map((at) => (Number.isNaN(at) ? (lane ?? bottom) : bottom - (bottom - TOP) * at)),
    );
    this.geometry = { width, height: HEIGHT, xs, ys };
    this.stage.style.width = `${width}px`;
    this.stage.style.height = `${HEIGHT}px`;
    this.axes.draw(this.list, frame);
    this.drawLines();
  }

  private drawLines(): void {
    if (!this.scale || !this.plain || this.geometry.width === 0) return;
    const { shown, runs } = this.state;
    const all = runs.length === shown.length ? new Int32Array(0) : Int32Array.from(runs.ids, (_, row) => row);
    this.front.draw(shown, this.geometry, this.scale, { alpha: alphaFor(shown.length), width: 1.25 });
    if (this.behind.geometry !== this.geometry || this.behind.count !== all.length) {
      this.behind = { geometry: this.geometry, count: all.length };
      this.back.draw(all, this.geometry, this.plain, { alpha: alphaFor(all.length) * 0.22, width: 1 });
    }
    this.drawOver();
  }

  private drawOver(): void {
    if (!this.scale || this.geometry.xs.length === 0) return;
    const { ticked, hovered } = this.state;
    const { bins, colors } = this.scale;
    const ink = this.dark ? '#ffffff' : '#111318';
    const lines = [...ticked].map((row) => ({ row, color: colors[bins[row]], width: 2.5 }));
    if (hovered >= 0)
      lines.push({ row: hovered, color: ticked.has(hovered) ? colors[bins[hovered]] : ink, width: 2 });
    this.over.drawOver(lines, this.geometry, this.dark ? '#1b1d21' : '#ffffff');
    const named = [...(hovered >= 0 ? [hovered] : []), ...[...ticked].filter((row) => row !== hovered)];
    this.drawLabels(named.slice(0, LABELS));
  }

  /** Names between the last two axes, where the outcome tells runs apart, pushed so that none covers another. */
  private drawLabels(rows: readonly number[]): void {
    const { xs, ys } = this.geometry;
    const last = xs.length - 1;
    const before = Math.max(0, last - 1);
    const x = (xs[before] + xs[last]) / 2;
    const room = `${Math.max(96, xs[last] - xs[before] - 24)}px`;
    const spots = rows
      .map((row) => ({ row, y: (ys[before][row] + ys[last][row]) / 2 }))
      .sort((a, b) => a.y - b.y);
    let above = TOP - 10;
    const labels = spots.map(({ row, y }) => {
      const at = Math.min(HEIGHT - 12, Math.max(above + 18, y));
      above = at;
      const label = h(
        'span',
        { class: row === this.state.hovered ? 'mam-label-hover' : '' },
        this.named(row),
      );
      label.style.maxWidth = row === this.state.hovered ? '260px' : room;
      label.style.transform = `translate(${Math.round(x)}px, ${Math.round(at - 9)}px)`;
      return label;
    });
    this.labels.replaceChildren(...labels);
  }

  private named(row: number): string {
    const value = this.state.color?.numbers?.[row];
    const name = readable(this.state.nameOf(row));
    return value === undefined ? name : `${name}  ${formatNumber(value)}`;
  }

  private onMove(event: PointerEvent): void {
    if (!this.axes.dragging) this.state.setHovered(this.rowAt(event));
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
    const [row, distance] = nearestLine(this.state.shown, this.geometry, x, y);
    return distance <= REACH ? row : -1;
  }

  private toggleLog(key: string): void {
    const axis = this.list.find(({ column }) => column.info.key === key);
    if (!axis?.canLog) return;
    this.logs.set(key, !axis.log);
    this.redraw();
  }
}
