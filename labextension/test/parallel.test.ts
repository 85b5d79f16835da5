import { readFileSync } from 'node:fs';
import type { AnyModel, RenderProps } from '@anywidget/types';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ColumnInfo } from '../src/contract';
import { colorScale } from '../src/views/color';
import { readRuns, runsFromValues, textAt } from '../src/views/columns';
import { type Brush, brushesOf, partsOf, withBrush } from '../src/views/filter/brushes';
import { filterRuns } from '../src/views/filter/query';
import { parse } from '../src/views/filter/query-syntax';
import { makeAxis } from '../src/views/parallel/axis';
import { frameOf, geometryOf, yOf } from '../src/views/parallel/frame';
import { makeGeometry } from '../src/views/parallel/geometry';
import { shortNames } from '../src/views/parallel/names';
import { Raster } from '../src/views/parallel/raster';
import { sortedRows } from '../src/views/table/sort';
import { writtenByPython } from '../src/views/wire';
import explorer from '../src/widgets/explorer';
import { byText, explorerModel, type FakeModel } from './fakes';
import { type RunRow, sweep } from './runs';

const info = (key: string, over: Partial<ColumnInfo> = {}): ColumnInfo => {
  const [, kind] = /^(metric|param)s\./.exec(key) ?? [];
  const type = kind === 'metric' ? 'number' : 'text';
  const name = key.replace(/^\w+\./, '');
  return { key, kind: kind as 'metric', name, type, varies: true, missing: 0, axis: true, ...over };
};
const odd = [0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null, 0.25, 4];
const runs = runsFromValues(
  new Map<ColumnInfo, (number | string | null)[]>([
    [info('metrics.loss'), odd],
    [info('params.model'), ['rf', 'mlp', null, 'rf', 'gbm', 'mlp', 'rf']],
    [info('params.lr', { type: 'number' }), ['0.001', '0.1', '0.01', '10', '1', '0.1', '100']],
  ]),
);
const kept = (text: string) =>
  [...(filterRuns(text, runs).mask ?? [])].flatMap((on, row) => (on ? [row] : []));

describe('several brushes of an axis', () => {
  const several: Brush = {
    type: 'several',
    parts: [
      { type: 'range', low: 0.2, high: 0.3 },
      { type: 'range', low: 1, high: 5 },
      { type: 'lane', lane: 'missing' },
    ],
  };

  it('are one condition in the query, and are read back from it', () => {
    const text = withBrush("params.model = 'rf'", runs, 'metrics.loss', several);
    expect(text).toBe(
      "params.model = 'rf' AND (metrics.loss >= 0.2 AND metrics.loss <= 0.3 OR metrics.loss >= 1 AND metrics.loss <= 5 OR metrics.loss IS NULL)",
    );
    const brushes = brushesOf(parse(text), runs);
    expect(brushes.get('metrics.loss')).toEqual(several);
    expect(withBrush(text, runs, 'metrics.loss', null)).toBe("params.model = 'rf'");
    expect(kept(withBrush('', runs, 'metrics.loss', several))).toEqual([4, 5, 6]);
  });

  it.each([
    ['missing', [4]],
    ['nan', [1]],
    ['inf', [2]],
    ['-inf', [3]],
  ] as const)('the lane %s lets through what passes on it', (lane, rows) => {
    const text = withBrush('', runs, 'metrics.loss', { type: 'lane', lane });
    expect(kept(text)).toEqual(rows);
    expect(brushesOf(parse(text), runs).get('metrics.loss')).toEqual({ type: 'lane', lane });
  });

  it('words go with the lane of runs that have none', () => {
    const text = "(params.model IN ('rf') OR params.model IS NULL)";
    expect(partsOf(brushesOf(parse(text), runs).get('params.model')).map(({ type }) => type)).toEqual([
      'words',
      'lane',
    ]);
    expect(kept(text)).toEqual([0, 2, 3, 6]);
  });

  it('are no brush when they are about two columns', () => {
    expect(brushesOf(parse("(metrics.loss > 1 OR params.model = 'rf')"), runs).size).toBe(0);
  });

  it('a range up to the end of an axis does not mean infinity', () => {
    const part = makeAxis(runs.columns.get('metrics.loss')!, null).brushAt(0.5, 1, 200);
    expect(part).toMatchObject({ type: 'range', high: expect.any(Number) });
    expect(part?.type === 'range' && Number.isFinite(part.high)).toBe(true);
  });
});

describe('axes', () => {
  it('by rank are as far apart as runs lie between, and turn a place into its value', () => {
    const axis = makeAxis(runs.columns.get('params.lr')!, 'quantile');
    expect(axis.scale).toBe('quantile');
    expect(axis.positions[0]).toBeCloseTo(0.03 / 1.06);
    expect(axis.positions[6]).toBeCloseTo(1.03 / 1.06);
    const part = axis.brushAt(axis.positions[4] - 0.02, axis.positions[4] + 0.02, 200);
    expect(part?.type === 'range' && part.low <= 1 && part.high >= 1).toBe(true);
  });

  it('upside down and on lanes, lines go where the axis says', () => {
    const axes = [
      makeAxis(runs.columns.get('metrics.loss')!, null),
      makeAxis(runs.columns.get('params.lr')!, 'log'),
    ];
    const frame = frameOf(axes, ['metrics.loss'], 600, 300);
    const { ys } = geometryOf(axes, frame);
    expect(frame.lanes.map(({ lane }) => lane)).toEqual(['missing', 'nan', '-inf', 'inf']);
    expect(ys[0][4]).toBeCloseTo(frame.lanes[0].y);
    expect(ys[0][0]).toBeGreaterThan(ys[0][5]);
    expect(ys[1][0]).toBeGreaterThan(ys[1][6]);
    expect(ys[0][6]).toBeCloseTo(yOf(frame, 0, axes[0].positions[6]));
  });

  it('of more words than can be told apart say so, and cannot be brushed', () => {
    const names = Array.from({ length: 500 }, (_, i) => `cfg-${i}`);
    const [column] = runsFromValues(new Map([[info('params.cfg'), names]])).columns.values();
    const axis = makeAxis(column, null);
    expect(axis.note).toContain('500 texts');
    expect(axis.brushAt(0, 0.5, 200)).toBeNull();
    expect(axis.ticks.length).toBeLessThanOrEqual(200);
  });

  it('leave out of names what many begin with', () => {
    const names = ['training_loss', 'training_f1_macro', 'training_f1_micro', 'rmse'];
    expect([...shortNames(names.map((name) => info(`metrics.${name}`))).values()]).toEqual([
      '…loss',
      '…f1_macro',
      '…f1_micro',
      'rmse',
    ]);
  });
});

describe('colours', () => {
  it('go by rank as the picture of the notebook has it, infinities without', () => {
    const { bins, low, high } = colorScale(runs.columns.get('metrics.loss')!, 7, false, null);
    expect([low, high]).toEqual([0.25, 4]);
    expect([...bins]).toEqual([12, 24, 24, 24, 24, 4, 20]);
  });

  it('of words are their own', () => {
    const { bins, words, others } = colorScale(runs.columns.get('params.model')!, 7, true, null);
    expect(words).toEqual(['gbm', 'mlp', 'rf']);
    expect([...bins]).toEqual([2, 1, 24, 2, 0, 1, 2]);
    expect(others).toBe(0);
  });
});

describe('the raster', () => {
  beforeEach(() => {
    vi.stubGlobal(
      'ImageData',
      class {
        readonly data: Uint8ClampedArray;
        constructor(width: number, height: number) {
          this.data = new Uint8ClampedArray(width * height * 4);
        }
      },
    );
  });
  afterEach(() => vi.unstubAllGlobals());

  /** What is painted of lines, each `times` times, as opaque as if each were there once. */
  function painted(times: number, filled: boolean): Uint32Array {
    const rows = 60;
    const y = (k: number) => Float32Array.from({ length: rows }, (_, row) => (row * k) % 40);
    const geometry = makeGeometry(80, 40, Float32Array.of(0, 40, 80), [y(3), y(7), y(11)]);
    const lines = Int32Array.from({ length: rows * times }, (_, i) => i % rows);
    const bins = Uint8Array.from({ length: rows }, (_, row) => (row % 5 === 0 ? 24 : row % 24));
    const scale = {
      ...colorScale(null, rows, false, null),
      colors: Array.from({ length: 25 }, (_, i) => `rgb(${i} 0 0)`),
      bins,
    };
    const style = { scale: 1, step: 1, filled, opacity: (n: number) => Math.min(1, n / times / 50) };
    const raster = new Raster(geometry, lines, scale, style);
    raster.draw(0);
    raster.draw(1);
    let pixels = new Uint32Array(0);
    const context = {
      putImageData: ({ data }: ImageData) => {
        pixels = new Uint32Array(data.buffer.slice(0));
      },
    };
    raster.paint(context as unknown as CanvasRenderingContext2D);
    return pixels;
  }

  it.each([true, false])('counts lines that share their pixels as it counts each (filled: %s)', (filled) => {
    const [one, five] = [painted(1, filled), painted(5, filled)];
    expect(one.some((pixel) => pixel !== 0)).toBe(true);
    expect([...five]).toEqual([...one]);
  });

  it('has every line in every column of pixels', () => {
    const pixels = painted(1, false);
    const alpha = (x: number) => Array.from({ length: 40 }, (_, y) => pixels[y * 80 + x] >>> 24);
    for (const x of [0, 17, 39, 40, 79]) {
      expect(alpha(x).reduce((sum, a) => sum + Math.round((a / 255) * 50), 0)).toBe(60);
    }
  });
});

describe('order', () => {
  it('is that of comparing two by two, with NaN last and equal ones in their order', () => {
    let seed = 7;
    const random = () => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return seed / 0x7fffffff;
    };
    const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 5e-324, -1e308];
    const a = Array.from({ length: 3000 }, () =>
      random() < 0.2 ? special[Math.floor(random() * 7)] : random() - 0.5,
    );
    const b = Array.from({ length: 3000 }, () => Math.floor(random() * 4));
    const many = runsFromValues(
      new Map([
        [info('metrics.a'), a],
        [info('metrics.b'), b],
      ]),
    );
    const mask = Uint8Array.from(a, (_, row) => (row % 3 ? 1 : 0));
    const compare = (values: number[], descending: boolean) => (x: number, y: number) => {
      const [p, q] = [values[x], values[y]];
      if (Number.isNaN(p) || Number.isNaN(q)) return Number(Number.isNaN(p)) - Number(Number.isNaN(q));
      return p === q ? 0 : p < q === descending ? 1 : -1;
    };
    for (const descending of [true, false]) {
      const sort = [
        { key: 'metrics.b', descending: !descending },
        { key: 'metrics.a', descending },
      ];
      const wanted = a.map((_, row) => row).filter((row) => mask[row]);
      wanted.sort((x, y) => compare(b, !descending)(x, y) || compare(a, descending)(x, y) || x - y);
      expect([...sortedRows(many, mask, sort)]).toEqual(wanted);
    }
  });
});

describe('the wire', () => {
  it.each([
    [0.1, '0.1'],
    [1e-5, '1e-05'],
    [0.0001, '0.0001'],
    [1e16, '1e+16'],
    [123456789012345680, '1.2345678901234568e+17'],
    [100000, '100000.0'],
    [-0, '-0.0'],
    [1.5e300, '1.5e+300'],
  ])('%d is written as Python does', (value, text) => expect(writtenByPython(value)).toBe(text));

  it('what frames/wire.py packs is read to the last bit', () => {
    const folder = `${import.meta.dirname}/../../tests/fixtures`;
    const { columns, values } = JSON.parse(readFileSync(`${folder}/wire.json`, 'utf8'));
    const read = readRuns(new Uint8Array(readFileSync(`${folder}/wire.arrow`)), columns);
    for (const { key, kind } of columns as ColumnInfo[]) {
      const column = read.columns.get(key)!;
      const found = (values[key] as unknown[]).map((_, row) => {
        if (column.missing[row]) return null;
        return kind === 'metric' ? String(column.numbers?.[row]) : textAt(column, row);
      });
      const wanted = (values[key] as (string | null)[]).map((value) =>
        value === null || kind !== 'metric' ? value : String(Number(value)),
      );
      expect(found, key).toEqual(wanted);
    }
  });
});

describe('gestures', () => {
  let el: HTMLElement;
  let clean: () => void;
  const rows: RunRow[] = sweep(240);

  function render(model: FakeModel): void {
    clean = explorer.render({
      model: model as unknown as AnyModel,
      el,
      experimental: {},
    } as unknown as RenderProps<never>) as () => void;
  }
  const xOf = (i: number) => Number(el.querySelectorAll('.mam-axis-line')[i].getAttribute('x1'));
  const svg = () => el.querySelector('.mam-axes')!;
  function drag(axis: number, from: number, to: number, shiftKey = false): void {
    const at = { clientX: xOf(axis), button: 0, bubbles: true, shiftKey };
    svg().dispatchEvent(new PointerEvent('pointerdown', { ...at, clientY: from }));
    if (to !== from) window.dispatchEvent(new PointerEvent('pointermove', { ...at, clientY: to }));
    window.dispatchEvent(new PointerEvent('pointerup', { ...at, clientY: to }));
    vi.advanceTimersByTime(500);
  }
  const title = (key: string) => el.querySelector<HTMLElement>(`.mam-axis-title[data-key="${key}"]`)!;
  const press = (key: string, name: string, more: object = {}) =>
    title(key).dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, ...more }));

  beforeEach(() => {
    vi.useFakeTimers();
    el = document.createElement('div');
    document.body.replaceChildren(el);
  });
  afterEach(() => {
    clean();
    vi.useRealTimers();
  });

  it('shift-drag adds a range, a click on the empty axis clears', () => {
    const model = explorerModel(rows);
    render(model);
    drag(4, 80, 110);
    expect(el.querySelectorAll('.mam-brush').length).toBe(1);
    drag(4, 150, 190, true);
    expect(el.querySelectorAll('.mam-brush').length).toBe(2);
    expect(model.state.query).toMatch(/^\(metrics\.rmse >= .* OR .*\)$/);
    drag(4, 220, 220);
    expect(model.state.query).toBe('');
  });

  it('a click on a lane chooses the runs on it', () => {
    const model = explorerModel(rows);
    render(model);
    const y = Number(el.querySelector('.mam-lane')!.getAttribute('y1'));
    drag(3, y, y);
    expect(model.state.query).toBe('metrics.r2 IS NULL');
    expect(el.querySelector('.mam-count')?.textContent).toBe('48 of 240 runs');
    drag(3, y, y);
    expect(model.state.query).toBe('');
  });

  it('the menu of an axis changes its scale, turns it over and hides it, and Python hears of it', () => {
    const model = explorerModel(rows);
    render(model);
    const choose = (key: string, label: string) => {
      title(key).click();
      const items = [...el.querySelectorAll<HTMLElement>('[role^=menuitem]')];
      items.find((item) => item.textContent?.includes(label))!.click();
      vi.advanceTimersByTime(500);
    };
    choose('params.depth', 'By rank');
    choose('params.depth', 'Flip');
    expect(model.state.view).toMatchObject({
      scales: { 'params.depth': 'quantile' },
      flipped: ['params.depth'],
    });
    choose('params.depth', 'Hide');
    expect(model.state.axes).toEqual(['params.alpha', 'params.model', 'metrics.r2', 'metrics.rmse']);
  });

  it('keys turn an axis over, switch its logarithm, choose runs without a value and move it', () => {
    const model = explorerModel(rows);
    render(model);
    press('params.alpha', 'l');
    press('metrics.r2', 'f');
    press('metrics.r2', 'm');
    press('params.depth', 'ArrowLeft', { altKey: true });
    vi.advanceTimersByTime(500);
    expect(model.state.view).toMatchObject({ scales: { 'params.alpha': 'linear' }, flipped: ['metrics.r2'] });
    expect(model.state.query).toBe('metrics.r2 IS NULL');
    expect((model.state.axes as string[]).slice(0, 2)).toEqual(['params.depth', 'params.alpha']);
  });

  it('orders the axes by importance, the most important first', async () => {
    const model = explorerModel(rows);
    render(model);
    byText(el, 'button', 'Order by importance').click();
    expect(model.sent[model.sent.length - 1]).toMatchObject({
      name: 'importance',
      args: { metric: 'rmse', query: '' },
    });
    const row = (key: string, importance: number) => ({
      key,
      importance,
      low: 0,
      high: importance,
      direction: 'none',
    });
    const found = [row('params.model', 0.7), row('params.depth', 0.2), row('params.alpha', 0.1)];
    model.answer({ metric: 'rmse', rows: found, method: 'forest', runs: 240, floor: 0.02, note: '' });
    await vi.advanceTimersByTimeAsync(500);
    expect((model.state.axes as string[]).slice(0, 3)).toEqual([
      'params.model',
      'params.depth',
      'params.alpha',
    ]);
    expect(el.querySelectorAll('.mam-weight').length).toBe(3);
  });

  it('colours by words, and says which colour is which', () => {
    render(explorerModel(rows, { color: 'params.model' }));
    expect(el.querySelector('.mam-legend')?.textContent).toBe('enetrf');
  });
});
