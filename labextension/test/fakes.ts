/** Stands in for the widget's model, and counts listeners wherever they are added. */
import { tableFromArrays, tableToIPC } from '@uwdata/flechette';
import type { Request } from '../src/contract';
import { columnsOf, infoOf, type RunRow } from './runs';

type Handler = (value?: unknown) => void;

export class FakeModel {
  readonly sent: Request[] = [];
  saved = 0;
  readonly handlers = new Map<string, Set<Handler>>();

  constructor(readonly state: Record<string, unknown>) {}

  get(key: string): unknown {
    return this.state[key];
  }

  set(key: string, value: unknown): void {
    this.state[key] = value;
    this.fire(`change:${key}`);
  }

  save_changes(): void {
    this.saved += 1;
  }

  on(name: string, handler: Handler): void {
    const known = this.handlers.get(name) ?? new Set();
    this.handlers.set(name, known.add(handler));
  }

  off(name: string, handler: Handler): void {
    this.handlers.get(name)?.delete(handler);
  }

  send(message: Request): void {
    this.sent.push(message);
  }

  /** What the kernel says. */
  fire(name: string, value?: unknown): void {
    for (const handler of [...(this.handlers.get(name) ?? [])]) handler(value);
  }

  answer(result: object): void {
    const { id } = this.sent[this.sent.length - 1];
    this.fire('msg:custom', { id, kind: 'reply', result, error: null });
  }

  refuse(message: string, hint: string | null = null): void {
    const { id } = this.sent[this.sent.length - 1];
    this.fire('msg:custom', { id, kind: 'reply', result: null, error: { code: 'x', message, hint } });
  }

  get listeners(): number {
    return [...this.handlers.values()].reduce((sum, set) => sum + set.size, 0);
  }
}

/** An explorer model whose runs went through Arrow, as they do from the kernel. */
export function explorerModel(rows: readonly RunRow[], over: Record<string, unknown> = {}): FakeModel {
  const arrays = Object.fromEntries([...columnsOf(rows)].map(([info, cells]) => [info.key, cells]));
  const bytes = tableToIPC(tableFromArrays(arrays), { format: 'stream' }) as Uint8Array;
  return new FakeModel({
    _runs: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    _changes: new DataView(new ArrayBuffer(0)),
    _info: infoOf(rows),
    query: '',
    selected_run_ids: [],
    columns: [],
    axes: [],
    color: '',
    view: {},
    error: null,
    ...over,
  });
}

/** Counts what is added to and removed from every event target of the page, from now on. */
export function countListeners(): () => number {
  const live = new Map<EventTarget, Set<string>>();
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const ids = new Map<unknown, number>();
  const name = (type: string, listener: unknown) => {
    if (!ids.has(listener)) ids.set(listener, ids.size);
    return `${type}:${ids.get(listener)}`;
  };
  const targets: EventTarget[] = [window, document, document.body];
  for (const target of targets) {
    const known = new Set<string>();
    live.set(target, known);
    target.addEventListener = function (this: EventTarget, ...args: Parameters<typeof addEventListener>) {
      known.add(name(args[0], args[1]));
      addEventListener.apply(this, args);
    };
    target.removeEventListener = function (
      this: EventTarget,
      ...args: Parameters<typeof removeEventListener>
    ) {
      known.delete(name(args[0], args[1]));
      removeEventListener.apply(this, args);
    };
  }
  return () => [...live.values()].reduce((sum, set) => sum + set.size, 0);
}

export function byText<E extends HTMLElement>(root: ParentNode, selector: string, text: string): E {
  const found = [...root.querySelectorAll<E>(selector)].find(
    (element) => element.textContent?.trim() === text,
  );
  if (!found) throw new Error(`no ${selector} reads '${text}'`);
  return found;
}
