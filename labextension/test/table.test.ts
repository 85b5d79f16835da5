import { tableFromArrays, tableToIPC } from '@uwdata/flechette';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Request, View } from '../src/contract';
import { type Ask, AskError } from '../src/views/ask';
import type { Runs } from '../src/views/columns';
import { ExplorerState, emptyView } from '../src/views/state';
import { ColumnChooser } from '../src/views/table/chooser';
import { sheet } from '../src/views/table/export';
import { groupsOf, spreadOf } from '../src/views/table/groups';
import { Layout } from '../src/views/table/layout';
import { linesOf } from '../src/views/table/lines';
import { ROW_HEIGHT, RowScroll } from '../src/views/table/scroll';
import { RunTable } from '../src/views/table/table';
import { hasChildren, parentsOf } from '../src/views/table/tree';
import { byText } from './fakes';
import { infoOf, type RunRow, rowsToRuns, sweep } from './runs';

interface Asked {
  name: Request['name'];
  args: Record<string, unknown>;
  answer(result: object): Promise<void>;
  refuse(message: string): Promise<void>;
}

let table: RunTable;
let asked: Asked[];

const ask: Ask = <R>(name: Request['name'], args: object) => {
  let settle: { resolve(result: R): void; reject(error: Error): void };
  const answer = new Promise<R>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const tick = () => vi.advanceTimersByTimeAsync(1).then(() => undefined);
  asked.push({
    name,
    args: { ...args },
    answer: (result) => {
      settle.resolve(result as R);
      return tick();
    },
    refuse: (message) => {
      settle.reject(new AskError({ code: 'x', message, hint: 'try again' }));
      return tick();
    },
  });
  return { answer, cancel: () => {} };
};

function open(rows: readonly RunRow[], view: Partial<View> = {}): ExplorerState {
  const state = new ExplorerState(rowsToRuns(rows), infoOf(rows));
  state.setView({ ...emptyView(), ...view });
  table = new RunTable(state, ask);
  const root = document.createElement('div');
  root.className = 'mam-root';
  root.append(table.element);
  document.body.replaceChildren(root);
  return state;
}

const rowAt = (i: number) => table.element.querySelector<HTMLElement>(`tr[data-line="${i}"]`)!;
const names = () =>
  [...table.element.querySelectorAll('tr[data-line] td:nth-child(2)')].map((cell) => cell.textContent);
const cell = (i: number, key: string) => rowAt(i).querySelector<HTMLElement>(`[data-key="${key}"]`);
const press = (key: string, more: object = {}) =>
  table.scroller.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }),
  );
const click = (i: number, more: object = {}) =>
  rowAt(i)
    .querySelector('td:nth-child(3)')!
    .dispatchEvent(new MouseEvent('click', { bubbles: true, ...more }));
const choose = (label: string) =>
  [...document.querySelectorAll<HTMLElement>('[role^=menuitem]')]
    .find((item) => item.querySelector('.mam-menu-label')?.textContent === label)!
    .click();
const openColumn = (key: string) =>
  table.element.querySelector<HTMLElement>(`th[data-key="${key}"] .mam-col-menu`)!.click();

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
});
afterEach(() => {
  table?.destroy();
  vi.useRealTimers();
});

/** Run i's parent is the one that `parents` names. */
function family(parents: readonly (string | null)[]): RunRow[] {
  return sweep(parents.length).map((row, i) => ({
    ...row,
    tags: parents[i] === null ? {} : { 'mlflow.parentRunId': parents[i] ?? '' },
  }));
}

describe('child runs', () => {
  it('open below their parents, level by level', () => {
    open(family([null, 'id0', 'id1', null, 'id0']), { tree: true });
    expect(names()).toEqual(['run-02', expect.stringContaining('img')]);
    rowAt(0).querySelector<HTMLElement>('.mam-fold')!.click();
    expect(names()).toEqual(['run-02', 'run-11', 'run-4', expect.stringContaining('img')]);
    table.activate(1);
    press('ArrowRight');
    expect(names()[2]).toBe('run-2');
    expect(rowAt(2).getAttribute('aria-level')).toBe('3');
    press('ArrowLeft');
    expect(names().length).toBe(4);
  });

  it('keep their parent in view, open, when only they match', () => {
    const state = open(family([null, 'id0', 'id1', null]), { tree: true });
    state.setQuery("run_name = 'run-2'");
    expect(names()).toEqual(['run-01', 'run-11', 'run-2']);
    expect(rowAt(0).className).toContain('mam-context');
    expect(rowAt(2).className).not.toContain('mam-context');
  });

  it('stand by the best of them where the parent has no value', () => {
    const rows = family([null, null, 'id0', 'id1']);
    rows[0].metrics = {};
    rows[1].metrics = {};
    rows[2].metrics = { rmse: 9 };
    rows[3].metrics = { rmse: 1 };
    open(rows, { tree: true, sort: [{ key: 'metrics.rmse', descending: false }] });
    expect(names()).toEqual(['run-11', 'run-01']);
  });

  it('whose parents are gone or go in a circle are shown all the same', () => {
    const runs = rowsToRuns(family(['id1', 'id2', 'id0', 'nowhere', 'id4']));
    const parents = parentsOf(runs)!;
    expect([...parents].filter((parent) => parent < 0).length).toBe(3);
    const state = open(family(['id1', 'id2', 'id0', 'nowhere', 'id4']), { tree: true });
    const opened = new Set(state.runs.ids);
    expect(linesOf(state, state.runs, opened).length).toBe(5);
    expect(hasChildren(rowsToRuns(family([null, 'gone'])))).toBe(false);
  });
});

describe('groups', () => {
  const by = { group_by: ['params.depth'] };

  it('have mean, spread and count of each metric, and stand by their mean', () => {
    const state = open(sweep(40), { ...by, sort: [{ key: 'metrics.rmse', descending: true }] });
    const groups = groupsOf(state.runs, by.group_by, state.shown, state.sort);
    const rmse = state.runs.columns.get('metrics.rmse')!;
    const means = groups.map((group) => spreadOf(rmse, group).mean);
    expect(means).toEqual([...means].sort((a, b) => b - a));
    const [first] = groups;
    const values = [...first.rows].map((row) => rmse.numbers![row]);
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    expect(spreadOf(rmse, first).mean).toBeCloseTo(mean, 10);
    expect(spreadOf(rmse, first).std).toBeCloseTo(std, 10);
    expect(rowAt(0).textContent).toContain(' ± ');
    expect(rowAt(0).textContent).toContain('10 runs');
    expect(rowAt(0).textContent).toContain('(8)'); // of ten, two have no r2
  });

  it('open to their runs, and a tick ticks all of them', () => {
    const state = open(sweep(40), by);
    press('ArrowDown');
    press('ArrowRight');
    expect(table.count).toBe(14);
    press(' ');
    expect(state.ticked.size).toBe(10);
    press('Enter');
    expect(table.count).toBe(4);
  });

  it('have neither bars nor lines', () => {
    const state = open(sweep(40), { ...by, marks: { 'metrics.r2': 'line' } });
    openColumn('metrics.r2');
    const disabled = () =>
      [...document.querySelectorAll<HTMLButtonElement>('[role^=menuitem]:disabled .mam-menu-label')].map(
        (label) => label.textContent,
      );
    expect(disabled()).toEqual(['Bars', 'Sparkline']);
    state.set('group_by', []);
    openColumn('metrics.r2');
    expect(disabled()).toEqual([]);
  });
});

describe('what is in the page', () => {
  it('is bounded, whatever the store has', () => {
    const wide = sweep(200).map((row) => ({
      ...row,
      params: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`p${i}`, String(i % 7)])),
    }));
    const columns = ['run_name', ...Array.from({ length: 200 }, (_, i) => `params.p${i}`)];
    open(wide, { columns, marks: { 'metrics.rmse': 'bar' } });
    expect(table.element.querySelectorAll('*').length).toBeLessThan(1500);
    expect(table.element.querySelector('[role=treegrid]')?.getAttribute('aria-rowcount')).toBe('201');
    expect(table.element.querySelector('[role=treegrid]')?.getAttribute('aria-colcount')).toBe('202');
  });

  it('are the columns in view and those that are pinned', () => {
    const rows = sweep(10).map((row) => ({
      ...row,
      params: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`p${i}`, 'x'])),
    }));
    const state = new ExplorerState(rowsToRuns(rows), infoOf(rows));
    state.setColumns(['run_name', ...Array.from({ length: 100 }, (_, i) => `params.p${i}`)]);
    const layout = new Layout(
      state,
      (key) => state.runs.columns.get(key),
      () => 0,
    );
    const { first, last, before } = layout.window(3000, 800);
    expect(layout.pinned.map(({ key }) => key)).toEqual(['run_name']);
    expect(last - first).toBeLessThan(25);
    expect(layout.free[0].left + before).toBe(layout.free[first].left);
    expect(layout.free[first].left - layout.free[0].left).toBeLessThanOrEqual(3000);
    expect(layout.free[last - 1].left + layout.free[last - 1].width - layout.free[0].left).toBeGreaterThan(
      3600,
    );
  });

  it('reaches the last of two million lines', () => {
    const element = { scrollTop: 0, clientHeight: 320 } as HTMLElement;
    const scroll = new RowScroll(element);
    const count = 2_000_000;
    expect(scroll.rows(count).first).toBe(0);
    const { above, below, first, last } = scroll.rows(count);
    const height = above + below + (last - first) * ROW_HEIGHT;
    expect(height).toBeLessThan(17_000_000);
    element.scrollTop = height - 320;
    expect(scroll.rows(count).last).toBe(count);
    element.scrollTop = height / 2;
    const middle = scroll.rows(count).first;
    expect(middle).toBeGreaterThan(900_000);
    element.scrollTop += ROW_HEIGHT * 3; // a turn of the wheel
    expect(scroll.rows(count).first).toBe(middle + 3);
    scroll.show(1_234_567, count, ROW_HEIGHT);
    const shown = scroll.rows(count);
    expect(shown.first).toBeLessThan(1_234_567);
    expect(shown.last).toBeGreaterThan(1_234_567);
  });
});

describe('ticks, stars and the baseline', () => {
  it('Shift ticks all between, by click and by key', () => {
    const state = open(sweep(40));
    click(2);
    click(6, { shiftKey: true });
    expect(state.ticked.size).toBe(5);
    table.activate(10);
    press(' ');
    press('ArrowDown', { shiftKey: true });
    expect(state.ticked.size).toBe(7);
  });

  it('only starred runs is a part of the filter', () => {
    const state = open(sweep(40));
    table.activate(1);
    press('s');
    const [id] = state.view.starred;
    byText<HTMLElement>(table.element, 'button', '★ 1').click();
    expect(state.query).toBe(`run_id IN ('${id}')`);
    expect(table.count).toBe(1);
    byText<HTMLElement>(table.element, 'button', '★ 1').click();
    expect(table.count).toBe(40);
  });

  it('the baseline stays at the top, and others show how far they are from it', () => {
    const state = open(sweep(40));
    const rmse = state.runs.columns.get('metrics.rmse')!.numbers!;
    table.activate(5);
    press('b');
    const base = table.lineAt(5).row;
    expect(table.element.querySelector('.mam-baseline tr')?.getAttribute('data-row')).toBe(String(base));
    expect(rmse[table.lineAt(0).row]).toBeLessThan(rmse[base]);
    expect(cell(0, 'metrics.rmse')?.querySelector('small')?.className).toContain('mam-delta-better');
    expect(table.element.querySelector('.mam-baseline .mam-delta')?.textContent).toBe('');
    press('b');
    expect(state.view.baseline).toBe('');
  });

  it('the row of the baseline is ticked, starred and opens its menu as any other', () => {
    const state = open(sweep(40), { baseline: 'id7' });
    const inside = (selector: string) =>
      table.element.querySelector<HTMLElement>(`.mam-baseline ${selector}`)!;
    inside('input').click();
    expect(state.tickedIds()).toEqual(['id7']);
    expect(inside('tr').getAttribute('aria-selected')).toBe('true');
    inside('.mam-star').click();
    expect(state.view.starred).toEqual(['id7']);
    inside('.mam-row-menu').click();
    expect(document.querySelector('[role=menu]')?.getAttribute('aria-label')).toBe('Actions on run-7');
    choose('Ticked');
    expect(state.ticked.size).toBe(0);
  });
});

describe('columns', () => {
  const bytes = (ids: string[], values: number[]) => {
    const ipc = tableToIPC(tableFromArrays({ run_id: ids, value: values }), {
      format: 'stream',
    }) as Uint8Array;
    return { buffers: [new DataView(ipc.buffer, ipc.byteOffset, ipc.byteLength)] };
  };

  it('show a least value when it has come, and sort by it', async () => {
    const state = open(sweep(4), { sort: [{ key: 'metrics.rmse', descending: false }] });
    openColumn('metrics.rmse');
    choose('Minimum');
    expect(asked[0]).toMatchObject({
      name: 'metric_values',
      args: { metric: 'rmse', how: 'min', step: null },
    });
    expect(cell(0, 'metrics.rmse')?.textContent).toBe('…');
    await asked[0].answer(bytes(['id3', 'id1', 'id0'], [1, 2, 3]));
    expect(names()).toEqual([expect.stringContaining('img'), 'run-1', 'run-0', 'run-2']);
    expect(cell(0, 'metrics.rmse')?.textContent).toBe('1');
    expect(table.element.querySelector('th[data-key="metrics.rmse"] small')?.textContent).toBe('min');
    expect(state.view.values).toEqual({ 'metrics.rmse': 'min' });
  });

  it('say why a value did not come', async () => {
    open(sweep(4), { values: { 'metrics.rmse': 'step:10' } });
    expect(asked[0].args).toEqual({ metric: 'rmse', how: 'step', step: 10 });
    await asked[0].refuse('the store does not answer');
    expect(table.element.querySelector('.mam-notice')?.textContent).toContain('the store does not answer');
    expect(asked.length).toBe(1);
  });

  it('draw the course of the runs in view, asked for once', async () => {
    open(sweep(200), { marks: { 'metrics.r2': 'line' } });
    await vi.advanceTimersByTimeAsync(200);
    expect(asked[0]).toMatchObject({ name: 'history', args: { metrics: ['r2'], points: 60 } });
    const ids = asked[0].args.run_ids as string[];
    expect(ids.length).toBeLessThan(40);
    const points = { run_id: [ids[0], ids[0]], step: [0, 1], value: [1, 0.5] };
    const ipc = tableToIPC(tableFromArrays(points), { format: 'stream' }) as Uint8Array;
    await asked[0].answer({ buffers: [new DataView(ipc.buffer, ipc.byteOffset, ipc.byteLength)] });
    expect(table.element.querySelectorAll('.mam-spark path').length).toBe(1);
    table.scroller.dispatchEvent(new Event('scroll'));
    await vi.advanceTimersByTimeAsync(200);
    expect(asked.length).toBe(1);
  });

  it('are moved, resized, pinned and hidden by keyboard and menu', () => {
    const state = open(sweep(10));
    const head = () => table.element.querySelector<HTMLElement>('[data-sort="metrics.rmse"]')!;
    const on = (key: string, more: object) =>
      head().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }));
    const before = state.columns.indexOf('metrics.rmse');
    on('ArrowLeft', { altKey: true });
    expect(state.columns.indexOf('metrics.rmse')).toBe(before - 1);
    on('ArrowRight', { shiftKey: true });
    const width = state.view.widths['metrics.rmse'];
    on('ArrowLeft', { shiftKey: true });
    expect(state.view.widths['metrics.rmse']).toBe(width - 16);
    openColumn('metrics.rmse');
    choose('Pinned at the left');
    expect(state.view.pinned).toEqual(['run_name', 'metrics.rmse']);
    openColumn('metrics.rmse');
    choose('Hide');
    expect(state.columns).not.toContain('metrics.rmse');
  });

  it('filter by the values they have', () => {
    const state = open(sweep(40));
    openColumn('params.model');
    choose('Filter…');
    choose('rf');
    expect(state.query).toBe("params.model IN ('rf')");
    choose('enet'); // the list stays open
    expect(state.query).toBe("params.model IN ('rf', 'enet')");
  });

  it('are shown and hidden by kind in the chooser', () => {
    const state = open(sweep(10));
    const chooser = new ColumnChooser(state);
    byText<HTMLElement>(chooser.element, 'button', 'Columns').click();
    chooser.element.querySelector<HTMLElement>('[name="none:param"]')!.click();
    expect(state.columns).toEqual(['run_name', 'status', 'start_time', 'metrics.rmse', 'metrics.r2']);
    chooser.element.querySelector<HTMLElement>('[name="all:param"]')!.click();
    expect(state.columns.length).toBe(8);
    chooser.element.querySelector<HTMLElement>('[name="pin:status"]')!.click();
    expect(state.view.pinned).toContain('status');
    chooser.destroy();
  });

  it('that say nothing are one line, which opens', () => {
    const rows = sweep(10).map((row) => ({ ...row, params: { ...row.params, seed: '42' } }));
    open(rows);
    byText<HTMLElement>(table.element, 'button', '1 constant param').click();
    expect(table.element.querySelector('dl')?.textContent).toBe('seed42');
  });
});

describe('editing', () => {
  const submit = () =>
    document.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));

  it('renames when the kernel has done it, and shows a refusal at the row', async () => {
    open(sweep(10));
    table.activate(0);
    press('F2');
    const field = document.querySelector<HTMLInputElement>('form input')!;
    field.value = 'the one';
    submit();
    expect(asked[0]).toMatchObject({
      name: 'edit_run',
      args: { action: 'rename', run_ids: [table.lineAt(0).id], value: 'the one' },
    });
    expect(names()[0]).toBe('run-0');
    await asked[0].refuse('the store is read-only');
    expect(document.querySelector('form [role=alert]')?.textContent).toContain('the store is read-only');
    submit();
    await asked[1].answer({ message: "renamed to 'the one'" });
    expect(document.querySelector('form')).toBeNull();
  });

  it('asks before it deletes, by name, and takes it back', async () => {
    open(sweep(10));
    table.activate(0);
    press('Delete');
    expect(document.querySelector('form')?.textContent).toContain('Delete run-0?');
    expect(asked.length).toBe(0);
    submit();
    await asked[0].answer({ message: 'deleted' });
    byText<HTMLElement>(table.element, 'button', 'Undo').click();
    expect(asked[1].args).toMatchObject({ action: 'restore', run_ids: ['id0'] });
    await asked[1].answer({ message: 'restored' });
    const notice = table.element.querySelector<HTMLElement>('.mam-notice')!;
    expect(notice.textContent).toContain('Restored');
    await vi.advanceTimersByTimeAsync(6000);
    expect(notice.hidden).toBe(true);
  });

  it('is done to the run whose menu it was, also when runs came in meanwhile', async () => {
    const state = open(sweep(10));
    rowAt(0).querySelector<HTMLElement>('.mam-row-menu')!.click();
    const id = table.lineAt(0).id;
    const rows = sweep(11).reverse();
    state.setRuns(rowsToRuns(rows), infoOf(rows));
    choose('Delete…');
    expect(document.querySelector('form')?.textContent).toContain('Delete run-0?');
    submit();
    expect(asked[0].args.run_ids).toEqual([id]);
  });

  it('leaves nothing behind when it is taken away with a menu open', () => {
    open(sweep(10));
    rowAt(0).querySelector<HTMLElement>('.mam-row-menu')!.click();
    expect(document.querySelector('[role=menu]')).not.toBeNull();
    table.destroy();
    expect(document.querySelector('[role=menu]')).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('export', () => {
  const rows = (): RunRow[] => [
    {
      attributes: { run_id: 'a', run_name: '=HYPERLINK("x")' },
      metrics: { m: -1.5 },
      params: { p: '-5' },
      tags: {},
    },
    {
      attributes: { run_id: 'b', run_name: 'a,"b"\n' },
      metrics: { m: 'nan' },
      params: { p: '@sum' },
      tags: {},
    },
    { attributes: { run_id: 'c', run_name: 'plain' }, metrics: {}, params: { p: '1e-3' }, tags: {} },
  ];
  const csv = (runs: Runs) =>
    sheet(runs, [2, 0, 1], ['run_id', 'run_name', 'metrics.m', 'params.p'], ',', (key) => key);

  it('has numbers as they are, and no text that a spreadsheet would run', () => {
    const { text, defused } = csv(rowsToRuns(rows()));
    expect(text.split('\r\n').slice(0, 3)).toEqual([
      'run_id,run_name,metrics.m,params.p',
      'c,plain,,1e-3',
      `a,"'=HYPERLINK(""x"")",-1.5,-5`,
    ]);
    expect(text).toContain(`b,"a,""b""\n",NaN,'@sum`);
    expect(defused).toBe(2);
  });
});
