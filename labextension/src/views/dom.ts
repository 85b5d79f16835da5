/** Makes elements. Text goes in as text nodes only: what a store says is never read as HTML. */

type Child = Node | string | null;
/**
 * What takes the focus but no text. JupyterLab's command mode would read a key pressed there as its own (x cuts the
 * cell), unless the very element says not to; in text fields it knows by itself.
 */
const KEY_TAKERS = 'button, select, summary, input[type="checkbox"], [tabindex]';

type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** An element with attributes (null and false leave one out) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return dress(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return dress(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function dress<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== null) element.append(child);
  if (element.matches(KEY_TAKERS)) element.setAttribute('data-lm-suppress-shortcuts', 'true');
  return element;
}

/** Listeners and other things to undo, all at once. */
export class Bin {
  private undo: (() => void)[] = [];

  add(undo: () => void): void {
    this.undo.push(undo);
  }

  on<E extends Event>(
    target: EventTarget,
    type: string,
    listener: (event: E) => void,
    passive = false,
  ): void {
    const handler = listener as EventListener;
    target.addEventListener(type, handler, { passive });
    this.add(() => target.removeEventListener(type, handler));
  }

  empty(): void {
    for (const undo of this.undo.reverse()) undo();
    this.undo = [];
  }
}

let made = 0;

/** An id that no other element of the page has, for labels and descriptions. */
export function uniqueId(stem: string): string {
  made += 1;
  return `mam-${stem}-${made}-${Math.random().toString(36).slice(2, 7)}`;
}

const ACTING = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
const SPACE = /[\t\n\r]/;

/** Characters that act instead of being read (controls, bidi overrides) made visible. */
export function readable(text: string): string {
  return text.replace(ACTING, (found) => (SPACE.test(found) ? found : '\ufffd'));
}
