/** The filter: the query as text, and what is wrong with it under the wrong word. */
import { Bin, h, uniqueId } from '../dom';
import type { ExplorerState } from '../state';

/** After this long without a key the filter is applied, in ms: no flicker while a word is being typed. */
const PAUSE = 120;

export class FilterBox {
  readonly element: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly clear = h(
    'button',
    { type: 'button', class: 'mam-clear', 'aria-label': 'Clear the filter' },
    '×',
  );
  private readonly before = h('span', { class: 'mam-wrong-before' });
  private readonly word = h('span', { class: 'mam-wrong-word' });
  private readonly message = h('span');
  private readonly wrong: HTMLElement;
  private readonly bin = new Bin();
  private timer = 0;

  constructor(private readonly state: ExplorerState) {
    const id = uniqueId('filter-error');
    this.input = h('input', {
      type: 'text',
      class: 'mam-filter-input',
      'aria-label': 'Filter runs',
      'aria-describedby': id,
      placeholder: "Filter, e.g. metrics.rmse < 60 AND params.model = 'rf'",
      spellcheck: 'false',
      autocomplete: 'off',
      autocapitalize: 'off',
    });
    const marks = h('div', { class: 'mam-wrong-marks', 'aria-hidden': 'true' }, this.before, this.word);
    this.wrong = h('div', { id, class: 'mam-wrong', role: 'alert', hidden: true }, marks, this.message);
    this.element = h(
      'div',
      { class: 'mam-filter' },
      h('div', { class: 'mam-filter-line' }, this.input, this.clear),
    );
    this.element.append(this.wrong);
    this.bin.on(this.input, 'input', () => this.later());
    this.bin.on(this.input, 'scroll', () => this.align(), true);
    this.bin.on<KeyboardEvent>(this.input, 'keydown', (event) => {
      if (event.key === 'Enter') this.apply();
      if (event.key === 'Escape' && this.input.value !== '') this.set('');
    });
    this.bin.on(this.clear, 'click', () => {
      this.set('');
      this.input.focus();
    });
    this.bin.add(state.subscribe((topic) => (topic === 'query' || topic === 'runs') && this.draw()));
    this.bin.add(() => window.clearTimeout(this.timer));
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  private set(text: string): void {
    this.input.value = text;
    this.apply();
  }

  private later(): void {
    this.clear.hidden = this.input.value === '';
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.apply(), PAUSE);
  }

  private apply(): void {
    window.clearTimeout(this.timer);
    this.state.setQuery(this.input.value);
  }

  private draw(): void {
    const { query, error } = this.state;
    if (this.input.value !== query) this.input.value = query;
    this.clear.hidden = query === '';
    this.wrong.hidden = error === null;
    this.input.setAttribute('aria-invalid', String(error !== null));
    if (error === null) return;
    this.before.textContent = query.slice(0, error.start);
    this.word.textContent = query.slice(error.start, error.end) || ' ';
    this.message.textContent = error.hint ? `${error.message}: ${error.hint}` : error.message;
    this.align();
  }

  /** Keeps the marks under the words when the text is longer than the box. */
  private align(): void {
    this.before.style.marginLeft = `${-this.input.scrollLeft}px`;
  }
}
