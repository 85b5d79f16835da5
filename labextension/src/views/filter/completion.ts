/** What may come next in a query, at the cursor: columns, operators, values, AND and OR. */
import { type Column, parseNumber, type Runs } from '../columns';
import { formatCount, formatTime } from '../format';
import { quoteKey, quoteText, resolve } from './query-columns';
import type { ColumnRef } from './query-syntax';
import { KEYWORDS, PREFIXES, QueryError, scan, type Token, unquote } from './query-tokens';

/** `insert` takes the place of the text between `from` and the cursor. */
export interface Option {
  readonly insert: string;
  readonly label: string;
  readonly note: string;
}
export interface Completion {
  readonly from: number;
  readonly options: readonly Option[];
}

const MOST = 60;
/** A longer value is not to be typed, nor to be shown. */
const LONGEST = 200;
const KINDS = { metric: 'metric', param: 'param', tag: 'tag', attribute: 'run' } as const;

type Place = 'column' | 'operator' | 'null' | 'not' | 'open' | 'value' | 'text' | 'list' | 'joiner';

/** The completions of a text up to the cursor; none where none are of help. */
export function completionAt(before: string, runs: Runs): Completion {
  const { tokens, open } = scan(before);
  const words = [...tokens];
  let from = open;
  const last = words[words.length - 1];
  if (open === before.length && last?.end === open && (last.type === 'word' || last.type === 'number')) {
    from = words.pop()?.start ?? open;
  }
  const prefix = words[words.length - 1];
  if (prefix?.end === from && isPrefix(prefix)) from = words.pop()?.start ?? from; // metrics.`val …
  const { place, ref } = placeOf(words);
  const typed = before.slice(from).replace(/[`'"]/g, '').toLowerCase();
  const found = optionsAt(place, ref, typed, runs);
  const done = found.length === 1 && found[0].insert.trim() === before.slice(from);
  return { from, options: done ? [] : found };
}

function optionsAt(place: Place, ref: ColumnRef | null, typed: string, runs: Runs): Option[] {
  if (place === 'column') return columnsLike(typed, runs);
  if (place === 'joiner') return typed ? words(['AND', 'OR'], typed) : []; // nothing in the way of Enter
  if (place === 'null') return words(['NULL', 'NOT NULL'], typed);
  if (place === 'not') return words(['LIKE', 'ILIKE', 'RLIKE', 'IN ('], typed);
  const column = ref && columnOf(ref, runs);
  if (!column) return [];
  if (place === 'operator') return words(operatorsOf(column), typed);
  return place === 'value' || place === 'list' ? valuesLike(column, typed) : [];
}

/** Where a text leaves off, and the column of its last comparison. */
function placeOf(tokens: readonly Token[]): { place: Place; ref: ColumnRef | null } {
  let place: Place = 'column';
  let ref: ColumnRef | null = null;
  tokens.forEach((token, i) => {
    const keyword = token.type === 'word' ? token.text.toUpperCase() : token.text;
    if (place === 'column') {
      if (keyword === 'NOT' || keyword === '(') return;
      if (keyword === '~') place = 'text';
      else {
        const prefix = tokens[i - 1];
        ref = refOf(token, prefix?.end === token.start && isPrefix(prefix) ? prefix.text : '');
        if (!isPrefix(token)) place = 'operator';
      }
    } else if (place === 'operator') {
      if (token.type === 'op') place = 'value';
      else place = ({ IS: 'null', NOT: 'not', IN: 'open' } as const)[keyword as 'IS'] ?? 'text';
    } else if (place === 'null') place = keyword === 'NULL' ? 'joiner' : 'null';
    else if (place === 'not') place = keyword === 'IN' ? 'open' : 'text';
    else if (place === 'open') place = 'list';
    else if (place === 'list') place = keyword === ')' ? 'joiner' : 'list';
    else if (place === 'value' || place === 'text') place = 'joiner';
    else if (keyword === 'AND' || keyword === 'OR') place = 'column';
  });
  return { place, ref };
}

function isPrefix({ type, text }: Token): boolean {
  return type === 'word' && text.endsWith('.') && text.slice(0, -1).toLowerCase() in PREFIXES;
}

function refOf({ type, text, start, end }: Token, prefix: string): ColumnRef {
  const bare = type === 'word' ? text : unquote(text);
  const dot = type === 'word' ? bare.indexOf('.') : -1;
  const kind =
    PREFIXES[(prefix ? prefix.slice(0, -1) : bare.slice(0, Math.max(0, dot))).toLowerCase()] ?? null;
  return { kind, name: kind === null || prefix ? bare : bare.slice(dot + 1), start, end };
}

function columnOf(ref: ColumnRef, runs: Runs): Column | null {
  try {
    return resolve(ref, runs);
  } catch (error) {
    if (error instanceof QueryError) return null;
    throw error;
  }
}

function columnsLike(typed: string, runs: Runs): Option[] {
  const ranked: { rank: number; option: Option }[] = [];
  for (const { info } of runs.columns.values()) {
    const key = info.key.toLowerCase();
    const name = info.name.toLowerCase();
    const fit = key.startsWith(typed) || name.startsWith(typed) ? 0 : name.includes(typed) ? 2 : -1;
    if (fit < 0) continue;
    const quiet = info.varies && !info.key.startsWith('tags.mlflow.') ? 0 : 1;
    ranked.push({
      rank: fit + quiet,
      option: { insert: `${quoteKey(info.key)} `, label: info.name, note: KINDS[info.kind] },
    });
  }
  ranked.sort((a, b) => a.rank - b.rank);
  return [...ranked.map(({ option }) => option).slice(0, MOST), ...(typed ? words(['NOT'], typed) : [])];
}

function operatorsOf({ info, words: texts }: Column): string[] {
  const order = ['<', '<=', '>', '>='];
  const matching = texts ? ['IN (', 'LIKE', 'ILIKE', 'RLIKE', 'NOT IN ('] : ['IN ('];
  const equal = ['=', '!='];
  const first = info.type === 'text' ? [...equal, ...matching] : [...order, ...equal, ...matching];
  return [...first, 'IS NULL', 'IS NOT NULL'];
}

function valuesLike(column: Column, typed: string): Option[] {
  const { info, numbers, words: coded } = column;
  if (!coded) return numbers ? ends(column, numbers) : [];
  const counts = new Map<number, number>();
  for (const code of coded.codes) if (code >= 0) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts]
    .filter(
      ([code]) => coded.texts[code].length <= LONGEST && coded.texts[code].toLowerCase().includes(typed),
    )
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST)
    .map(([code, count]) => {
      const text = coded.texts[code];
      const plain = info.type === 'number' && Number.isFinite(parseNumber(text));
      return { insert: plain ? text : quoteText(text), label: text || '(empty)', note: formatCount(count) };
    });
}

/** Of numbers and times only the ends are worth a choice. */
function ends({ info }: Column, numbers: Float64Array): Option[] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of numbers) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [];
  const time = info.type === 'time';
  const option = (value: number, note: string): Option => {
    const text = time ? formatTime(value, true) : String(value).replace('e+', 'e');
    return { insert: time ? quoteText(text) : text, label: text, note };
  };
  return [option(low, time ? 'first' : 'lowest'), option(high, time ? 'last' : 'highest')];
}

function words(known: readonly string[], typed: string): Option[] {
  return known
    .filter((word) => word.toLowerCase().startsWith(typed))
    .map((word) => ({ insert: word.endsWith('(') ? word : `${word} `, label: word, note: '' }));
}

/** Whether a word may be the beginning of a column's name, or of a keyword. */
export function mayBecomeColumn(typed: string, runs: Runs): boolean {
  const start = typed.toLowerCase();
  const columns = [...runs.columns.values()];
  return (
    columns.some(({ info }) => [info.name, info.key].some((name) => name.toLowerCase().startsWith(start))) ||
    [...KEYWORDS].some((keyword) => keyword.toLowerCase() === start)
  );
}
