/** Names of the lines that stand out, between the last two axes, where the outcome tells runs apart. */
import { h, readable } from '../dom';
import { formatNumber } from '../format';
import type { ExplorerState } from '../state';
import { TOP } from './frame';
import type { Geometry } from './geometry';

export class LineLabels {
  readonly element = h('div', { class: 'mam-line-labels', 'aria-hidden': 'true' });

  constructor(private readonly state: ExplorerState) {}

  /** Pushed so that none covers another. */
  draw(rows: readonly number[], { xs, ys, height }: Geometry): void {
    const last = xs.length - 1;
    const before = Math.max(0, last - 1);
    const x = (xs[before] + xs[last]) / 2;
    const room = `${Math.max(150, xs[last] - xs[before] - 24)}px`;
    const spots = rows
      .map((row) => ({ row, y: (ys[before][row] + ys[last][row]) / 2 }))
      .sort((a, b) => a.y - b.y);
    let above = TOP - 10;
    const labels = spots.map(({ row, y }) => {
      const at = Math.min(height - 12, Math.max(above + 18, y));
      above = at;
      const hovered = row === this.state.hovered;
      const label = h('span', { class: hovered ? 'mam-label-hover' : '' }, this.named(row));
      label.style.maxWidth = hovered ? '260px' : room;
      label.style.transform = `translate(${Math.round(x)}px, ${Math.round(at - 9)}px)`;
      return label;
    });
    this.element.replaceChildren(...labels);
  }

  private named(row: number): string {
    const { color } = this.state;
    const value = color?.info.kind === 'metric' ? color.numbers?.[row] : undefined;
    const name = readable(this.state.nameOf(row));
    return value === undefined ? name : `${name}  ${formatNumber(value)}`;
  }
}
