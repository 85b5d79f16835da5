/** The registered models: name, how many versions, aliases and stages; arrow keys go through them. */
import { Bin, h, readable, uniqueId } from '../dom';
import { formatCount } from '../format';
import type { ModelsState, Shelf } from './state';
import { chip } from './words';

/** Aliases and stages that fit beside a name. */
const MARKS = 3;

export class ModelList {
  readonly element = h('div', {
    class: 'mam-model-list',
    role: 'listbox',
    tabindex: 0,
    'aria-label': 'Registered models',
  });
  private readonly stem = uniqueId('model');
  private readonly bin = new Bin();

  constructor(private readonly state: ModelsState) {
    this.bin.on<MouseEvent>(this.element, 'click', ({ target }) => {
      const name = (target as Element).closest<HTMLElement>('[data-model]')?.dataset.model;
      if (name !== undefined) state.select(name);
    });
    this.bin.on<KeyboardEvent>(this.element, 'keydown', (event) => this.onKey(event));
    this.bin.add(
      state.subscribe((topic) => {
        if (topic === 'info' || topic === 'search' || topic === 'selected') this.draw();
      }),
    );
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  private draw(): void {
    const { shelves, shelf } = this.state;
    const current = shelves.indexOf(shelf as Shelf);
    this.element.replaceChildren(...shelves.map((one, i) => this.item(one, i, i === current)));
    if (current >= 0) {
      this.element.setAttribute('aria-activedescendant', `${this.stem}-${current}`);
      this.element.children[current].scrollIntoView?.({ block: 'nearest' });
    } else this.element.removeAttribute('aria-activedescendant');
  }

  private item({ model, versions, total }: Shelf, i: number, selected: boolean): HTMLElement {
    const all = this.state.versionsOf(model.name);
    const stages = ['Production', 'Staging'].filter((stage) => all.some((one) => one.stage === stage));
    const aliases = all.flatMap((one) => one.aliases.map((alias) => `@${alias}`));
    const marks = [...stages, ...aliases];
    const more = marks.length - MARKS;
    const many =
      versions.length < total
        ? `${formatCount(versions.length)} of ${formatCount(total)}`
        : formatCount(total);
    return h(
      'div',
      {
        id: `${this.stem}-${i}`,
        class: 'mam-model',
        role: 'option',
        'data-model': model.name,
        'aria-selected': String(selected),
      },
      h(
        'div',
        { class: 'mam-model-line' },
        h('b', { title: readable(model.name) }, readable(model.name)),
        h('small', { class: 'mam-count' }, total === 1 ? '1 version' : `${many} versions`),
      ),
      marks.length > 0
        ? h(
            'div',
            { class: 'mam-chips' },
            ...marks.slice(0, MARKS).map((mark) => chip(mark)),
            more > 0 ? h('small', {}, `+${more}`) : null,
          )
        : null,
    );
  }

  private onKey(event: KeyboardEvent): void {
    const { shelves, shelf } = this.state;
    const at = shelves.indexOf(shelf as Shelf);
    const last = shelves.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: last,
    };
    if (!(event.key in moves) || last < 0) return;
    this.state.select(shelves[Math.min(last, Math.max(0, moves[event.key]))].model.name);
    event.preventDefault();
    event.stopPropagation();
  }
}
