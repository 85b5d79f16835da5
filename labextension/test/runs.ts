/** Runs for tests, by the form of tests/fixtures/query_runs.json. */
import { CONTRACT_VERSION, type ColumnInfo, type ExplorerInfo } from '../src/contract';
import { parseNumber, type Runs, runsFromValues } from '../src/views/columns';

type Cell = string | number | null;
export interface RunRow {
  attributes: Record<string, Cell>;
  metrics: Record<string, number | string>;
  params: Record<string, string>;
  tags: Record<string, string>;
}

const GROUPS = [
  ['attribute', 'attributes', ''],
  ['metric', 'metrics', 'metrics.'],
  ['param', 'params', 'params.'],
  ['tag', 'tags', 'tags.'],
] as const;

export function columnsOf(rows: readonly RunRow[]): Map<ColumnInfo, Cell[]> {
  const columns = new Map<ColumnInfo, Cell[]>();
  for (const [kind, group, prefix] of GROUPS) {
    const names = [...new Set(rows.flatMap((row) => Object.keys(row[group])))];
    for (const name of names) {
      const cells = rows.map((row) => row[group][name] ?? null);
      const present = cells.filter((cell) => cell !== null);
      const number = present.every((cell) => Number.isFinite(parseNumber(String(cell)) ?? Number.NaN));
      const time = kind === 'attribute' && name.endsWith('_time');
      const type = time ? 'time' : kind === 'metric' || (kind === 'param' && number) ? 'number' : 'text';
      const varies = new Set(cells).size > 1;
      const axis = varies && (kind === 'param' || kind === 'metric');
      const missing = cells.length - present.length;
      columns.set({ key: prefix + name, kind, name, type, varies, missing, axis }, cells);
    }
  }
  return columns;
}

export function rowsToRuns(rows: readonly RunRow[]): Runs {
  return runsFromValues(columnsOf(rows));
}

export function infoOf(rows: readonly RunRow[], over: Partial<ExplorerInfo> = {}): ExplorerInfo {
  return {
    contract: CONTRACT_VERSION,
    removed: [],
    changed: [],
    live: false,
    title: 'wine',
    store: 'sqlite mlflow.db',
    total: rows.length,
    loaded: rows.length,
    columns: [...columnsOf(rows).keys()],
    metric: 'metrics.rmse',
    goal: 'min',
    why_goal: 'rmse is an error',
    models: ['wine'],
    ...over,
  };
}

/** A sweep: `count` runs with two numeric params, one text param and two metrics, one of them missing now and then. */
export function sweep(count: number): RunRow[] {
  return Array.from({ length: count }, (_, i) => ({
    attributes: {
      run_id: `id${i}`,
      run_name: i === 3 ? '<img src=x onerror=alert(1)>' : `run-${i}`,
      status: i % 11 === 5 ? 'FAILED' : 'FINISHED',
      start_time: 1793491200000 + i * 60_000,
    },
    metrics: { rmse: 50 + ((i * 7) % 20), ...(i % 5 === 4 ? {} : { r2: i / count }) },
    params: { alpha: String(10 ** ((i % 5) - 3)), depth: String((i % 4) + 1), model: i % 3 ? 'enet' : 'rf' },
    tags: {},
  }));
}
