/** The words of the query language. The twin of frames/grammar.py; both run the same cases. */
import type { ColumnRef } from './query-syntax';

/** Where something stands in the text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A query that does not parse or names nothing, with the place in the text. */
export class QueryError extends Error {
  constructor(
    message: string,
    readonly start: number,
    readonly end: number,
    readonly hint: string | null = null,
  ) {
    super(message);
  }
}

type TokenType = 'word' | 'quoted' | 'backtick' | 'string' | 'number' | 'op' | 'punct' | 'end';
export interface Token extends Span {
  readonly type: TokenType;
  readonly text: string;
}

export const PREFIXES: Readonly<Record<string, ColumnRef['kind']>> = {
  metrics: 'metric',
  metric: 'metric',
  params: 'param',
  param: 'param',
  parameters: 'param',
  parameter: 'param',
  tags: 'tag',
  tag: 'tag',
  attributes: 'attribute',
  attribute: 'attribute',
  attr: 'attribute',
  run: 'attribute',
};
export const KEYWORDS = new Set([
  'AND',
  'OR',
  'NOT',
  'IN',
  'IS',
  'NULL',
  'LIKE',
  'ILIKE',
  'RLIKE',
  'ASC',
  'DESC',
]);
const PATTERNS: readonly (readonly [TokenType, RegExp])[] = [
  ['number', /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['word', /[A-Za-z_][\w.\-/]*/y],
  ['backtick', /`(?:[^`]|``)*`/y],
  ['quoted', /"(?:[^"]|"")*"/y],
  ['string', /'(?:[^']|'')*'/y],
  ['op', /==|!=|<>|<=|>=|=|<|>/y],
  ['punct', /[(),~]/y],
];

/** The words so far, and where the first begins that is none yet: an open quote, or a character of no word. */
export function scan(text: string): { tokens: readonly Token[]; open: number } {
  const tokens: Token[] = [];
  try {
    tokenize(text, tokens);
    return { tokens: tokens.slice(0, -1), open: text.length };
  } catch (error) {
    if (error instanceof QueryError) return { tokens, open: error.start };
    throw error;
  }
}

/** All words, with one of type `end` after them. */
export function tokenize(text: string, tokens: Token[] = []): Token[] {
  let at = 0;
  for (;;) {
    while (/\s/.test(text.charAt(at))) at++;
    if (at >= text.length) break;
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ type: 'end', text: '', start: text.length, end: text.length });
  return tokens;
}

function tokenAt(text: string, at: number): Token {
  for (const [type, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) continue;
    return { type, text: found[0], start: at, end: at + found[0].length };
  }
  const open = text.charAt(at);
  if (open === "'" || open === '"' || open === '`') {
    throw new QueryError(`this quote is never closed: ${text.slice(at, at + 20)}`, at, text.length);
  }
  const [character] = text.slice(at, at + 2);
  throw new QueryError(`unexpected '${character}'`, at, at + character.length);
}

/** What stands between quotes. */
export function unquote(text: string): string {
  const quote = text.charAt(0);
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}
