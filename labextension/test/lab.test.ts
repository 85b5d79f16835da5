import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { INSERT_CELL, insertCells } from '../src/lab/insert';
import { PANEL_MIME, PanelRenderer, VIEW_MIME } from '../src/lab/renderer';

/** Stands in for the widget manager's renderer: `outcome` is what it comes to. */
class View extends Widget {
  constructor(private readonly outcome: 'live' | 'gone' | 'waits') {
    super();
  }

  async renderModel(): Promise<void> {
    this.node.textContent =
      this.outcome === 'gone' ? 'Error displaying widget: model not found' : 'Loading widget...';
    if (this.outcome === 'live') this.node.replaceChildren(document.createElement('canvas'));
  }
}

class Picture extends Widget {
  async renderModel(model: { data: Record<string, unknown> }): Promise<void> {
    this.node.textContent = String(model.data['text/html']);
  }
}

class Registry {
  views: View[] = [];
  factory: object | undefined = {};

  constructor(public outcome: 'live' | 'gone' | 'waits') {}

  getFactory(): object | undefined {
    return this.factory;
  }

  createRenderer(mime: string): Widget {
    if (mime !== VIEW_MIME) return new Picture();
    const view = new View(this.outcome);
    this.views.push(view);
    return view;
  }
}

/** The output area around an output. */
class Area extends Widget {
  constructor(readonly rendermime: Registry) {
    super();
  }
}

async function show(registry: Registry, trusted = true) {
  const renderer = new PanelRenderer(registry as never);
  const area = new Area(registry);
  const data = { [PANEL_MIME]: { model_id: 'm1', contract: 1 }, 'text/html': 'the picture' };
  await renderer.renderModel({ data, metadata: {}, trusted, setData: () => undefined } as never);
  Widget.attach(area, document.body);
  renderer.parent = area;
  area.node.append(renderer.node);
  for (const message of ['before-attach', 'after-attach'])
    renderer.processMessage({ type: message } as never);
  Object.defineProperty(renderer, 'isAttached', { get: () => true });
  renderer.processMessage({ type: 'after-attach' } as never);
  await vi.advanceTimersByTimeAsync(1000);
  const [picture, live] = renderer.widgets;
  return { renderer, picture, live, data };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a panel in JupyterLab', () => {
  it('is live where the model is', async () => {
    const { picture, live } = await show(new Registry('live'));
    expect([picture.isHidden, live.isHidden]).toEqual([true, false]);
  });

  it.each(['gone', 'waits'] as const)('shows the picture when the model is %s', async (outcome) => {
    const { picture, live } = await show(new Registry(outcome));
    expect([picture.isHidden, live.isHidden]).toEqual([false, true]);
    expect(picture.node.textContent).toBe('the picture');
  });

  it('shows the picture where there are no widgets at all', async () => {
    const registry = new Registry('live');
    registry.factory = undefined;
    const { picture } = await show(registry);
    expect(picture.isHidden).toBe(false);
  });

  it('starts no widget in an untrusted notebook', async () => {
    const registry = new Registry('live');
    const { picture } = await show(registry, false);
    expect(registry.views.length).toBe(0);
    expect(picture.isHidden).toBe(false);
  });

  it('goes back to the picture when the widget closes', async () => {
    const registry = new Registry('live');
    const { picture, live } = await show(registry);
    registry.views[0].hide();
    await vi.advanceTimersByTimeAsync(10);
    expect([picture.isHidden, live.isHidden]).toEqual([false, true]);
  });
});

describe('a cell that a panel asks for', () => {
  function notebook() {
    const cells = [0, 1, 2].map(() => ({ node: document.createElement('div') }));
    const node = document.createElement('div');
    node.append(...cells.map((cell) => cell.node));
    document.body.replaceChildren(node);
    const inserted: [number, object][] = [];
    const sharedModel = { insertCell: (at: number, cell: object) => void inserted.push([at, cell]) };
    return { node, widgets: cells, model: { sharedModel }, activeCellIndex: 0, inserted };
  }

  const asked = (target: Element, detail: unknown) =>
    !target.dispatchEvent(new CustomEvent(INSERT_CELL, { detail, bubbles: true, cancelable: true }));

  it('comes below the cell of the panel, and the panel knows', () => {
    const book = notebook();
    const end = insertCells({ widgets: () => [{ content: null }, { content: book }] } as never);
    expect(asked(book.widgets[1].node, 'x = 1')).toBe(true);
    expect(book.inserted).toEqual([[2, { cell_type: 'code', source: 'x = 1', metadata: {} }]]);
    expect(book.activeCellIndex).toBe(2);
    expect(asked(book.widgets[1].node, { not: 'code' })).toBe(false);
    expect(asked(document.body, 'outside')).toBe(false);
    end();
    expect(asked(book.widgets[1].node, 'x = 1')).toBe(false);
    expect(book.inserted.length).toBe(1);
  });
});
