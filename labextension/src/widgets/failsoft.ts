/** A view that fails to draw says so in words, and how to get the same from Python. */
import type { Render } from '@anywidget/types';

import { h } from '../views/dom';

/** Wraps a render function: what it throws becomes a note in the cell. */
export function failSoft<T extends Record<string, unknown>>(render: Render<T>, instead: string): Render<T> {
  return (props) => {
    try {
      return render(props);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      props.el.classList.add('mam-root');
      props.el.replaceChildren(
        h('p', { class: 'mam-bad', role: 'alert' }, `This panel could not be drawn: ${why}`),
        h('p', { class: 'mam-note' }, 'The same from Python: ', h('code', {}, instead)),
      );
      return () => props.el.replaceChildren();
    }
  };
}

/** Traits that a view follows; the result lets go of all of them. */
export function follow(
  model: { on(name: string, callback: () => void): void; off(name: string, callback: () => void): void },
  handlers: Readonly<Record<string, () => void>>,
): () => void {
  const entries = Object.entries(handlers).map(([name, handler]) => [`change:${name}`, handler] as const);
  for (const [name, handler] of entries) model.on(name, handler);
  return () => {
    for (const [name, handler] of entries) model.off(name, handler);
  };
}
