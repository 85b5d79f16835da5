/** The key of the colours: low value, bar, high value; or the words and theirs. */
import { BINS, type ColorScale } from '../color';
import type { Column } from '../columns';
import { h, readable } from '../dom';
import { formatCount, formatNumber, formatTime } from '../format';

export class Legend {
  readonly element = h('span', { class: 'mam-legend' });

  draw(column: Column | null, scale: ColorScale): void {
    this.element.hidden = column === null || (Number.isNaN(scale.low) && scale.words === null);
    if (column === null) return;
    this.element.classList.toggle('mam-legend-words', scale.words !== null);
    if (scale.words) this.drawWords(scale, scale.words);
    else this.drawBar(column, scale);
  }

  private drawBar(column: Column, { colors, low, middle, high }: ColorScale): void {
    const write = (value: number) => (column.info.type === 'time' ? formatTime(value) : formatNumber(value));
    const bar = h('span', { class: 'mam-legend-bar', 'aria-hidden': 'true' });
    for (const color of colors.slice(0, BINS)) bar.append(swatch(color));
    this.element.title = `Colors go by rank: the middle of the bar is ${write(middle)}, as many runs are below as above`;
    this.element.replaceChildren(h('span', {}, write(low)), bar, h('span', {}, write(high)));
  }

  private drawWords({ colors, others }: ColorScale, words: readonly string[]): void {
    const entries = words.map((word, i) => h('span', {}, swatch(colors[i]), readable(word) || '(empty)'));
    if (others > 0) entries.push(h('span', {}, swatch(colors[BINS]), `${formatCount(others)} others`));
    this.element.title = words.map(readable).join(', ');
    this.element.replaceChildren(...entries);
  }
}

function swatch(color: string): HTMLElement {
  const step = h('i');
  step.style.background = color;
  return step;
}
