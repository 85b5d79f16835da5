/** What stands under the plot: one of several views of the same runs, each made when it is first asked for. */
import type { View } from '../contract';
import { Bin, h, uniqueId } from './dom';
import type { ExplorerState } from './state';

/** A view that can be taken away again. */
export interface Part {
  readonly element: HTMLElement;
  destroy(): void;
}

export interface TabSpec {
  readonly tab: View['tab'];
  /** May count: "Compare 3". */
  readonly title: () => string;
  readonly make: () => Part;
}

/** With one tab there is nothing to choose, and no bar. */
export class Tabs {
  readonly element = h('div', { class: 'mam-tabs' });
  private readonly bar = h('div', {
    class: 'mam-tab-bar',
    role: 'tablist',
    'aria-label': 'Views of the runs',
  });
  private readonly page = h('div', { id: uniqueId('tab'), class: 'mam-tab-page', role: 'tabpanel' });
  private readonly made = new Map<View['tab'], Part>();
  private readonly bin = new Bin();

  constructor(
    private readonly state: ExplorerState,
    private readonly specs: readonly TabSpec[],
  ) {
    this.bar.hidden = specs.length < 2;
    this.element.append(this.bar, this.page);
    for (const { tab } of specs) {
      const button = h('button', {
        type: 'button',
        role: 'tab',
        'data-tab': tab,
        'aria-controls': this.page.id,
      });
      this.bar.append(button);
    }
    this.bin.on<MouseEvent>(this.bar, 'click', (event) => {
      const tab = (event.target as Element).closest<HTMLElement>('[data-tab]')?.dataset.tab;
      if (tab) state.set('tab', tab as View['tab']);
    });
    this.bin.on<KeyboardEvent>(this.bar, 'keydown', (event) => this.onKey(event));
    this.bin.add(
      state.subscribe((topic) => {
        if (topic === 'tab') this.show();
        else if (topic === 'ticked') this.label();
      }),
    );
    this.show();
  }

  destroy(): void {
    for (const part of this.made.values()) part.destroy();
    this.bin.empty();
  }

  private get current(): TabSpec {
    return this.specs.find(({ tab }) => tab === this.state.view.tab) ?? this.specs[0];
  }

  private show(): void {
    const { tab, make } = this.current;
    const part = this.made.get(tab) ?? make();
    this.made.set(tab, part);
    this.page.replaceChildren(part.element);
    this.label();
  }

  private label(): void {
    this.specs.forEach(({ tab, title }, i) => {
      const button = this.bar.children[i] as HTMLElement;
      const selected = tab === this.current.tab;
      button.textContent = title();
      button.setAttribute('aria-selected', String(selected));
      button.tabIndex = selected ? 0 : -1;
    });
  }

  private onKey(event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const at = this.specs.indexOf(this.current) + step;
    const next = this.specs[(at + this.specs.length) % this.specs.length];
    this.state.set('tab', next.tab);
    this.bar.querySelector<HTMLElement>(`[data-tab="${next.tab}"]`)?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
