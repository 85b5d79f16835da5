import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { filterRuns } from '../src/views/filter/query';
import { type RunRow, rowsToRuns } from './runs';

interface Case {
  query: string;
  rows?: string[];
  error?: string;
  start?: number;
}

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../tests/fixtures', name), 'utf8')) as T;

describe('the query language answers as its Python twin', () => {
  const runs = rowsToRuns(read<RunRow[]>('query_runs.json'));

  it.each(read<Case[]>('query_cases.json'))('$query', (wanted) => {
    const { mask, error } = filterRuns(wanted.query, runs);
    if (wanted.error === undefined) {
      expect(error?.message).toBeUndefined();
      expect(runs.ids.filter((_, row) => mask?.[row])).toEqual(wanted.rows);
    } else {
      expect(error?.message).toContain(wanted.error);
      expect(error?.start).toBe(wanted.start);
    }
  });

  it('names the nearest column', () => {
    expect(filterRuns('metrics.rmes < 1', runs).error?.hint).toBe('did you mean metrics.rmse?');
    expect(filterRuns("status = 'Finshed'", runs).error?.hint).toBe("did you mean 'FINISHED'?");
  });
});
