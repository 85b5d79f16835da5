import type { AnyModel, RenderProps } from '@anywidget/types';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import explorer from '../src/widgets/explorer';
import { byText, countListeners, explorerModel, type FakeModel } from './fakes';
import { infoOf, sweep } from './runs';

let el: HTMLElement;
let clean: () => void;

function render(model: FakeModel): void {
  const props = {
    model: model as unknown as AnyModel,
    el,
    experimental: {},
  } as unknown as RenderProps<never>;
  clean = explorer.render(props) as () => void;
}

const count = () => el.querySelector('.mam-count')?.textContent;
const names = () =>
  [...el.querySelectorAll('tbody tr[data-row] td:nth-child(2)')].map((cell) => cell.textContent);

beforeEach(() => {
  vi.useFakeTimers();
  el = document.createElement('div');
  document.body.replaceChildren(el);
});
afterEach(() => {
  clean();
  vi.useRealTimers();
});

describe('what is shown', () => {
  it('draws the runs, best first, and counts them', () => {
    render(explorerModel(sweep(240)));
    expect(count()).toBe('240 runs');
    expect(names()[0]).toBe('run-0');
    expect(el.querySelector('.mam-about')?.textContent).toContain('Best shown');
  });

  it('says how many have no value to be coloured by', () => {
    render(explorerModel(sweep(240), { color: 'metrics.r2' }));
    expect(el.querySelector('.mam-lacking')?.textContent).toBe('48 without r2');
  });

  it('says when the store has more than was loaded', () => {
    const model = explorerModel(sweep(40));
    model.state._info = { ...(model.state._info as object), total: 48210 };
    render(model);
    expect(count()).toBe('40 runs loaded, 48,210 in the store');
  });

  it('shows a run name as text, whatever it is', () => {
    render(explorerModel(sweep(20)));
    expect(el.querySelector('img')).toBeNull();
    expect(names()).toContain('<img src=x onerror=alert(1)>');
  });

  it('keeps only rows in view in the page', () => {
    render(explorerModel(sweep(5000)));
    expect(el.querySelectorAll('tbody tr[data-row]').length).toBeLessThan(60);
  });

  it('draws no axis for what never varies and one for what does', () => {
    render(explorerModel(sweep(40)));
    const titles = [...el.querySelectorAll('.mam-axis-title')].map((title) => title.getAttribute('data-key'));
    expect(titles).toEqual(['params.alpha', 'params.depth', 'params.model', 'metrics.r2', 'metrics.rmse']);
  });

  it('speaks the count and the best', () => {
    render(explorerModel(sweep(240), { query: "params.model = 'rf'" }));
    vi.advanceTimersByTime(1000);
    expect(el.querySelector('[role=status][aria-live]')?.textContent).toContain('80 of 240 runs');
    expect([...el.querySelectorAll('[aria-live]')].map((e) => e.textContent)).toContain(
      '80 of 240 runs, best rmse 50',
    );
  });

  it('says so when the page and the kernel disagree on the contract', () => {
    const model = explorerModel(sweep(3));
    model.state._info = { ...(model.state._info as object), contract: 99 };
    render(model);
    expect(el.querySelector('[role=alert]')?.textContent).toContain('version 99');
  });

  it('survives no runs at all', () => {
    render(explorerModel([]));
    expect(count()).toBe('0 runs');
  });
});

describe('query', () => {
  it('typed text filters and reaches Python once settled', () => {
    const model = explorerModel(sweep(240));
    render(model);
    const input = el.querySelector<HTMLInputElement>('.mam-filter-input')!;
    input.value = "params.model = 'rf'";
    input.dispatchEvent(new Event('input'));
    vi.advanceTimersByTime(150);
    expect(count()).toBe('80 of 240 runs');
    expect(model.saved).toBe(0);
    vi.advanceTimersByTime(300);
    expect(model.state.query).toBe("params.model = 'rf'");
    expect(model.saved).toBe(1);
  });

  it('a wrong word is pointed at, and the last right filter stands', () => {
    const model = explorerModel(sweep(240), { query: "params.model = 'rf'" });
    render(model);
    model.set('query', 'metrics.rsme < 3');
    expect(el.querySelector('.mam-wrong-word')?.textContent).toBe('metrics.rsme');
    expect(el.querySelector('.mam-wrong')?.textContent).toContain('did you mean metrics.rmse?');
    expect(count()).toBe('80 of 240 runs');
  });

  it('ranges in the query are brushes, and clearing a brush takes its conjuncts away', () => {
    const model = explorerModel(sweep(240), {
      query: "metrics.rmse >= 52 AND metrics.rmse <= 60 AND run_name LIKE 'run%'",
    });
    render(model);
    const title = el.querySelector<HTMLElement>('[data-key="metrics.rmse"]')!;
    expect(title.getAttribute('aria-label')).toBe('metric rmse, from 52 to 60');
    expect(el.querySelectorAll('.mam-brush').length).toBe(1);
    title.dispatchEvent(new KeyboardEvent('keydown', { key: 'Delete', bubbles: true }));
    vi.advanceTimersByTime(500);
    expect(model.state.query).toBe("run_name LIKE 'run%'");
    expect(el.querySelectorAll('.mam-brush').length).toBe(0);
  });

  it('a brush by pointer writes a range that keeps what it covers', () => {
    const model = explorerModel(sweep(240));
    render(model);
    const x = Number(el.querySelectorAll('.mam-axis-line')[4].getAttribute('x1'));
    const svg = el.querySelector('.mam-axes')!;
    svg.dispatchEvent(
      new PointerEvent('pointerdown', { clientX: x, clientY: 100, button: 0, bubbles: true }),
    );
    window.dispatchEvent(new PointerEvent('pointermove', { clientX: x, clientY: 160 }));
    window.dispatchEvent(new PointerEvent('pointerup', { clientX: x, clientY: 160 }));
    vi.advanceTimersByTime(500);
    const [, low, high] = /^metrics\.rmse >= ([\d.]+) AND metrics\.rmse <= ([\d.]+)$/.exec(
      String(model.state.query),
    )!;
    expect(Number(low)).toBeLessThan(Number(high));
    const inside = sweep(240).filter(
      ({ metrics }) => Number(metrics.rmse) >= Number(low) && Number(metrics.rmse) <= Number(high),
    );
    expect(inside.length).toBeGreaterThan(0);
    expect(count()).toBe(`${inside.length} of 240 runs`);
  });
});

describe('ticks, columns and colour', () => {
  it('a ticked row is told to Python, and named as what actions act on', () => {
    const model = explorerModel(sweep(40));
    render(model);
    el.querySelector<HTMLElement>('tr[data-row="7"] input')!.click();
    vi.advanceTimersByTime(500);
    expect(model.state.selected_run_ids).toEqual(['id7']);
    expect(el.querySelector('.mam-about')?.textContent).toContain('Ticked');
  });

  it('ticking from Python shows', () => {
    const model = explorerModel(sweep(40));
    render(model);
    model.set('selected_run_ids', ['id7', 'gone']);
    expect(el.querySelector('tr[data-row="7"]')?.getAttribute('aria-selected')).toBe('true');
  });

  it('ticks all that are shown', () => {
    const model = explorerModel(sweep(40), { query: "params.model = 'rf'" });
    render(model);
    const all = el.querySelector<HTMLInputElement>('thead input')!;
    all.checked = true;
    all.dispatchEvent(new Event('change'));
    vi.advanceTimersByTime(500);
    expect((model.state.selected_run_ids as string[]).length).toBe(14);
  });

  it('sorts by a click and within by a shift-click, missing last', () => {
    render(explorerModel(sweep(40)));
    const head = (key: string) => el.querySelector<HTMLElement>(`[data-sort="${key}"]`)!;
    head('metrics.r2').click();
    expect(names()[0]).toBe('run-0');
    head('metrics.r2').click();
    expect(names()[0]).toBe('run-38');
    head('params.model').click();
    head('metrics.rmse').dispatchEvent(new MouseEvent('click', { shiftKey: true, bubbles: true }));
    expect(head('metrics.rmse').textContent).toContain('2');
    expect(head('params.model').closest('th')?.getAttribute('aria-sort')).toBe('ascending');
  });

  it('rows are reached by keyboard', () => {
    const model = explorerModel(sweep(40));
    render(model);
    const table = el.querySelector('.mam-table')!;
    for (const key of ['ArrowDown', 'ArrowDown', ' '])
      table.dispatchEvent(new KeyboardEvent('keydown', { key }));
    vi.advanceTimersByTime(500);
    expect((model.state.selected_run_ids as string[]).length).toBe(1);
  });

  it('chooses columns and axes', () => {
    const model = explorerModel(sweep(40));
    render(model);
    byText(el, 'button', 'Columns').click();
    const box = el.querySelector<HTMLInputElement>('input[name="plot:params.depth"]')!;
    box.checked = false;
    box.dispatchEvent(new Event('change', { bubbles: true }));
    vi.advanceTimersByTime(500);
    expect(model.state.axes).toEqual(['params.alpha', 'params.model', 'metrics.r2', 'metrics.rmse']);
  });

  it('every control has a name', () => {
    render(explorerModel(sweep(40)));
    for (const control of el.querySelectorAll<HTMLElement>('button, input, select')) {
      const name =
        control.getAttribute('aria-label') || control.textContent || control.closest('label')?.textContent;
      expect(name, control.outerHTML).toBeTruthy();
    }
  });
});

describe('keys', () => {
  it('pressed on a control are not taken for a command of the notebook', () => {
    render(explorerModel(sweep(40)));
    const takers = el.querySelectorAll('button, select, summary, input[type=checkbox], [tabindex]');
    expect(takers.length).toBeGreaterThan(40);
    for (const taker of takers)
      expect(taker.hasAttribute('data-lm-suppress-shortcuts'), taker.outerHTML).toBe(true);
  });
});

describe('actions', () => {
  it('registers the best run shown', async () => {
    const model = explorerModel(sweep(40));
    render(model);
    byText(el, 'button', 'Register…').click();
    el.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
    expect(model.sent[0]).toMatchObject({
      kind: 'request',
      name: 'register',
      args: { run_id: 'id0', name: 'wine', alias: 'champion' },
    });
    model.fire('msg:custom', { id: model.sent[0].id, kind: 'progress', message: 'uploading <b>1</b> MB' });
    expect(el.querySelector('.mam-progress')?.textContent).toBe('uploading <b>1</b> MB');
    model.answer({ name: 'wine', version: '3', alias: 'champion', created: true, message: 'wine version 3' });
    await vi.advanceTimersByTimeAsync(1);
    expect(el.querySelector('.mam-good')?.textContent).toContain('wine version 3');
  });

  it('shows the refusal and its hint', async () => {
    const model = explorerModel(sweep(40));
    render(model);
    byText(el, 'button', 'Register…').click();
    el.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
    model.refuse('run-0 logged no model', 'log one');
    await vi.advanceTimersByTimeAsync(1);
    expect(el.querySelector('.mam-outcome [role=alert]')?.textContent).toContain('run-0 logged no model');
    expect(el.querySelector('.mam-outcome')?.textContent).toContain('log one');
  });

  it('deploys, then asks the deployment with a sample', async () => {
    const model = explorerModel(sweep(40));
    render(model);
    byText(el, 'button', 'Deploy…').click();
    el.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
    model.answer({
      name: 'wine',
      url: 'http://127.0.0.1:5001',
      target: 'local',
      model: 'm',
      message: 'wine answers',
    });
    await vi.advanceTimersByTimeAsync(1);
    byText(el, 'button', 'Try a sample').click();
    expect(model.sent[1]).toMatchObject({ name: 'invoke', args: { name: 'wine' } });
    model.answer({ request: '{"a": 1}', columns: ['prediction'], rows: [['206.1']], latency_ms: 12.3 });
    await vi.advanceTimersByTimeAsync(1);
    expect(el.querySelector('.mam-answer')?.textContent).toContain('206.1');
    expect(el.textContent).toContain('Answered in 12.3 ms');
  });

  it('shows the Python call', async () => {
    const model = explorerModel(sweep(40), { query: 'rmse < 60' });
    render(model);
    byText(el, 'button', 'Copy as Python').click();
    expect(model.sent[0].args).toMatchObject({ action: 'runs', run_id: null, query: 'rmse < 60' });
    model.answer({ code: 'ws.runs("rmse < 60")' });
    await vi.advanceTimersByTimeAsync(1);
    expect(el.querySelector('.mam-code code')?.textContent).toBe('ws.runs("rmse < 60")');
    model.set('query', 'rmse < 55');
    expect(el.querySelector<HTMLElement>('.mam-code')?.hidden).toBe(true);
  });

  it('needs a tick where nothing says which is best', () => {
    const model = explorerModel(sweep(40));
    model.state._info = { ...(model.state._info as object), goal: null };
    render(model);
    expect(byText<HTMLButtonElement>(el, 'button', 'Register…').disabled).toBe(true);
    el.querySelector<HTMLElement>('tr[data-row="7"] input')!.click();
    expect(byText<HTMLButtonElement>(el, 'button', 'Register…').disabled).toBe(false);
  });
});

describe('more actions', () => {
  const choose = async (button: string, item: string) => {
    byText(el, 'button', button).click();
    await vi.advanceTimersByTimeAsync(1);
    const found = [...el.querySelectorAll<HTMLButtonElement>('.mam-menu button')].find((entry) =>
      entry.textContent?.includes(item),
    );
    found!.click();
  };

  it('opens the page of the run, or says how to get one', async () => {
    const model = explorerModel(sweep(40));
    render(model);
    await choose('More', 'Open in');
    expect(model.sent[0]).toMatchObject({ name: 'link', args: { run_id: 'id0' } });
    model.answer({ url: '', how: 'mlflow ui --backend-store-uri sqlite:///x.db' });
    await vi.advanceTimersByTimeAsync(1);
    expect(el.querySelector('.mam-code code')?.textContent).toContain('mlflow ui');
    await choose('More', 'Open in');
    model.answer({ url: 'javascript:alert(1)', how: '' });
    await vi.advanceTimersByTimeAsync(1);
    expect(el.querySelector('.mam-code a')).toBeNull();
    const clicked = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {});
    await choose('More', 'Open in');
    model.answer({ url: 'https://ml.example/#/runs/id0', how: '' });
    await vi.advanceTimersByTimeAsync(1);
    expect(el.querySelector('.mam-code a')?.getAttribute('rel')).toBe('noopener noreferrer');
    expect(clicked).toHaveBeenCalledOnce();
    clicked.mockRestore();
  });

  it('hands the cell to the notebook, and shows it where there is none', async () => {
    const model = explorerModel(sweep(40));
    render(model);
    await choose('More', 'Insert a cell');
    expect(model.sent[0].args).toMatchObject({ action: 'cell', run_id: 'id0' });
    model.answer({ code: 'x = 1' });
    await vi.advanceTimersByTimeAsync(1);
    expect(el.querySelector('.mam-code code')?.textContent).toBe('x = 1');
    const got: unknown[] = [];
    el.addEventListener('mam-insert-cell', (event) => {
      got.push((event as CustomEvent).detail);
      event.preventDefault();
    });
    await choose('More', 'Insert a cell');
    model.answer({ code: 'x = 2' });
    await vi.advanceTimersByTimeAsync(1);
    expect(got).toEqual(['x = 2']);
    expect(el.querySelector('.mam-code')?.textContent).toContain('Inserted below');
  });

  it('deletes the ticked runs after asking, and takes it back', async () => {
    const model = explorerModel(sweep(40), { selected_run_ids: ['id7', 'id9'] });
    render(model);
    await choose('More', 'Delete 2 ticked runs');
    expect(model.sent.length).toBe(0);
    [...el.querySelectorAll<HTMLButtonElement>('.mam-menu button')].at(-1)!.click();
    expect(model.sent[0]).toMatchObject({
      name: 'edit_run',
      args: { action: 'delete', run_ids: ['id7', 'id9'] },
    });
    model.answer({ message: '2 runs deleted' });
    await vi.advanceTimersByTimeAsync(1);
    byText(el, 'button', 'Undo').click();
    expect(model.sent[1]).toMatchObject({ args: { action: 'restore', run_ids: ['id7', 'id9'] } });
  });

  it('copies the rows as they are shown', () => {
    const model = explorerModel(sweep(40), { selected_run_ids: ['id7', 'id9'] });
    render(model);
    byText(el, 'button', 'Copy as Python').click();
    const sort = [{ key: 'metrics.rmse', descending: false }];
    expect(model.sent[0].args).toMatchObject({ action: 'runs', run_ids: ['id9', 'id7'], sort, query: '' });
  });

  it('offers nothing that needs the kernel when it has gone', () => {
    const model = explorerModel(sweep(40));
    render(model);
    model.send = () => {
      throw new Error('Cannot send');
    };
    byText(el, 'button', 'Copy as Python').click();
    expect(byText<HTMLButtonElement>(el, 'button', 'Register…').disabled).toBe(true);
    expect(el.textContent).toContain('run the cell again');
    model.set('query', "params.model = 'rf'");
    expect(count()).toBe('14 of 40 runs');
  });

  it('saves a view, loads it and goes back to the default', async () => {
    const model = explorerModel(sweep(40), { color: 'metrics.r2' });
    render(model);
    const open = async () => {
      byText(el, 'button', 'Views').click();
      model.answer({ names: ['<b>mine</b>'], views: { '<b>mine</b>': { columns: ['run_name'], color: 7 } } });
      await vi.advanceTimersByTimeAsync(1);
    };
    await open();
    const name = el.querySelector<HTMLInputElement>('.mam-menu input')!;
    name.value = 'best';
    name.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    expect(model.sent[1]).toMatchObject({
      name: 'save_view',
      args: { name: 'best', view: { color: 'metrics.r2' } },
    });
    await open();
    expect(el.querySelector('.mam-menu b')).toBeNull();
    byText(el, '.mam-menu button', '<b>mine</b>').click();
    vi.advanceTimersByTime(500);
    expect([model.state.columns, model.state.color]).toEqual([['run_name'], '']);
    await open();
    byText(el, '.mam-menu button', 'Back to default').click();
    vi.advanceTimersByTime(500);
    expect(model.state.columns).toEqual([]);
  });
});

describe('fresh runs', () => {
  it('merge into those that are there: changed, new, gone, and of another type', () => {
    const rows = sweep(40);
    const model = explorerModel(rows, { selected_run_ids: ['id7'], query: 'metrics.rmse < 60' });
    render(model);
    const changed = { ...rows[7], metrics: { rmse: 1, f1: 0.5 }, params: { depth: 'deep', model: 'gbm' } };
    const added = { ...rows[0], attributes: { ...rows[0].attributes, run_id: 'new', run_name: 'new one' } };
    const now = [added, ...rows.map((row, i) => (i === 7 ? changed : row)).filter((_, i) => i !== 8)];
    model.state._changes = explorerModel([added, changed]).state._runs;
    model.set('_info', infoOf(now, { removed: ['id8'], changed: ['new', 'id7'] }));
    expect(el.querySelector('.mam-count')?.textContent).toBe(
      `${now.filter(({ metrics }) => Number(metrics.rmse) < 60).length} of 40 runs`,
    );
    expect(names()[0]).toBe('run-7');
    expect(el.querySelector('.mam-about')?.textContent).toBe('Tickedrun-7rmse 1');
    model.set('query', "params.depth = 'deep' OR metrics.f1 > 0 OR run_name = 'new one'");
    expect(names().sort()).toEqual(['new one', 'run-7']);
    model.set('query', "params.depth = '1'");
    expect(count()).toBe('10 of 40 runs');
  });

  it('come to an explorer that had none', () => {
    const model = explorerModel([]);
    render(model);
    expect(el.textContent).toContain('No runs yet');
    const fresh = explorerModel(sweep(3));
    model.state._info = fresh.state._info;
    model.set('_runs', fresh.state._runs);
    expect(count()).toBe('3 runs');
    expect(el.querySelector<HTMLElement>('.mam-start')?.hidden).toBe(true);
  });
});

describe('life', () => {
  it('leaves no listener and no node behind, also with a form open and a question under way', () => {
    const listeners = countListeners();
    const model = explorerModel(sweep(40));
    render(model);
    byText(el, 'button', 'Columns').click();
    byText(el, 'button', 'Deploy…').click();
    el.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
    expect(model.listeners).toBeGreaterThan(0);
    clean();
    vi.advanceTimersByTime(700_000);
    expect(model.listeners).toBe(0);
    expect(listeners()).toBe(0);
    expect(el.childNodes.length).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is drawn again, twice at once, without a mix-up', () => {
    const model = explorerModel(sweep(40));
    render(model);
    const first = clean;
    const other = document.createElement('div');
    const again = explorer.render({ model, el: other } as never) as () => void;
    model.set('query', "params.model = 'rf'");
    expect(count()).toBe('14 of 40 runs');
    expect(other.querySelector('.mam-count')?.textContent).toBe('14 of 40 runs');
    first();
    model.set('query', '');
    expect(other.querySelector('.mam-count')?.textContent).toBe('40 runs');
    again();
  });

  it('takes fresh runs and keeps the ticks', () => {
    const model = explorerModel(sweep(40), { selected_run_ids: ['id7'] });
    render(model);
    const fresh = explorerModel(sweep(60));
    model.state._info = fresh.state._info;
    model.set('_runs', fresh.state._runs);
    expect(count()).toBe('60 runs');
    expect(el.querySelector('.mam-about')?.textContent).toContain('run-7');
  });
});
