/** A query as its pieces, which must all hold, and what somebody typed as a query. */
import { parseNumber, type Runs } from '../columns';
import { brushesOf, describeBrush } from './brushes';
import { quoteKey, quoteText, resolve } from './query-columns';
import { conjuncts, type Node, parse, QueryError, sourceOf } from './query-syntax';

/** One or two conjuncts of a query, and how people read them. */
export interface Piece {
  readonly text: string;
  readonly label: string;
}

/** The pieces of a query; null when it does not parse. The two ends of a range are one piece. */
export function piecesOf(text: string, runs: Runs): Piece[] | null {
  const ast = parsed(text);
  if (ast === undefined) return null;
  const pieces: Piece[] = [];
  let before: Node | null = null;
  for (const node of conjuncts(ast)) {
    const source = sourceOf(node, text);
    const low = before && isRange(before, node) ? before : null;
    if (low?.type === 'compare' && node.type === 'compare') {
      const name = short(text.slice(node.column.start, node.column.end));
      const label = `${low.literal.value} ${sign(low.op, true)} ${name} ${sign(node.op)} ${node.literal.value}`;
      pieces.push({ text: `${pieces.pop()?.text} AND ${source}`, label });
      before = null;
      continue;
    }
    pieces.push({ text: source, label: labelOf(node, runs) ?? short(source) });
    before = node;
  }
  return pieces;
}

/** Words looked for, and brushes of several stretches; null for what reads well as it is. */
function labelOf(node: Node, runs: Runs): string | null {
  if (node.type === 'search') return `“${node.text}”`;
  if (node.type !== 'or') return null;
  const [brushed] = brushesOf(node, runs);
  const info = brushed && runs.columns.get(brushed[0])?.info;
  return info && info.type !== 'time' ? `${info.name} ${describeBrush(brushed[1])}` : null;
}

/** Without what the name mostly says by itself. */
function short(text: string): string {
  return text.replace(/^(metrics|params|tags)\./, '');
}

/** Pieces and texts as one query. */
export function joined(texts: readonly string[]): string {
  const some = texts.filter((text) => text !== '');
  if (some.length < 2) return some[0] ?? '';
  const side = (text: string) => {
    const ast = parsed(text);
    return ast ? sourceOf(ast, text) : text;
  };
  return some.map(side).join(' AND ');
}

/** What is edited when a piece is clicked: plain words where they mean the same. */
export function editable(piece: Piece, runs: Runs): string {
  const node = parsed(piece.text);
  return node?.type === 'search' && asQuery(node.text, runs) === piece.text ? node.text : piece.text;
}

/**
 * What somebody typed as a query: itself where it is one, or was meant to be; else its words are looked for anywhere,
 * and `lr=0.1` among them is a condition if there is such a column.
 */
export function asQuery(typed: string, runs: Runs): string {
  const text = typed.trim();
  if (parsed(text) !== undefined || /\b(AND|OR|NOT|IN|IS|R?I?LIKE)\b/.test(text)) return text;
  const conditions: string[] = [];
  const words: string[] = [];
  for (const word of text.split(/\s+/)) {
    const found = /^([^<>=!~]+)(<=|>=|!=|=|<|>)([^<>=!~]+)$/.exec(word);
    const condition = found && conditionOf(found[1], found[2], found[3], runs);
    if (condition) conditions.push(condition);
    else if (/[<>=!~()'"`]/.test(word)) return text;
    else words.push(word);
  }
  return [...(words.length > 0 ? [`~ ${quoteText(words.join(' '))}`] : []), ...conditions].join(' AND ');
}

function conditionOf(name: string, op: string, value: string, runs: Runs): string | null {
  const dot = /^(metrics|params|tags)\.(.+)$/.exec(name);
  const kind = dot ? ({ metrics: 'metric', params: 'param', tags: 'tag' } as const)[dot[1] as 'tags'] : null;
  try {
    const column = resolve({ kind, name: dot?.[2] ?? name, start: 0, end: 0 }, runs);
    const plain = Number.isFinite(parseNumber(value) ?? Number.NaN) && column.info.type !== 'time';
    return `${quoteKey(column.info.key)} ${op} ${plain ? value : quoteText(value.replace(/^['"]|['"]$/g, ''))}`;
  } catch (error) {
    if (error instanceof QueryError) return null;
    throw error;
  }
}

function parsed(text: string): Node | null | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof QueryError) return undefined;
    throw error;
  }
}

function isRange(one: Node, other: Node): boolean {
  if (one.type !== 'compare' || other.type !== 'compare') return false;
  const same = one.column.kind === other.column.kind && one.column.name === other.column.name;
  return same && one.op.startsWith('>') && other.op.startsWith('<');
}

function sign(op: string, turned = false): string {
  const strict = op.length === 1;
  return turned || op.startsWith('<') ? (strict ? '<' : '≤') : strict ? '>' : '≥';
}
