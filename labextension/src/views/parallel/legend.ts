/** The key of the colours: low value, bar, high value. */
import { BINS, type ColorScale } from '../color';
import type { Column } from '../columns';
import { h } from '../dom';
import { formatNumber, formatTime } from '../format';

export class Legend {
  readonly element = h('span', { class: 'mam-legend' });

  draw(column: Column | null, scale: ColorScale): void {
    this.element.hidden = column === null || Number.isNaN(scale.low);
    if (column === null) return;
    const write = (value: number) => (column.info.type === 'time' ? formatTime(value) : formatNumber(value));
    const bar = h('span', { class: 'mam-legend-bar', 'aria-hidden': 'true' });
    for (const color of scale.colors.slice(0, BINS)) {
      const step = h('i');
      step.style.background = color;
      bar.append(step);
    }
    this.element.title = 'Colours go by rank';
    this.element.replaceChildren(h('span', {}, write(scale.low)), bar, h('span', {}, write(scale.high)));
  }
}
