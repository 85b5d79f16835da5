/** What charts compute before they draw. */
import { describe, expect, it } from 'vitest';

import { fiveOf } from '../src/views/charts/box';
import { interpolated, reachOf } from '../src/views/charts/contour';
import { goalOf } from '../src/views/charts/goals';
import { inside } from '../src/views/charts/marks';
import { frontOf } from '../src/views/charts/pareto';
import { SvgPen } from '../src/views/charts/pen';
import { numberScale } from '../src/views/charts/scale';
import { meanOf, smoothed } from '../src/views/charts/series';
import { linearTicks, logTicks } from '../src/views/ticks';

const floats = (...values: number[]) => Float64Array.from(values);

describe('smoothing', () => {
  it('leaves a constant where it is, from the first point on', () => {
    expect([...smoothed(floats(5, 5, 5), 0.9)].map((value) => value.toFixed(9))).toEqual(
      Array(3).fill('5.000000000'),
    );
  });

  it('passes over what is not finite', () => {
    const [first, nan, last] = smoothed(floats(1, Number.NaN, 3), 0.5);
    expect([first, nan]).toEqual([1, Number.NaN]);
    // Weights 1/3 and 2/3: the mean of 1 and 3 with 0.5 for each step back, corrected.
    expect(last).toBeCloseTo((0.5 * 0.5 * 1 + 0.5 * 3) / 0.75, 12);
  });
});

describe('mean and deviation', () => {
  it('takes runs as straight between their points and no further', () => {
    const band = meanOf([
      { x: floats(0, 2, 4), y: floats(0, 2, 4) },
      { x: floats(0, 4), y: floats(2, 6) },
      { x: floats(1, 2), y: floats(10, Number.NaN) },
    ]);
    expect([...band.x]).toEqual([0, 1, 2, 4]);
    expect([...band.count]).toEqual([2, 3, 2, 2]);
    expect([...band.y].map((y) => y.toFixed(9))).toEqual([1, 14 / 3, 3, 5].map((y) => y.toFixed(9)));
    expect(band.std[0]).toBeCloseTo(Math.SQRT2, 12);
  });

  it('knows no deviation of one run', () => {
    expect([...meanOf([{ x: floats(1), y: floats(3) }]).std]).toEqual([Number.NaN]);
  });
});

describe('Pareto front', () => {
  const x = [1, 2, 3, 2, 1, 4, 1];
  const y = [5, 3, 4, 3, 9, 1, 5];
  const rows = Int32Array.from(x.keys());

  it('keeps what no run beats, and ties', () => {
    expect([...frontOf(rows, x, y, ['min', 'min'])].sort()).toEqual([0, 1, 3, 5, 6]);
    expect([...frontOf(rows, x, y, ['max', 'max'])].sort()).toEqual([2, 4, 5]);
  });

  it('agrees with the definition on random runs', () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 16807) % 2147483647;
      return seed % 199;
    };
    const a = Array.from({ length: 5000 }, random);
    const b = Array.from({ length: 5000 }, (_, i) => random() - a[i]);
    const all = Int32Array.from(a.keys());
    const beaten = (i: number) =>
      a.some((_, j) => a[j] <= a[i] && b[j] >= b[i] && (a[j] < a[i] || b[j] > b[i]));
    const wanted = [...all].filter((i) => !beaten(i));
    expect([...frontOf(all, a, b, ['min', 'max'])].sort((p, q) => p - q)).toEqual(wanted);
  });
});

describe('boxes', () => {
  it('has quartiles between the ranks, and whiskers at data within 1.5 boxes', () => {
    expect(fiveOf(floats(1, 2, 3, 4, 100))).toEqual({ low: 1, q1: 2, median: 3, q3: 4, high: 4 });
    expect(fiveOf(floats(7))).toEqual({ low: 7, q1: 7, median: 7, q3: 7, high: 7 });
  });
});

describe('contour', () => {
  it('is blank where no run is near, and between values where some are', () => {
    const grid = interpolated([0.1, 0.3], [0.5, 0.5], [0, 10]);
    const at = (x: number, y: number) => grid[Math.floor(y * 48) * 72 + Math.floor(x * 72)];
    expect(at(0.9, 0.5)).toBeNaN();
    expect(at(0.1, 0.5)).toBeLessThan(1);
    expect(at(0.2, 0.5)).toBeGreaterThan(2);
    expect(at(0.2, 0.5)).toBeLessThan(8);
  });
});

it('lets a run speak for less, the more there are, but over the gaps of a param with few values', () => {
  const spread = (count: number) => Array.from({ length: count }, (_, i) => (i + 0.5) / count);
  expect(reachOf(spread(10_000), 72)).toBeLessThan(reachOf(spread(20), 72));
  const eight = spread(10_000).map((at) => Math.round(at * 7) / 7.1);
  expect(reachOf(eight, 72)).toBeGreaterThan(0.5 / 7);
});

describe('scales', () => {
  it('has no place for what is not finite, nor for 0 on a logarithmic axis', () => {
    const log = numberScale(0.01, 100, { log: true });
    expect([0, -1, Number.NaN, Number.POSITIVE_INFINITY].map(log.at)).toEqual(Array(4).fill(Number.NaN));
    expect(log.value(log.at(3))).toBeCloseTo(3, 12);
    expect(log.at(1)).toBeCloseTo(0.5, 12);
  });

  it('puts a lone value in the middle', () => {
    expect(numberScale(5, 5).at(5)).toBe(0.5);
  });

  it('has round marks, few or many', () => {
    expect(linearTicks(0.2, 9.7).map(({ label }) => label)).toEqual(['2', '4', '6', '8']);
    expect(logTicks(1e-5, 1).map(({ value }) => value)).toEqual([1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1]);
    expect(logTicks(3, 90).map(({ value }) => value)).toEqual([5, 10, 20, 50]);
    expect(logTicks(50, 70).length).toBeGreaterThan(2);
    expect(logTicks(1e-300, 1e300).length).toBeLessThan(8);
  });
});

it('guesses which way a second metric gets better', () => {
  const names = ['val_rmse', 'fit_time', 'f1', 'neg_mean_squared_error', 'epoch'];
  expect(names.map(goalOf)).toEqual(['min', 'min', 'max', 'max', null]);
});

it('knows what is within a lasso', () => {
  const square = [0, 0, 10, 0, 10, 10, 0, 10];
  expect([inside(square, 5, 5), inside(square, 15, 5)]).toEqual([true, false]);
});

it('writes hostile names into SVG as text', () => {
  const pen = new SvgPen(100, 50, '"A&B"', '#fff');
  pen.text(1, 2, '<script>alert(1)</script>\u0000"&', { color: '"><script>' });
  const file = new DOMParser().parseFromString(pen.file, 'image/svg+xml');
  expect(file.querySelector('script')).toBeNull();
  expect(pen.file).not.toContain('<script');
  expect(file.querySelector('text')?.textContent).toContain('<script>alert(1)</script>\ufffd"&');
});
