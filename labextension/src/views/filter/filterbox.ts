/**
 * The filter: its pieces as chips, and a box in which the next one is typed, completed, and told what is wrong with.
 * Words that are no query are looked for in names, ids, params and tags.
 */
import { Bin, h, readable, uniqueId } from '../dom';
import type { ExplorerState } from '../state';
import { completionAt, mayBecomeColumn, type Option } from './completion';
import { asQuery, editable, joined, type Piece, piecesOf } from './pieces';
import { quoteText } from './query-columns';
import { Release } from './release';
import { Suggestions } from './suggestions';

/** After this long without a key the filter is applied, in ms: no flicker while a word is being typed. */
const PAUSE = 120;
const EXAMPLE = "Filter, e.g. metrics.rmse < 60 AND params.model = 'rf', or words to look for";

export class FilterBox {
  readonly element = h('div', { class: 'mam-filter' });
  private readonly chips = h('span', { class: 'mam-chips', role: 'group', 'aria-label': 'Conditions' });
  private readonly input: HTMLInputElement;
  private readonly clear = h(
    'button',
    { type: 'button', class: 'mam-clear', 'aria-label': 'Clear the filter', title: 'Clear the filter' },
    '×',
  );
  private readonly before = h('span', { class: 'mam-wrong-before' });
  private readonly word = h('span', { class: 'mam-wrong-word' });
  private readonly marks = h(
    'div',
    { class: 'mam-wrong-marks', 'aria-hidden': 'true' },
    this.before,
    this.word,
  );
  private readonly wrong: HTMLElement;
  private readonly list: Suggestions;
  private readonly bin = new Bin();
  private pieces: readonly Piece[] = [];
  /** The query as this box wrote it: any other one came from elsewhere. */
  private written = '';
  /** Queries that were entered, the last one last, and which of them is shown. */
  private readonly past: string[] = [];
  private at = 0;
  private insisted = false;
  private timer = 0;

  constructor(private readonly state: ExplorerState) {
    const id = uniqueId('filter-error');
    this.input = h('input', {
      type: 'text',
      class: 'mam-filter-input',
      role: 'combobox',
      'aria-label': 'Filter runs',
      'aria-autocomplete': 'list',
      'aria-describedby': id,
      spellcheck: 'false',
      autocomplete: 'off',
      autocapitalize: 'off',
    });
    this.wrong = h('div', { id, class: 'mam-wrong', role: 'alert', hidden: true });
    this.list = new Suggestions(this.input, (option) => this.take(option));
    const field = h('span', { class: 'mam-filter-field' }, this.input, this.marks, this.list.element);
    this.element.append(h('div', { class: 'mam-filter-line' }, this.chips, field, this.clear), this.wrong);
    this.bin.add(() => this.list.destroy());
    this.bin.on(this.input, 'input', () => this.typed());
    this.bin.on(this.input, 'scroll', () => this.align(), true);
    const release = new Release(() => {
      this.insisted = true;
      this.drawError();
    });
    this.bin.add(() => release.destroy());
    this.bin.on(this.input, 'blur', () => {
      this.list.show([]);
      release.soon();
    });
    this.bin.on<KeyboardEvent>(this.input, 'keydown', (event) => {
      if (!event.isComposing && this.onKey(event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
    this.bin.on<MouseEvent>(this.chips, 'click', (event) => this.onChip(event.target as Element));
    this.bin.on(this.clear, 'click', () => {
      this.write([], '');
      this.input.focus();
    });
    this.bin.add(state.subscribe((topic) => (topic === 'query' || topic === 'runs') && this.draw()));
    this.bin.add(() => window.clearTimeout(this.timer));
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  private typed(): void {
    this.insisted = false;
    this.clear.hidden = this.input.value === '' && this.pieces.length === 0;
    this.suggest();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.apply(), PAUSE);
  }

  /** Filters by what is typed so far; a word that may become the name of a column is not looked for unasked. */
  private apply(): void {
    const typed = this.input.value.trim();
    const query = asQuery(typed, this.state.runs);
    const words = query.startsWith('~') && !typed.startsWith('~');
    const waits = words && mayBecomeColumn(typed.split(/\s+/).pop() ?? '', this.state.runs);
    this.send(waits ? '' : query);
  }

  private send(query: string): void {
    window.clearTimeout(this.timer);
    this.written = joined([...this.pieces.map(({ text }) => text), query]);
    this.state.setQuery(this.written);
    this.drawError();
  }

  /** Makes chips of what is typed, once it is right. */
  private enter(): void {
    this.list.show([]);
    this.insisted = true;
    this.send(asQuery(this.input.value, this.state.runs));
    if (this.state.error !== null || this.written === '') return;
    this.past.splice(
      0,
      this.past.length,
      ...this.past.filter((query) => query !== this.written),
      this.written,
    );
    this.at = this.past.length;
    this.input.value = '';
    this.pieces = piecesOf(this.written, this.state.runs) ?? [];
    this.drawChips();
  }

  private write(pieces: readonly Piece[], draft: string): void {
    this.pieces = pieces;
    this.input.value = draft;
    this.list.show([]);
    this.send(asQuery(draft, this.state.runs));
    this.drawChips();
  }

  private onKey({ key, altKey, ctrlKey, metaKey, shiftKey }: KeyboardEvent): boolean {
    const { list, input } = this;
    if (altKey || metaKey || (ctrlKey && key !== ' ')) return false;
    if (key === 'ArrowDown' || (ctrlKey && key === ' ')) {
      if (list.open) list.move(1);
      else if (this.at < this.past.length && input.value === this.past[this.at]) this.recall(1);
      else this.suggest();
      return true;
    }
    if (key === 'ArrowUp') {
      if (list.open) list.move(-1);
      else this.recall(-1);
      return true;
    }
    if ((key === 'Enter' || key === 'Tab') && list.chosen) {
      this.take(list.chosen);
      return true;
    }
    const next = key === 'Tab' && !shiftKey ? this.next : null;
    if (next) {
      this.take(next);
      return true;
    }
    if (key === 'Enter') {
      this.enter();
      return true;
    }
    if (key === 'Escape' && (list.open || input.value !== '')) {
      if (list.open) list.show([]);
      else this.write(this.pieces, '');
      return true;
    }
    const last = this.pieces[this.pieces.length - 1];
    if (key === 'Backspace' && last && input.selectionEnd === 0) {
      this.edit(last);
      return true;
    }
    return false;
  }

  private onChip(target: Element): void {
    const button = target.closest<HTMLElement>('button');
    const piece = button && this.pieces[[...this.chips.children].indexOf(button.parentElement as Element)];
    if (!piece) return;
    if (button.classList.contains('mam-chip-text')) this.edit(piece);
    else {
      this.write(
        this.pieces.filter((other) => other !== piece),
        this.input.value,
      );
      this.input.focus();
    }
  }

  /** Takes a piece back into the box, and what was typed there becomes one if it is right. */
  private edit(piece: Piece): void {
    if (this.input.value.trim() !== '' && this.state.error === null) this.enter();
    this.write(
      this.pieces.filter(({ text }) => text !== piece.text),
      editable(piece, this.state.runs),
    );
    // A word that may become a name was not looked for: it was before, and is.
    this.input.focus();
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
  }

  /** An earlier query, or a later one. */
  private recall(step: number): void {
    const at = Math.min(this.past.length, Math.max(0, this.at + step));
    if (at === this.at) return;
    this.at = at;
    this.write([], this.past[at] ?? '');
  }

  /** What Tab takes where none was chosen: the first, but nothing in place of a number that may be finished. */
  private get next(): Option | null {
    const before = this.input.value.slice(0, this.input.selectionStart ?? this.input.value.length);
    if (before.trim() === '') return null;
    const { from } = completionAt(before, this.state.runs);
    return /^[-+.\d]/.test(before.slice(from)) ? null : this.list.first;
  }

  private suggest(): void {
    const { input, state } = this;
    const cursor = input.selectionStart ?? input.value.length;
    const { options } = completionAt(input.value.slice(0, cursor), state.runs);
    const typed = input.value.trim();
    const query = asQuery(typed, state.runs);
    const words = query.startsWith('~') && !typed.startsWith('~') && options.length > 0;
    const search = { insert: '', label: typed, note: 'look for it anywhere: Enter' };
    this.list.show(words ? [...options, search] : options);
  }

  private take({ insert, label }: Option): void {
    const { input } = this;
    if (insert === '') {
      input.value = `~ ${quoteText(label)}`;
      this.enter();
      return;
    }
    const cursor = input.selectionStart ?? input.value.length;
    const { from } = completionAt(input.value.slice(0, cursor), this.state.runs);
    const head = input.value.slice(0, from);
    const space = head === '' || /[\s(]$/.test(head) ? '' : ' ';
    const rest = input.value.slice(cursor);
    input.value = head + space + insert + (insert.endsWith(' ') ? rest.trimStart() : rest);
    const at = (head + space + insert).length;
    input.setSelectionRange(at, at);
    input.focus();
    this.typed();
  }

  private draw(): void {
    const { query, error } = this.state;
    if (query !== this.written) {
      window.clearTimeout(this.timer);
      const pieces = error === null ? piecesOf(query, this.state.runs) : null;
      this.written = query;
      this.pieces = pieces ?? [];
      this.input.value = pieces ? '' : query;
      this.insisted = true;
    }
    this.drawChips();
    this.drawError();
  }

  private drawChips(): void {
    this.chips.replaceChildren(
      ...this.pieces.map(({ text, label }) =>
        h(
          'span',
          { class: 'mam-chip' },
          h(
            'button',
            { type: 'button', class: 'mam-chip-text', title: `${readable(text)}\nClick to edit` },
            readable(label),
          ),
          h(
            'button',
            { type: 'button', class: 'mam-chip-x', 'aria-label': `Remove ${readable(label)}` },
            '×',
          ),
        ),
      ),
    );
    this.chips.hidden = this.pieces.length === 0;
    this.clear.hidden = this.pieces.length === 0 && this.input.value === '';
    this.input.placeholder = this.pieces.length === 0 ? EXAMPLE : 'and …';
  }

  private drawError(): void {
    const { query, error } = this.state;
    // Half a condition is no mistake while it is being typed.
    const shown = error !== null && (this.insisted || error.start < query.trimEnd().length) ? error : null;
    this.wrong.hidden = this.marks.hidden = shown === null;
    this.input.setAttribute('aria-invalid', String(shown !== null));
    if (shown === null) return;
    const draft = this.input.value.trim();
    const start = Math.max(0, shown.start - (query.length - draft.length));
    this.before.textContent = draft.slice(0, start);
    this.word.textContent = draft.slice(start, start + shown.end - shown.start) || ' ';
    this.wrong.replaceChildren(
      shown.hint ? `${shown.message}: ${shown.hint}` : shown.message,
      h('span', { class: 'mam-note' }, ` Still: ${readable(this.state.goodText) || 'no filter'}`),
    );
    this.align();
  }

  /** Keeps the marks under the words when the text is longer than the box. */
  private align(): void {
    this.before.style.marginLeft = `${-this.input.scrollLeft}px`;
  }
}
