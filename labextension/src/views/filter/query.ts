/** Evaluates a query on the columns, with SQL's three-valued logic: a comparison with a missing value is unknown. */
import { type Column, parseNumber, type Runs } from '../columns';
import { resolve } from './query-columns';
import { type ColumnRef, type Literal, type Node, type Operator, parse, QueryError } from './query-syntax';
import {
  compareText,
  isStatus,
  likePattern,
  parseTime,
  regex,
  statusLiteral,
  statusName,
} from './query-values';

/** What a query says about the runs: either which rows it keeps (1) or what is wrong with it, never both. */
export type Filtered =
  | { readonly ast: Node | null; readonly mask: Uint8Array; readonly error: null }
  | { readonly ast: null; readonly mask: null; readonly error: QueryError };

const NO = 0;
const YES = 1;
const UNKNOWN = 2;
/** One verdict a row: NO, YES or UNKNOWN. */
type Verdicts = Uint8Array;

/** Parses and evaluates; a wrong query is an answer, not an exception. */
export function filterRuns(text: string, runs: Runs): Filtered {
  try {
    const ast = parse(text);
    if (ast === null) return { ast, mask: new Uint8Array(runs.length).fill(YES), error: null };
    // No runs have no columns: that is no mistake of the query.
    const verdicts = runs.length === 0 ? new Uint8Array(0) : evaluate(ast, runs);
    // In place: the verdicts are nobody else's.
    for (let row = 0; row < verdicts.length; row++) if (verdicts[row] !== YES) verdicts[row] = 0;
    return { ast, mask: verdicts, error: null };
  } catch (error) {
    if (error instanceof QueryError) return { ast: null, mask: null, error };
    throw error;
  }
}

function evaluate(node: Node, runs: Runs): Verdicts {
  switch (node.type) {
    case 'and':
      return node.items.map((item) => evaluate(item, runs)).reduce(and);
    case 'or':
      return node.items.map((item) => evaluate(item, runs)).reduce(or);
    case 'not':
      return evaluate(node.item, runs).map(not);
    case 'search':
      return search(node.text, runs);
    case 'null':
      return isNull(resolve(node.column, runs), node.negated);
    case 'compare': {
      const column = resolve(node.column, runs);
      return compare(column, node.column, node.op, node.literal);
    }
    case 'in': {
      const column = resolve(node.column, runs);
      const any = node.values.map((value) => compare(column, node.column, '=', value)).reduce(or);
      return node.negated ? any.map(not) : any;
    }
    case 'like': {
      const column = resolve(node.column, runs);
      const found = matches(column, node.column, node.how, node.pattern);
      return node.negated ? found.map(not) : found;
    }
  }
}

function and(a: Verdicts, b: Verdicts): Verdicts {
  for (let i = 0; i < a.length; i++)
    a[i] = a[i] === NO || b[i] === NO ? NO : (a[i] | b[i]) === YES ? YES : UNKNOWN;
  return a;
}

function or(a: Verdicts, b: Verdicts): Verdicts {
  for (let i = 0; i < a.length; i++) a[i] = a[i] === YES || b[i] === YES ? YES : a[i] | b[i];
  return a;
}

function not(verdict: number): number {
  return verdict === UNKNOWN ? UNKNOWN : 1 - verdict;
}

/** Characters of a run's id that name it. */
const ID_START = 6;

/** Runs in which each word is found, in whichever of their texts; never unknown. As `_search` of frames/query.py. */
function search(text: string, runs: Runs): Verdicts {
  const found = new Uint8Array(runs.length).fill(YES);
  const columns = [...runs.columns.values()].filter(({ info, words }) => words && isSearched(info));
  for (const word of text.split(/[ \t\r\n]+/).filter(Boolean)) {
    const plain = word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    const has = new Uint8Array(runs.length);
    for (const { info, words } of columns) {
      const id = info.key === 'run_id'; // of which the beginning: any digit is somewhere in most of them
      if (!words || (id && word.length < ID_START)) continue;
      const pattern = new RegExp(id ? `^${plain}` : plain, 'iu');
      const hits = words.texts.map((value) => pattern.test(value));
      for (let row = 0; row < has.length; row++) if (hits[words.codes[row]]) has[row] = YES;
    }
    for (let row = 0; row < has.length; row++) found[row] &= has[row];
  }
  return found;
}

/** People's own texts: what mlflow writes into tags, such as paths that all runs share, would find too much. */
function isSearched({ kind, key }: Column['info']): boolean {
  if (kind === 'tag') return key === 'tags.mlflow.note.content' || !key.startsWith('tags.mlflow.');
  return kind === 'param' || key === 'run_id' || key === 'run_name';
}

function isNull(column: Column, negated: boolean): Verdicts {
  return column.missing.map((missing) => (missing === (negated ? 0 : 1) ? YES : NO));
}

function compare(column: Column, ref: ColumnRef, op: Operator, literal: Literal): Verdicts {
  if (column.info.type === 'time') {
    return compareNumbers(column, op, typeof literal.value === 'number' ? literal.value : timeOf(literal));
  }
  if (column.info.kind === 'metric') return compareNumbers(column, op, numberOf(literal, ref));
  if (typeof literal.value === 'number') {
    const value = literal.value;
    if (column.info.type === 'number') return compareNumbers(column, op, value);
    const parsed = column.words?.parsed ?? [];
    return eachWord(column, (_, code) => {
      const number = parsed[code];
      return number === null ? UNKNOWN : numberHolds(op, number, value);
    });
  }
  const wanted = isStatus(column) ? statusLiteral(literal) : literal.value;
  return eachWord(column, (text) => textHolds(op, text, wanted));
}

function matches(
  column: Column,
  ref: ColumnRef,
  how: 'LIKE' | 'ILIKE' | 'RLIKE',
  pattern: Literal,
): Verdicts {
  if (!column.words) {
    const type = column.info.type === 'time' ? 'time' : 'number';
    throw new QueryError(`${how} needs a text, and '${ref.name}' is a ${type}`, ref.start, ref.end);
  }
  const wanted = how === 'RLIKE' ? regex(pattern) : likePattern(String(pattern.value), how === 'ILIKE');
  return eachWord(column, (text) => (wanted.test(text) ? YES : NO));
}

/** One loop without a call: a brush being dragged asks 100,000 values sixty times a second. */
function compareNumbers({ numbers, missing }: Column, op: Operator, value: number): Verdicts {
  const found = new Uint8Array(missing.length).fill(UNKNOWN);
  const [below, same, above] = [-1, 0, 1].map((order) => numberHolds(op, order, 0));
  const neither = numberHolds(op, Number.NaN, 0);
  for (let row = 0; numbers && row < found.length; row++) {
    if (missing[row]) continue;
    const x = numbers[row];
    found[row] = x < value ? below : x > value ? above : x === value ? same : neither;
  }
  return found;
}

/** Asks once a distinct text, not once a row. */
function eachWord(column: Column, verdict: (text: string, code: number) => number): Verdicts {
  if (!column.words) return new Uint8Array(column.missing.length).fill(UNKNOWN);
  const { codes, texts } = column.words;
  const said = isStatus(column) ? texts.map((text) => statusName(text) ?? text.toUpperCase()) : texts;
  const byCode = said.map(verdict);
  const found = new Uint8Array(codes.length);
  for (let row = 0; row < found.length; row++) found[row] = codes[row] < 0 ? UNKNOWN : byCode[codes[row]];
  return found;
}

function numberOf(literal: Literal, ref: ColumnRef): number {
  if (typeof literal.value === 'number') return literal.value;
  const value = parseNumber(literal.value);
  if (value !== null) return value;
  throw new QueryError(`'${literal.value}' is no number, and ${ref.name} is one`, literal.start, literal.end);
}

function timeOf(literal: Literal): number {
  const value = parseTime(String(literal.value));
  if (value !== null) return value;
  throw new QueryError(
    `'${literal.value}' is no time`,
    literal.start,
    literal.end,
    "write it as '2026-11-21' or '2026-11-21T09:30:00'",
  );
}

/** IEEE: a NaN is not equal to anything, itself included. */
function numberHolds(op: Operator, a: number, b: number): number {
  switch (op) {
    case '=':
      return a === b ? YES : NO;
    case '!=':
      return a !== b ? YES : NO;
    case '<':
      return a < b ? YES : NO;
    case '<=':
      return a <= b ? YES : NO;
    case '>':
      return a > b ? YES : NO;
    case '>=':
      return a >= b ? YES : NO;
  }
}

function textHolds(op: Operator, a: string, b: string): number {
  return holds(op, compareText(a, b), a === b);
}

function holds(op: Operator, order: number, same: boolean): number {
  return numberHolds(op, same ? 0 : order, 0);
}
