/** From the name that somebody typed to the one column it means. */
import type { Column, Runs } from '../columns';
import { type ColumnRef, QueryError } from './query-syntax';

const PREFIX = { metric: 'metrics.', param: 'params.', tag: 'tags.', attribute: '' } as const;

/** The column that is meant; throws a QueryError that points at the word and names the nearest one. */
export function resolve(ref: ColumnRef, runs: Runs): Column {
  if (ref.kind !== null) {
    return runs.columns.get(PREFIX[ref.kind] + ref.name) ?? unknown(ref, runs, ref.kind);
  }
  const attribute = runs.columns.get(ref.name);
  if (attribute?.info.kind === 'attribute') return attribute;
  const found = (['metric', 'param', 'tag'] as const)
    .map((kind) => runs.columns.get(PREFIX[kind] + ref.name))
    .filter((column) => column !== undefined);
  if (found.length > 1) {
    const keys = found.map((column) => column.info.key).join(' or ');
    throw new QueryError(`'${ref.name}' could be ${keys}`, ref.start, ref.end, 'write it with its prefix');
  }
  return found[0] ?? unknown(ref, runs, null);
}

function unknown(ref: ColumnRef, runs: Runs, kind: ColumnRef['kind']): never {
  const known = [...runs.columns.values()].filter((column) => kind === null || column.info.kind === kind);
  const guess = nearest(
    ref.name,
    known.map((column) => column.info.name),
  );
  const meant = known.find((column) => column.info.name === guess);
  const noun = kind ?? 'column';
  const article = noun === 'attribute' ? 'an' : 'a';
  throw new QueryError(
    `no run has ${article} ${noun} called '${ref.name}'`,
    ref.start,
    ref.end,
    meant ? `did you mean ${quoteKey(meant.info.key)}?` : null,
  );
}

/** A column key as it can be typed in a query: odd names in backticks. */
export function quoteKey(key: string): string {
  const dot = /^(metrics|params|tags)\./.exec(key);
  const prefix = dot ? dot[0] : '';
  const name = key.slice(prefix.length);
  return prefix + (/^[A-Za-z_][\w.\-/]*$/.test(name) ? name : `\`${name.replaceAll('`', '``')}\``);
}

/** A text as a literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The one of `known` that somebody who typed `word` most likely meant, or null. */
export function nearest(word: string, known: readonly string[]): string | null {
  const wanted = word.toLowerCase();
  let best: string | null = null;
  let least = Math.max(2.5, word.length * 0.4);
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best ?? known.find((name) => wanted.length > 2 && name.toLowerCase().includes(wanted)) ?? null;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
