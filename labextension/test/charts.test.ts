/** The board of charts: what is drawn of which runs, and each gesture on it. */
import { tableFromArrays, tableToIPC } from '@uwdata/flechette';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ChartSpec, Failure } from '../src/contract';
import { type Ask, AskError } from '../src/views/ask';
import { ChartBoard } from '../src/views/charts/board';
import { newSpec } from '../src/views/charts/specs';
import { ExplorerState } from '../src/views/state';
import { byText, countListeners } from './fakes';
import { infoOf, type RunRow, rowsToRuns, sweep } from './runs';

/** Everything is in sight as soon as it is looked for. */
class AllSeeing {
  constructor(private readonly seen: IntersectionObserverCallback) {}
  observe(target: Element): void {
    const entry = { target, isIntersecting: true } as IntersectionObserverEntry;
    queueMicrotask(() => this.seen([entry], this as unknown as IntersectionObserver));
  }
  unobserve(): void {}
  disconnect(): void {}
}

interface Asked {
  readonly name: string;
  readonly args: Record<string, unknown>;
}

let state: ExplorerState;
let board: ChartBoard;
let asked: Asked[];
let fails: Failure | null;

function historyOf(ids: readonly string[]): object {
  const steps = ids.flatMap((id) => [0, 1, 2].map((step) => ({ id, step })));
  const arrays = {
    run_id: steps.map(({ id }) => id),
    metric: steps.map(() => 'rmse'),
    step: steps.map(({ step }) => step),
    timestamp: steps.map(({ step }) => 1793491200000 + step * 1000),
    value: steps.map(({ step, id }) => 60 - step + Number(id.slice(2)) / 1000),
  };
  const bytes = tableToIPC(tableFromArrays(arrays), { format: 'stream' }) as Uint8Array;
  const buffers = [new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)];
  return { points_total: steps.length * 10, points_sent: steps.length, live: false, note: '', buffers };
}

const importances = {
  metric: 'rmse',
  rows: ['depth', 'alpha', 'model'].map((name, i) => ({
    key: `params.${name}`,
    importance: 0.5 / (i + 1),
    low: 0.1,
    high: 0.6,
    direction: 'up',
  })),
  method: 'fANOVA',
  runs: 240,
  floor: 0.01,
  note: 'stable',
};

const ask = ((name: string, args: Record<string, unknown>) => {
  asked.push({ name, args });
  const answers: Record<string, () => unknown> = {
    history: () => historyOf(args.run_ids as string[]),
    importance: () => importances,
    figure: () => ({ json: '{"data": []}' }),
  };
  const answer = fails ? Promise.reject(new AskError(fails)) : Promise.resolve(answers[name]());
  return { answer, cancel: () => {} };
}) as Ask;

async function settle(ms = 1000): Promise<void> {
  for (let i = 0; i < 10; i++) await vi.advanceTimersByTimeAsync(ms / 10);
}

async function open(rows: readonly RunRow[], charts: readonly ChartSpec[] = []): Promise<void> {
  state = new ExplorerState(rowsToRuns(rows), infoOf(rows));
  state.set('charts', [...charts]);
  board = new ChartBoard(state, ask);
  document.body.replaceChildren(board.element);
  await settle();
}

const cards = () => [...board.element.querySelectorAll<HTMLElement>('.mam-chart')];
const titles = () => cards().map((card) => card.getAttribute('aria-label'));
const noteOf = (at = 0) => cards()[at].querySelector('.mam-chart-note')?.textContent;
const stageOf = (at = 0) => cards()[at].querySelector<HTMLElement>('.mam-stage')!;
const spokenOf = (at = 0) => stageOf(at).querySelector('[role=status]')?.textContent;
const press = (target: Element, key: string) =>
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
const point = (type: string, x: number, y: number, at = 0) =>
  stageOf(at).dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, button: 0, bubbles: true }));
const histories = () =>
  asked.filter(({ name }) => name === 'history').map(({ args }) => args.run_ids as string[]);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('IntersectionObserver', AllSeeing);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(270);
  asked = [];
  fails = null;
});
afterEach(() => {
  board.destroy();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('without a choice', () => {
  it('shows history, importance, the most important param and the Pareto front', async () => {
    await open(sweep(240));
    expect(titles()).toEqual([
      'rmse by step',
      'What matters for rmse',
      'rmse by depth',
      'Pareto front: rmse and r2',
    ]);
    expect(state.view.charts).toEqual([]);
  });

  it('says which runs it drew, and of how many', async () => {
    await open(sweep(240));
    expect(noteOf(0)).toBe('10 best of 240 runs by rmse; 30 points of 300, lowest and highest kept');
    expect(noteOf(1)).toBe('fANOVA, 240 runs; stable; dashed: what random numbers get');
    expect(noteOf(3)).toContain('48 runs without a number for r2');
  });

  it('survives one run, no runs, no metrics and a metric that is never a number', async () => {
    for (const rows of [
      sweep(1),
      [],
      sweep(4).map((row) => ({ ...row, metrics: {} })),
      sweep(5).map((row) => ({ ...row, metrics: { rmse: 'NaN' } })),
    ]) {
      await open(rows, ALL);
      expect(cards().length).toBe(8);
      for (const card of cards()) {
        const drawn = !card.querySelector<HTMLElement>('.mam-stage')!.hidden;
        expect(drawn || (card.querySelector('.mam-chart-instead')?.textContent ?? '') !== '').toBe(true);
      }
      board.destroy();
    }
  });
});

const ALL = (
  ['history', 'scatter', 'contour', 'box', 'histogram', 'importance', 'slice', 'pareto'] as const
).map((kind) => newSpec(kind));

describe('what is drawn', () => {
  it('follows the filter', async () => {
    await open(sweep(240), [newSpec('scatter')]);
    expect(stageOf().getAttribute('aria-label')).toContain('Scatter of 240 runs');
    state.setQuery("params.model = 'rf'");
    await settle();
    expect(stageOf().getAttribute('aria-label')).toContain('Scatter of 80 runs');
  });

  it('shows the histories of ticked runs only, and asks for none twice', async () => {
    await open(sweep(240), [newSpec('history')]);
    expect(histories().map((ids) => ids.length)).toEqual([10]);
    state.setTickedIds(['id0', 'id7']);
    await settle();
    expect(noteOf()).toContain('2 ticked runs');
    expect(histories()[1]).toEqual(['id7']);
    state.setTicked([]);
    await settle();
    expect(histories().length).toBe(2);
  });

  it('asks again for runs that were not over, when news comes', async () => {
    const rows = sweep(20).map((row, i) =>
      i === 0 ? { ...row, attributes: { ...row.attributes, status: 'RUNNING' } } : row,
    );
    await open(rows, [newSpec('history')]);
    state.setRuns(rowsToRuns(rows), infoOf(rows));
    await settle();
    expect(histories().slice(1)).toEqual([['id0']]);
  });

  it('draws mean and deviation over equal params', async () => {
    await open(sweep(240), [{ ...newSpec('history'), options: { group: 'params.model' } }]);
    expect(noteOf()).toContain('2 groups: mean ± std of 180 of 240 runs');
    press(stageOf(), 'Home');
    expect(spokenOf()).toMatch(/^model \w+, step 0, mean 60.\d+ ± 0.0\d+, (\d+) of \1 runs$/);
  });

  it('says what failed and tries again', async () => {
    fails = { code: 'x', message: 'the store <b>went</b> away', hint: null };
    await open(sweep(20), [newSpec('history'), newSpec('importance')]);
    expect(cards().map((card) => card.querySelector('[role=alert]')?.textContent)).toEqual(
      Array(2).fill('✗ the store <b>went</b> away'),
    );
    fails = null;
    for (const button of board.element.querySelectorAll<HTMLElement>('[data-act=retry]')) button.click();
    await settle();
    expect(board.element.querySelector('[role=alert]')).toBeNull();
  });
});

describe('pointing and ticking', () => {
  it('moves along the points by keys, says them, hovers and ticks their runs', async () => {
    await open(sweep(20), [newSpec('scatter')]);
    press(stageOf(), 'ArrowRight');
    const first = spokenOf();
    expect(first).toMatch(/, rmse \d+, depth 1$/);
    expect(state.hovered).toBeGreaterThanOrEqual(0);
    press(stageOf(), 'ArrowRight');
    expect(spokenOf()).not.toBe(first);
    const row = state.hovered;
    press(stageOf(), 'Enter');
    expect([...state.ticked]).toEqual([row]);
    press(stageOf(), 'Enter');
    expect(state.ticked.size).toBe(0);
  });

  it('ticks what a drag encloses', async () => {
    await open(sweep(20), [newSpec('scatter')]);
    point('pointerdown', 0, 0);
    point('pointermove', 600, 270);
    point('pointerup', 600, 270);
    expect(state.ticked.size).toBe(20);
  });

  it('ticks the runs of a bar of the histogram', async () => {
    await open(sweep(20), [{ ...newSpec('histogram'), x: 'params.model' }]);
    press(stageOf(), 'End');
    expect(spokenOf()).toBe('rf, 7 runs');
    press(stageOf(), ' ');
    expect(state.ticked.size).toBe(7);
  });

  it('ticks the runs of the box that is clicked', async () => {
    await open(sweep(20), [newSpec('box')]);
    point('pointerdown', 100, 240);
    point('pointerup', 100, 240);
    expect(state.ticked.size).toBe(5);
  });

  it('goes from what matters to what it looks like', async () => {
    await open(sweep(20));
    press(stageOf(1), 'ArrowDown');
    press(stageOf(1), 'ArrowDown');
    expect(spokenOf(1)).toMatch(/^alpha, importance 25 %, between 10 % and 60 %, rmse rises with it/);
    press(stageOf(1), 'Enter');
    expect(state.view.charts[2]).toMatchObject({ kind: 'scatter', x: 'params.alpha', y: 'metrics.rmse' });
    expect(state.ticked.size).toBe(0);
  });

  it('lists the Pareto front and ticks it', async () => {
    await open(sweep(240), [newSpec('pareto')]);
    const items = cards()[0].querySelectorAll('li');
    byText<HTMLButtonElement>(cards()[0], 'button', `Tick the ${items.length} of the front`).click();
    expect(state.ticked.size).toBe(items.length);
    await settle();
    expect([...cards()[0].querySelectorAll<HTMLInputElement>('li input')].every((box) => box.checked)).toBe(
      true,
    );
  });

  it('shows a name as text, whatever it is', async () => {
    await open(sweep(20), [newSpec('pareto'), newSpec('scatter')]);
    state.setTicked([3]);
    for (let i = 0; i < 20; i++) press(stageOf(1), 'ArrowRight');
    expect(board.element.querySelector('img')).toBeNull();
  });
});

describe('the board', () => {
  it('adds, duplicates, moves by keys and removes, in view.charts', async () => {
    await open(sweep(20));
    byText<HTMLButtonElement>(board.element, 'button', 'Add chart').click();
    byText<HTMLButtonElement>(board.element, '[role=menuitem]', 'Box plot').click();
    await settle();
    expect(state.view.charts.map(({ kind }) => kind)).toEqual([
      'history',
      'importance',
      'scatter',
      'pareto',
      'box',
    ]);
    press(cards()[4].querySelector('.mam-chart-handle')!, 'ArrowLeft');
    expect(state.view.charts.map(({ kind }) => kind)).toEqual([
      'history',
      'importance',
      'scatter',
      'box',
      'pareto',
    ]);
    expect(document.activeElement).toBe(cards()[3].querySelector('.mam-chart-handle'));
    byText<HTMLButtonElement>(cards()[3], 'button', 'Edit').click();
    byText<HTMLButtonElement>(board.element, 'button', 'Duplicate').click();
    expect(new Set(state.view.charts.map(({ id }) => id)).size).toBe(6);
    byText<HTMLButtonElement>(cards()[0], 'button', '×').click();
    expect(cards().length).toBe(5);
    byText<HTMLButtonElement>(board.element, 'button', 'Back to default charts').click();
    expect(cards().length).toBe(4);
  });

  it('takes specs that Python wrote by hand, and leaves out kinds that it does not know', async () => {
    await open(sweep(20), [
      { kind: 'scatter' },
      { kind: 'scatter' },
      { kind: 'toString' },
    ] as unknown as ChartSpec[]);
    expect(titles()).toEqual(['rmse by depth', 'rmse by depth']);
  });

  it('keeps the last chart', async () => {
    await open(sweep(20), [newSpec('scatter')]);
    expect(byText<HTMLButtonElement>(cards()[0], 'button', '×').disabled).toBe(true);
  });

  it('writes settings into the spec, and takes defaults out of it', async () => {
    await open(sweep(20), [newSpec('history')]);
    byText<HTMLButtonElement>(cards()[0], 'button', 'Edit').click();
    const input = (name: string) =>
      [...board.element.querySelectorAll('.mam-setting')]
        .find((line) => line.textContent?.startsWith(name))!
        .querySelector<HTMLInputElement>('input, select')!;
    const set = (name: string, value: string, type: string) => {
      input(name).value = value;
      input(name).dispatchEvent(new Event(type, { bubbles: true }));
    };
    set('Best shown', '3', 'input');
    set('X axis', '2', 'change');
    expect(state.view.charts[0].options).toEqual({ runs: 3, x_axis: 'relative' });
    await settle();
    expect(noteOf()).toContain('3 best of 20 runs');
    set('X axis', '0', 'change');
    expect(state.view.charts[0].options).toEqual({ runs: 3 });
  });

  it('asks for the plotly figure of what is seen', async () => {
    await open(sweep(20), [newSpec('scatter')]);
    vi.stubGlobal('navigator', { clipboard: { writeText: () => Promise.resolve() } });
    byText<HTMLButtonElement>(cards()[0], 'button', 'Edit').click();
    byText<HTMLButtonElement>(board.element, 'button', 'Copy as plotly').click();
    await settle();
    expect(asked.at(-1)).toMatchObject({
      name: 'figure',
      args: { chart: { x: 'params.depth', y: 'metrics.rmse' } },
    });
    expect(cards()[0].textContent).toContain('Copied');
  });

  it('saves SVG with the names escaped', async () => {
    await open(sweep(20), [{ ...newSpec('box'), x: 'run_name' }]);
    const blobs: Blob[] = [];
    vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => `blob:${blobs.push(blob as Blob)}`);
    byText<HTMLButtonElement>(cards()[0], 'button', 'Edit').click();
    byText<HTMLButtonElement>(board.element, 'button', 'SVG').click();
    const text = await blobs[0].text();
    expect(text).toMatch(/^<svg xmlns/);
    expect(text).not.toContain('<img');
    expect(cards()[0].textContent).toContain('Saved rmse-by-run_name.svg');
  });

  it('leaves nothing behind', async () => {
    const listeners = countListeners();
    await open(sweep(20));
    board.destroy();
    expect(listeners()).toBe(0);
  });
});
