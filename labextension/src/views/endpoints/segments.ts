/** One of a few, side by side: radio buttons that look like one control. */
import { h, uniqueId } from '../dom';

export interface Segment<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly title?: string;
}

export class Segments<T extends string> {
  readonly element = h('span', { class: 'mam-segments', role: 'radiogroup' });
  private readonly group = uniqueId('segments');

  /** `chosen` is called when the user takes another. */
  constructor(
    label: string,
    readonly options: readonly Segment<T>[],
    chosen: (value: T) => void,
  ) {
    this.element.setAttribute('aria-label', label);
    for (const { value, label: text, title } of options) {
      const input = h('input', { type: 'radio', name: this.group, value, class: 'mam-spoken' });
      this.element.append(h('label', { title: title ?? null }, input, h('span', {}, text)));
    }
    this.element.addEventListener('change', () => chosen(this.value));
  }

  get value(): T {
    const checked = this.inputs().find((input) => input.checked);
    return (checked?.value ?? this.options[0].value) as T;
  }

  set value(value: T) {
    for (const input of this.inputs()) input.checked = input.value === value;
  }

  private inputs(): HTMLInputElement[] {
    return [...this.element.querySelectorAll('input')];
  }
}
