/** Which lines are in view, also where all of them together are higher than a browser lets an element be. */

export const ROW_HEIGHT = 28;
const SPARE_ROWS = 5;
/** Firefox ends at 17.8 million px, Chromium at 33.5 million. */
const MOST_PX = 12_000_000;

export interface Rows {
  readonly first: number;
  readonly last: number;
  /** Height to be left free above the first, in px. */
  readonly above: number;
  readonly below: number;
}

/**
 * Up to 428,571 lines a pixel scrolled is a pixel moved. Beyond, wheel and keys still move so, and a drag of the scroll
 * bar goes to the place in proportion.
 */
export class RowScroll {
  private offset = 0;
  private before = 0;

  constructor(private readonly element: HTMLElement) {}

  rows(count: number): Rows {
    const height = this.element.clientHeight || 320;
    const full = count * ROW_HEIGHT;
    const px = Math.min(full, MOST_PX);
    const top = this.element.scrollTop;
    const y = this.virtual(top, full, px, height);
    const first = Math.max(0, Math.floor(y / ROW_HEIGHT) - SPARE_ROWS);
    const last = Math.min(count, first + Math.ceil(height / ROW_HEIGHT) + 2 * SPARE_ROWS);
    const above = Math.max(0, top - (y - first * ROW_HEIGHT));
    return { first, last, above, below: Math.max(0, px - above - (last - first) * ROW_HEIGHT) };
  }

  /** Scrolls so that a line is in view, and the heading does not lie over it. */
  show(line: number, count: number, heading: number): void {
    const { element } = this;
    const room = (element.clientHeight || 320) - heading - ROW_HEIGHT;
    const y = line * ROW_HEIGHT;
    const top = element.scrollTop + this.offset;
    if (y >= top && y <= top + room) return;
    const wanted = y < top ? y : y - room;
    if (count * ROW_HEIGHT <= MOST_PX) element.scrollTop = wanted;
    else this.jump(wanted, count * ROW_HEIGHT);
  }

  private jump(y: number, full: number): void {
    const height = this.element.clientHeight || 320;
    this.element.scrollTop = (y / (full - height)) * (MOST_PX - height);
    this.before = this.element.scrollTop;
    this.offset = y - this.before;
  }

  private virtual(top: number, full: number, px: number, height: number): number {
    if (full <= px) {
      this.offset = 0;
      return top;
    }
    const most = px - height;
    if (Math.abs(top - this.before) > height || top <= 0 || top >= most) {
      this.offset = Math.min(1, Math.max(0, top / most)) * (full - height) - top;
    }
    this.before = top;
    return Math.min(full - height, Math.max(0, top + this.offset));
  }
}
