import { tableFromArrays, tableToIPC } from '@uwdata/flechette';
import { describe, expect, it } from 'vitest';
import { parseNumber, readRuns, textAt } from '../src/views/columns';
import { suggestedName } from '../src/views/dialog';
import { brushesOf, roundOutward, withBrush } from '../src/views/filter/brushes';
import { parse } from '../src/views/filter/query-syntax';
import { cellFormatter, formatNumber } from '../src/views/format';
import { makeAxis } from '../src/views/parallel/axis';
import { nearestLine } from '../src/views/parallel/geometry';
import { alphaFor } from '../src/views/parallel/lines';
import { sortedRows } from '../src/views/table/sort';
import { columnsOf, rowsToRuns, sweep } from './runs';

const runs = rowsToRuns(sweep(240));
const rows = sweep(30);

describe('columns', () => {
  it('are the same through Arrow as from values', () => {
    const columns = columnsOf(rows);
    const arrays = Object.fromEntries([...columns].map(([info, cells]) => [info.key, cells]));
    const bytes = tableToIPC(tableFromArrays(arrays), { format: 'stream' }) as Uint8Array;
    const read = readRuns(bytes, [...columns.keys()]);
    const plain = rowsToRuns(rows);
    expect([...read.columns.keys()]).toEqual([...plain.columns.keys()]);
    for (const [key, column] of read.columns) {
      const other = plain.columns.get(key)!;
      expect([...column.missing], key).toEqual([...other.missing]);
      if (column.numbers) expect([...column.numbers], key).toEqual([...other.numbers!]);
      else
        expect(
          rows.map((_, row) => textAt(column, row)),
          key,
        ).toEqual(rows.map((_, row) => textAt(other, row)));
    }
  });

  it.each([
    ['1e-3', 0.001],
    ['2.', 2],
    [' 2', null],
    ['0x10', null],
    ['', null],
    ['inf', Number.POSITIVE_INFINITY],
    ['nan', Number.NaN],
  ])('%s as a number', (text, wanted) => expect(parseNumber(text)).toEqual(wanted));
});

describe('brushes', () => {
  it('replace the conjuncts of their own column only', () => {
    const text = "status = 'FINISHED' AND metrics.rmse < 60 AND (params.depth = 1 OR params.depth = 2)";
    expect(withBrush(text, runs, 'metrics.rmse', { type: 'range', low: 50, high: 55 })).toBe(
      "status = 'FINISHED' AND (params.depth = 1 OR params.depth = 2) AND metrics.rmse >= 50 AND metrics.rmse <= 55",
    );
  });

  it('keep an OR together', () => {
    expect(
      withBrush('rmse < 51 OR rmse > 60', runs, 'metrics.r2', {
        type: 'range',
        low: 0.5,
        high: Number.POSITIVE_INFINITY,
      }),
    ).toBe('(rmse < 51 OR rmse > 60) AND metrics.r2 >= 0.5');
  });

  it('quote odd texts', () => {
    expect(withBrush('', runs, 'params.model', { type: 'words', texts: ["it's"] })).toBe(
      "params.model IN ('it''s')",
    );
  });

  it('are read back from the query they wrote', () => {
    const brush = { type: 'range', low: 1793491200000, high: 1793494800000 } as const;
    const text = withBrush('', runs, 'start_time', brush);
    expect(text).toContain("start_time >= '2026-11-01T00:00:00Z'");
    expect(brushesOf(parse(text), runs).get('start_time')).toEqual(brush);
  });

  it('are not read from under NOT or OR', () => {
    expect(brushesOf(parse('NOT rmse < 5'), runs).size).toBe(0);
    expect(brushesOf(parse('rmse < 5 OR r2 < 5'), runs).size).toBe(0);
  });

  it.each([0.1234567, 54.20001, 1e-7, 123456.7, -2.99792])(
    '%d is rounded outward, at most six digits',
    (value) => {
      expect(roundOutward(value, false, 0)).toBeLessThanOrEqual(value);
      expect(roundOutward(value, true, 0)).toBeGreaterThanOrEqual(value);
      expect(Math.abs(roundOutward(value, true, 0) - value)).toBeLessThan(Math.abs(value) * 1e-4);
      expect(roundOutward(value, true, 1e9).toString().length).toBeLessThan(9);
    },
  );
});

describe('axes', () => {
  const axis = (key: string) => makeAxis(runs.columns.get(key)!, null);

  it('are logarithmic for a sweep over magnitudes', () => {
    expect(axis('params.alpha').log).toBe(true);
    expect(axis('params.depth').log).toBe(false);
    expect(axis('metrics.rmse').log).toBe(false);
  });

  it('put runs without a value on the lane', () => {
    expect(Number.isNaN(axis('metrics.r2').positions[4])).toBe(true);
  });

  it('turn a stretch into a brush that covers the same', () => {
    const rmse = axis('metrics.rmse');
    const brush = rmse.brushAt(0.2, 0.6, 200)!;
    const [[low, high]] = rmse.stretches(brush);
    expect(low).toBeGreaterThan(0.19);
    expect(low).toBeLessThanOrEqual(0.2001);
    expect(high).toBeGreaterThanOrEqual(0.5999);
    expect(high).toBeLessThan(0.61);
  });

  it('leave a bound out that reaches the end, and both when all is covered', () => {
    expect(axis('metrics.rmse').brushAt(0, 0.5, 200)).toMatchObject({ low: Number.NEGATIVE_INFINITY });
    expect(axis('metrics.rmse').brushAt(0, 1, 200)).toBeNull();
  });

  it('choose words', () => {
    expect(axis('params.model').brushAt(0.1, 0.3, 200)).toEqual({ type: 'words', texts: ['rf'] });
  });
});

describe('lines', () => {
  const geometry = {
    width: 100,
    height: 100,
    xs: Float32Array.of(0, 100),
    ys: [Float32Array.of(10, 90), Float32Array.of(10, 50)],
  };

  it('finds the nearest', () => {
    expect(nearestLine([0, 1], geometry, 50, 14)[0]).toBe(0);
    expect(nearestLine([0, 1], geometry, 50, 68)[0]).toBe(1);
    expect(nearestLine([], geometry, 50, 68)[0]).toBe(-1);
  });

  it('get fainter as they get many', () => {
    expect(alphaFor(10)).toBeGreaterThan(alphaFor(1000));
    expect(alphaFor(1e6)).toBe(0.1);
  });
});

describe('words and numbers', () => {
  it.each([
    [0.01234567, '0.01235'],
    [57.926, '57.93'],
    [123456.7, '123457'],
    [1.2e-5, '1.2e-5'],
    [10, '10'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-∞'],
  ])('%d', (value, text) => expect(formatNumber(value)).toBe(text));

  it('a column shows the same decimals in each row', () => {
    const cell = cellFormatter(runs.columns.get('metrics.rmse')!);
    expect(cell(0)).toBe('50');
  });

  it('missing values are last in both directions', () => {
    const mask = new Uint8Array(240).fill(1);
    for (const descending of [true, false]) {
      const order = sortedRows(runs, mask, [{ key: 'metrics.r2', descending }]);
      expect(order[239] % 5).toBe(4);
    }
  });

  it.each([
    ['01_quickstart.ipynb', 'quickstart'],
    ['Wine Quality!', 'wine-quality'],
    ['/Users/ana/sweep', 'sweep'],
    ['2024', 'model'],
  ])('%s suggests a name', (title, name) => expect(suggestedName(title)).toBe(name));
});
