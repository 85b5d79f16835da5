/** The lower edge of the plot, which makes it higher or lower. */
import { Bin, h } from '../dom';

export const HEIGHT = 290;
const LEAST = 180;
const MOST = 900;
const STEP = 20;

export class HeightGrip {
  readonly element = h('div', {
    class: 'mam-plot-grip',
    role: 'separator',
    tabindex: 0,
    'aria-orientation': 'horizontal',
    'aria-label': 'Height of the plot',
    'aria-valuemin': LEAST,
    'aria-valuemax': MOST,
    title: 'Drag to make the plot higher or lower, double-click for the default',
  });
  private readonly bin = new Bin();

  /** `set` gets the height in CSS pixels, 0 for the default. */
  constructor(
    private readonly height: () => number,
    private readonly set: (height: number) => void,
  ) {
    this.bin.on<PointerEvent>(this.element, 'pointerdown', (down) => this.onDown(down));
    this.bin.on(this.element, 'dblclick', () => set(0));
    this.bin.on<KeyboardEvent>(this.element, 'keydown', (event) => {
      const by = event.key === 'ArrowDown' ? STEP : event.key === 'ArrowUp' ? -STEP : 0;
      if (by === 0) return;
      set(within(height() + by));
      event.preventDefault();
      event.stopPropagation();
    });
  }

  draw(): void {
    this.element.setAttribute('aria-valuenow', String(Math.round(this.height())));
  }

  destroy(): void {
    this.bin.empty();
  }

  private onDown(down: PointerEvent): void {
    if (down.button !== 0) return;
    down.preventDefault();
    const begun = this.height();
    const bin = new Bin();
    bin.on<PointerEvent>(window, 'pointermove', (event) =>
      this.set(within(begun + event.clientY - down.clientY)),
    );
    bin.on(window, 'pointerup', () => bin.empty());
    bin.on(window, 'pointercancel', () => bin.empty());
    this.bin.add(() => bin.empty());
  }
}

function within(height: number): number {
  return Math.round(Math.min(MOST, Math.max(LEAST, height)));
}
