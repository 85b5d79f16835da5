/** The query language: parser and tree. The twin of frames/grammar.py; both run the same cases. */
import { KEYWORDS, PREFIXES, QueryError, type Span, type Token, tokenize, unquote } from './query-tokens';

export { QueryError } from './query-tokens';

export interface ColumnRef {
  readonly kind: 'metric' | 'param' | 'tag' | 'attribute' | null;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface Literal {
  readonly value: number | string;
  readonly start: number;
  readonly end: number;
}

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type Node = Span &
  (
    | { readonly type: 'and' | 'or'; readonly items: readonly Node[] }
    | { readonly type: 'not'; readonly item: Node }
    | {
        readonly type: 'compare';
        readonly column: ColumnRef;
        readonly op: Operator;
        readonly literal: Literal;
      }
    | {
        readonly type: 'like';
        readonly column: ColumnRef;
        readonly how: 'LIKE' | 'ILIKE' | 'RLIKE';
        readonly pattern: Literal;
        readonly negated: boolean;
      }
    | {
        readonly type: 'in';
        readonly column: ColumnRef;
        readonly values: readonly Literal[];
        readonly negated: boolean;
      }
    | { readonly type: 'null'; readonly column: ColumnRef; readonly negated: boolean }
    | { readonly type: 'search'; readonly text: string }
  );

/** The tree of a query; null for the empty query, which keeps all runs. */
export function parse(text: string): Node | null {
  return text.trim() === '' ? null : new Parser(text).query();
}

/** The parts that must all hold. */
export function conjuncts(ast: Node | null): readonly Node[] {
  if (ast === null) return [];
  return ast.type === 'and' ? ast.items.flatMap(conjuncts) : [ast];
}

/** A part as it was typed, ready to stand beside others. */
export function sourceOf(node: Node, text: string): string {
  const source = text.slice(node.start, node.end);
  const bare = node.type === 'or' && node.items[0].start === node.start; // brackets belong to what they are around
  return bare ? `(${source})` : source;
}

class Parser {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  query(): Node {
    const node = this.or();
    const rest = this.peek();
    if (rest.type !== 'end')
      throw new QueryError(`expected AND or OR, not '${rest.text}'`, rest.start, rest.end);
    return node;
  }

  private or(): Node {
    return this.chain('or', 'OR', () => this.and());
  }

  private and(): Node {
    return this.chain('and', 'AND', () => this.not());
  }

  private chain(type: 'and' | 'or', keyword: string, next: () => Node): Node {
    const items = [next()];
    while (this.takeKeyword(keyword)) items.push(next());
    const [first] = items;
    return items.length === 1 ? first : { type, items, start: first.start, end: items[items.length - 1].end };
  }

  private not(): Node {
    const { start } = this.peek();
    if (this.takeKeyword('NOT')) {
      const item = this.not();
      return { type: 'not', item, start, end: item.end };
    }
    if (this.peek().text !== '(' || this.peek().type !== 'punct') return this.comparison();
    this.at++;
    const inner = this.or();
    const close = this.expectPunct(')');
    return { ...inner, start, end: close.end };
  }

  private comparison(): Node {
    if (this.peek().type === 'punct' && this.peek().text === '~') return this.search();
    const column = this.column();
    const { start } = column;
    if (this.takeKeyword('IS')) {
      const negated = this.takeKeyword('NOT');
      const end = this.expectKeyword('NULL').end;
      return { type: 'null', column, negated, start, end };
    }
    const negated = this.takeKeyword('NOT');
    const next = this.peek();
    const keyword = next.type === 'word' ? next.text.toUpperCase() : '';
    if (keyword === 'IN') {
      this.at++;
      const [values, end] = this.list();
      return { type: 'in', column, values, negated, start, end };
    }
    if (keyword === 'LIKE' || keyword === 'ILIKE' || keyword === 'RLIKE') {
      this.at++;
      const pattern = this.literal();
      if (typeof pattern.value !== 'string') {
        throw new QueryError(`expected a quoted text after ${keyword}`, pattern.start, pattern.end);
      }
      return { type: 'like', column, how: keyword, pattern, negated, start, end: pattern.end };
    }
    if (negated) throw new QueryError('expected LIKE, ILIKE, RLIKE or IN after NOT', next.start, next.end);
    if (next.type !== 'op') {
      throw new QueryError(
        `expected an operator such as = or < after '${column.name}'`,
        next.start,
        next.end,
      );
    }
    this.at++;
    const literal = this.literal();
    return { type: 'compare', column, op: operator(next.text), literal, start, end: literal.end };
  }

  private search(): Node {
    const { start } = this.tokens[this.at++];
    const { type, text, end, start: from } = this.peek();
    if (type !== 'string' && type !== 'quoted') throw new QueryError('expected a quoted text', from, end);
    this.at++;
    return { type: 'search', text: unquote(text), start, end };
  }

  private column(): ColumnRef {
    const token = this.peek();
    if (token.type === 'quoted' || token.type === 'backtick') {
      this.at++;
      return { kind: null, name: unquote(token.text), start: token.start, end: token.end };
    }
    if (token.type !== 'word' || KEYWORDS.has(token.text.toUpperCase())) {
      const seen = token.type === 'end' ? 'the end' : `'${token.text}'`;
      throw new QueryError(`expected a column such as metrics.rmse, not ${seen}`, token.start, token.end);
    }
    this.at++;
    const dot = token.text.indexOf('.');
    const kind = dot > 0 ? (PREFIXES[token.text.slice(0, dot).toLowerCase()] ?? null) : null;
    if (kind === null) return { kind, name: token.text, start: token.start, end: token.end };
    const name = token.text.slice(dot + 1);
    if (name !== '') return { kind, name, start: token.start, end: token.end };
    const quoted = this.peek();
    if (quoted.start !== token.end || (quoted.type !== 'quoted' && quoted.type !== 'backtick')) {
      throw new QueryError(`expected a name after '${token.text}'`, token.end, token.end);
    }
    this.at++;
    return { kind, name: unquote(quoted.text), start: token.start, end: quoted.end };
  }

  private list(): [Literal[], number] {
    this.expectPunct('(');
    const values = [this.literal()];
    while (this.peek().type === 'punct' && this.peek().text === ',') {
      this.at++;
      values.push(this.literal());
    }
    return [values, this.expectPunct(')').end];
  }

  private literal(): Literal {
    const token = this.peek();
    const { start, end } = token;
    if (token.type === 'number') {
      this.at++;
      return { value: Number(token.text), start, end };
    }
    if (token.type === 'string' || token.type === 'quoted') {
      this.at++;
      return { value: unquote(token.text), start, end };
    }
    const hint = token.type === 'word' ? `write '${token.text}' in quotes` : null;
    const seen = token.type === 'end' ? 'the end' : `'${token.text}'`;
    throw new QueryError(`expected a number or a quoted text, not ${seen}`, start, end, hint);
  }

  private peek(): Token {
    return this.tokens[this.at];
  }

  private takeKeyword(keyword: string): boolean {
    const token = this.peek();
    const taken = token.type === 'word' && token.text.toUpperCase() === keyword;
    if (taken) this.at++;
    return taken;
  }

  private expectKeyword(keyword: string): Token {
    const token = this.peek();
    if (!this.takeKeyword(keyword)) throw new QueryError(`expected ${keyword}`, token.start, token.end);
    return token;
  }

  private expectPunct(text: string): Token {
    const token = this.peek();
    if (token.type !== 'punct' || token.text !== text) {
      throw new QueryError(`expected '${text}'`, token.start, token.end);
    }
    this.at++;
    return token;
  }
}

function operator(text: string): Operator {
  if (text === '==') return '=';
  return text === '<>' ? '!=' : (text as Operator);
}
