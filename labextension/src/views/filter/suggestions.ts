/** The list under the filter box: what may come next, moved through by keys, taken by Enter, Tab or a click. */
import { Bin, h, readable, uniqueId } from '../dom';
import type { Option } from './completion';

export class Suggestions {
  readonly element = h('ul', {
    id: uniqueId('options'),
    class: 'mam-options',
    role: 'listbox',
    hidden: true,
  });
  private options: readonly Option[] = [];
  private active = -1;
  private readonly bin = new Bin();

  constructor(
    private readonly input: HTMLInputElement,
    private readonly take: (option: Option) => void,
  ) {
    this.element.setAttribute('aria-label', 'Completions');
    input.setAttribute('aria-controls', this.element.id);
    this.bin.on<PointerEvent>(this.element, 'pointerdown', (event) => event.preventDefault()); // the focus stays
    this.bin.on<MouseEvent>(this.element, 'click', (event) => {
      const row = (event.target as Element).closest('[role=option]');
      const at = row ? [...this.element.children].indexOf(row) : -1;
      if (this.options[at]) this.take(this.options[at]);
    });
    this.show([]);
  }

  destroy(): void {
    this.bin.empty();
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  /** The option that keys have moved to. */
  get chosen(): Option | null {
    return this.open ? (this.options[this.active] ?? null) : null;
  }

  /** The one at the top. */
  get first(): Option | null {
    return this.open ? (this.options[0] ?? null) : null;
  }

  show(options: readonly Option[]): void {
    this.options = options;
    this.element.replaceChildren(
      ...options.map(({ label, note }, i) =>
        h(
          'li',
          { id: `${this.element.id}-${i}`, role: 'option', title: readable(label) },
          h('span', {}, readable(label)),
          h('small', {}, note),
        ),
      ),
    );
    this.element.hidden = options.length === 0;
    this.element.scrollTop = 0;
    this.input.setAttribute('aria-expanded', String(this.open));
    this.mark(-1);
  }

  /** Down and up, over the ends back to the text. */
  move(step: number): void {
    const count = this.options.length + 1;
    this.mark(((this.active + 1 + step + count) % count) - 1);
  }

  private mark(at: number): void {
    this.active = at;
    [...this.element.children].forEach((row, i) => void row.setAttribute('aria-selected', String(i === at)));
    const row = this.element.children[at];
    row?.scrollIntoView?.({ block: 'nearest' });
    if (row) this.input.setAttribute('aria-activedescendant', row.id);
    else this.input.removeAttribute('aria-activedescendant');
  }
}
