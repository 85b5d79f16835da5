/** Above the versions: the model's name, what it is, its tags, and what can be done with it as a whole. */
import { Bin, h, readable } from '../dom';
import { openMenu } from '../menu';
import type { Popup } from '../popup';
import type { Editor } from './editor';
import type { ModelsState } from './state';
import { chip, keepFocus } from './words';

export class ModelHead {
  readonly element = h('div', { class: 'mam-model-head' });
  private readonly bin = new Bin();

  constructor(
    private readonly state: ModelsState,
    private readonly editor: Editor,
    private readonly popup: Popup,
  ) {
    this.bin.on<MouseEvent>(this.element, 'click', ({ target }) => {
      const button = (target as Element).closest<HTMLElement>('button[data-key]');
      if (button) this.act(button);
    });
    this.bin.add(
      state.subscribe((topic) => {
        if (topic === 'info' || topic === 'selected' || topic === 'search') this.draw();
      }),
    );
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  private draw(): void {
    const { shelf } = this.state;
    this.element.hidden = shelf === null;
    if (!shelf) return;
    const { name, description, tags } = shelf.model;
    const button = (key: string, text: string, look: string, label = '') =>
      h('button', { type: 'button', class: look, 'data-key': key, 'aria-label': label || null }, text);
    keepFocus(this.element, () =>
      this.element.replaceChildren(
        h(
          'div',
          { class: 'mam-bar' },
          h('b', { class: 'mam-title' }, readable(name)),
          ...Object.entries(tags).map(([key, value]) => chip(`${key}: ${value}`)),
          h('span', { class: 'mam-gap' }),
          button('menu', '⋯', 'mam-icon', `More about ${readable(name)}`),
        ),
        description
          ? h('p', { class: 'mam-said' }, readable(description))
          : h('p', { class: 'mam-said mam-note' }, button('describe', 'Describe this model', 'mam-link')),
      ),
    );
  }

  private act(button: HTMLElement): void {
    const { shelf } = this.state;
    if (!shelf) return;
    const { name, description, tags } = shelf.model;
    const model = { name, version: '' };
    if (button.dataset.key === 'describe') {
      this.editor.describe(model, description, button);
      return;
    }
    const edits = Object.entries(tags).flatMap(([key, value]) => [
      { label: `Change the tag ${readable(key)}…`, run: () => this.editor.tag(model, key, value, button) },
      { label: `Remove the tag ${readable(key)}`, run: () => this.editor.removeTag(model, key) },
    ]);
    openMenu(this.popup, button, `About ${readable(name)}`, () => [
      { label: 'Description…', run: () => this.editor.describe(model, description, button) },
      { label: 'New tag…', run: () => this.editor.tag(model, '', '', button) },
      ...edits,
      null,
      { label: 'Delete the model…', run: () => this.editor.remove(model, button) },
    ]);
  }
}
