/** The inputs of a model as a form: a field for each column, a block for each row. */
import type { SampleField } from '../../contract';
import { Bin, h, readable, uniqueId } from '../dom';
import type { Grid } from './bodies';

/** More rows than that are for a DataFrame and %aml_invoke. */
export const MOST_ROWS = 20;

type Control = HTMLInputElement | HTMLSelectElement;

export class SampleForm {
  readonly element = h('div', { class: 'mam-sample-form' });
  private readonly blocks = h('div', { class: 'mam-sample-rows' });
  private readonly add = h('button', { type: 'button', class: 'mam-button' }, '+ Add a row');
  private readonly lists: HTMLElement[] = [];
  private rows: Control[][] = [];
  private readonly bin = new Bin();

  /**
   * @param examples rows to add one after the other, before the last one is repeated
   * @param single one row of them, with that name and no way to add others
   */
  constructor(
    private readonly fields: readonly SampleField[],
    private readonly examples: readonly (readonly unknown[])[] = [],
    private readonly single = '',
  ) {
    this.element.append(this.blocks, this.add);
    this.add.hidden = single !== '';
    for (const field of fields) {
      const id = uniqueId('seen');
      const choices = field.choices.map((value) => h('option', { value: readable(value) }));
      this.lists.push(h('datalist', { id }, ...choices));
    }
    this.element.append(...this.lists);
    this.bin.on(this.add, 'click', () => {
      this.append(this.examples[this.rows.length] ?? this.rowBefore());
      this.number();
      this.rows[this.rows.length - 1][0]?.focus();
    });
    this.bin.on<MouseEvent>(this.blocks, 'click', (event) => {
      const block = (event.target as Element).closest('.mam-row-remove')?.closest('fieldset');
      if (block) this.remove([...this.blocks.children].indexOf(block));
    });
    this.bin.on<Event>(this.blocks, 'input', (event) =>
      (event.target as Control).removeAttribute('aria-invalid'),
    );
  }

  destroy(): void {
    this.bin.empty();
  }

  get grid(): Grid {
    return {
      columns: this.fields.map((field) => field.name),
      rows: this.rows.map((_, i) => this.valuesOf(i)),
    };
  }

  /** Shows these rows; columns that the model has not are left out. */
  set grid({ columns, rows }: Grid) {
    const places = this.fields.map((field) => columns.indexOf(field.name));
    this.rows = [];
    this.blocks.replaceChildren();
    for (const row of rows.slice(0, MOST_ROWS)) {
      this.append(places.map((place) => (place < 0 ? null : row[place])));
    }
    this.number();
  }

  private rowBefore(): readonly unknown[] {
    const last = this.rows.length - 1;
    return last < 0 ? this.fields.map((field) => field.value) : this.valuesOf(last);
  }

  private append(values: readonly unknown[]): void {
    const controls = this.fields.map((field, i) => control(field, values[i], this.lists[i].id));
    this.rows.push(controls);
    const remove = h('button', { type: 'button', class: 'mam-clear mam-row-remove' }, '×');
    const labels = this.fields.map((field, i) =>
      h(
        'label',
        { class: 'mam-input' },
        h(
          'span',
          { title: hint(field) },
          readable(field.name),
          h('small', {}, ` ${readable(field.type)}${field.required ? '' : ', optional'}`),
        ),
        controls[i],
      ),
    );
    const head = h('legend', {}, h('span'), remove);
    this.blocks.append(h('fieldset', { class: 'mam-sample-row' }, head, ...labels));
  }

  private remove(at: number): void {
    this.rows.splice(at, 1);
    this.blocks.children[at].remove();
    this.number();
    const near = this.rows[Math.min(at, this.rows.length - 1)]?.[0];
    (near ?? this.add).focus();
  }

  private number(): void {
    [...this.blocks.children].forEach((block, i) => {
      const legend = block.querySelector('legend');
      if (!legend) return;
      legend.firstElementChild!.textContent = `Row ${i + 1}`;
      const remove = legend.querySelector('.mam-row-remove');
      remove?.setAttribute('aria-label', `Remove row ${i + 1}`);
      if (this.single) legend.replaceChildren(this.single);
      legend.hidden = this.rows.length === 1 && !this.single;
    });
    this.add.disabled = this.rows.length >= MOST_ROWS;
    this.add.title = this.add.disabled ? `${MOST_ROWS} rows at most; %aml_invoke --data takes more` : '';
  }

  private valuesOf(row: number): unknown[] {
    return this.fields.map((field, i) => typed(field, this.rows[row][i]));
  }
}

function hint({ name, type, minimum, maximum }: SampleField): string {
  const range = minimum === null || maximum === null ? '' : `, in the example ${minimum} to ${maximum}`;
  return `${readable(name)}: ${readable(type)}${range}`;
}

function control(field: SampleField, value: unknown, list: string): Control {
  if (field.kind === 'boolean') {
    const words = field.required ? ['true', 'false'] : ['', 'true', 'false'];
    const select = h('select', {}, ...words.map((word) => h('option', { value: word }, word || 'none')));
    select.value = value === null || value === undefined ? words[0] : String(value);
    return select;
  }
  const isNumber = field.kind === 'number' || field.kind === 'integer';
  const text =
    value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  return h('input', {
    type: 'text',
    value: text,
    list: field.choices.length > 0 ? list : null,
    inputmode: isNumber ? 'decimal' : null,
    placeholder: field.required ? null : 'none',
    class: isNumber ? 'mam-number' : null,
    spellcheck: 'false',
    autocomplete: 'off',
  });
}

/** What a field holds, as the model's column takes it; what does not fit goes as it is, for the kernel to name. */
function typed(field: SampleField, input: Control): unknown {
  const text = field.kind === 'text' ? input.value : input.value.trim(); // Number(' ') is 0
  if (text === '' && (!field.required || field.kind !== 'text')) return null;
  if (field.kind === 'boolean') return text === 'true';
  if (field.kind === 'number' || field.kind === 'integer') {
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    input.setAttribute('aria-invalid', 'true');
    return text;
  }
  if (field.kind !== 'json') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    input.setAttribute('aria-invalid', 'true');
    return text;
  }
}
