/** What is done to the points of a history before they are drawn: smoothing, and the mean of several runs. */

export interface Series {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

export interface Band extends Series {
  /** Standard deviation over the runs (n - 1); NaN where there is one run. */
  readonly std: Float64Array;
  readonly count: Float64Array;
}

/** Points of a mean: as many as are seen. */
const MEAN_POINTS = 400;

/**
 * Exponential moving average; `weight` of what came before, 0 leaves the values as they are. The first values are not
 * drawn towards 0 (the correction of Kingma and Ba 2015, section 3). A NaN stays one and is passed over.
 */
export function smoothed(values: Float64Array, weight: number): Float64Array {
  if (!(weight > 0)) return values;
  let last = 0;
  let left = 1;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    last = last * weight + value * (1 - weight);
    left *= weight;
    return last / (1 - left);
  });
}

/** Mean and deviation of several series where each has values; between its points a run is taken to be straight. */
export function meanOf(all: readonly Series[]): Band {
  const x = gridOf(all);
  const mean = new Float64Array(x.length);
  const squares = new Float64Array(x.length);
  const count = new Float64Array(x.length);
  for (const series of all) {
    const finite = Array.from(series.y.keys()).filter((i) => Number.isFinite(series.y[i]));
    let next = 0;
    for (let i = 0; i < x.length; i++) {
      while (next < finite.length && series.x[finite[next]] < x[i]) next++;
      if (next >= finite.length) break;
      const to = finite[next];
      if (series.x[to] !== x[i] && next === 0) continue;
      const from = series.x[to] === x[i] ? to : finite[next - 1];
      const part = to === from ? 0 : (x[i] - series.x[from]) / (series.x[to] - series.x[from]);
      const y = series.y[from] + (series.y[to] - series.y[from]) * part;
      // Welford (1962): no cancellation where the values are large and close.
      count[i] += 1;
      const away = y - mean[i];
      mean[i] += away / count[i];
      squares[i] += away * (y - mean[i]);
    }
  }
  const std = squares.map((square, i) => (count[i] > 1 ? Math.sqrt(square / (count[i] - 1)) : Number.NaN));
  return { x, y: mean.map((y, i) => (count[i] > 0 ? y : Number.NaN)), std, count };
}

function gridOf(all: readonly Series[]): Float64Array {
  const places = new Set<number>();
  for (const { x } of all) for (const at of x) places.add(at);
  const sorted = Float64Array.from(places).sort();
  if (sorted.length <= MEAN_POINTS) return sorted;
  const [first, last] = [sorted[0], sorted[sorted.length - 1]];
  return Float64Array.from(
    { length: MEAN_POINTS },
    (_, i) => first + ((last - first) * i) / (MEAN_POINTS - 1),
  );
}
