import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCE = join(import.meta.dirname, '../src');
/** contract.ts is made by a program. */
const WRITTEN = (name: string) => name !== 'contract.ts';
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.(ts|css)$/.test(name),
);
const FORBIDDEN =
  /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\bfetch\(|XMLHttpRequest|https?:\/\/(?!www\.w3\.org\/2000\/svg)/;

describe('what a store says is never code, and nothing is fetched', () => {
  it.each(files)('%s', (name) => {
    expect(readFileSync(join(SOURCE, name), 'utf8')).not.toMatch(FORBIDDEN);
  });

  it('files stay small', () => {
    const long = files
      .filter(WRITTEN)
      .filter((name) => readFileSync(join(SOURCE, name), 'utf8').split('\n').length > 320);
    expect(long).toEqual([]);
  });
});
