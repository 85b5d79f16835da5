/** The query is the one truth of what is shown: brushes are read from it, and dragging one rewrites it. */
import type { Column, Runs } from '../columns';
import { quoteKey, resolve } from './query-columns';
import { type Node, parse, QueryError } from './query-syntax';
import { parseTime } from './query-values';

/** What is chosen on one axis: a range of numbers or times, or some texts. */
export type Brush =
  | { readonly type: 'range'; readonly low: number; readonly high: number }
  | { readonly type: 'words'; readonly texts: readonly string[] };

/** The brushes that the top-level AND conjuncts of a query amount to, by column key. */
export function brushesOf(ast: Node | null, runs: Runs): Map<string, Brush> {
  const brushes = new Map<string, Brush>();
  for (const node of conjuncts(ast)) {
    const key = brushedKey(node, runs);
    const column = key === null ? undefined : runs.columns.get(key);
    if (key === null || !column) continue;
    const merged = merge(brushes.get(key), brushOf(node, column));
    if (merged) brushes.set(key, merged);
  }
  return brushes;
}

/** The query with the conjuncts of one column replaced; null takes the brush away. */
export function withBrush(text: string, runs: Runs, key: string, brush: Brush | null): string {
  const ast = parse(text);
  const kept = conjuncts(ast)
    .filter((node) => brushedKey(node, runs) !== key)
    .map((node) => sourceOf(node, text));
  const column = runs.columns.get(key);
  if (brush && column) kept.push(...written(column, brush));
  return kept.join(' AND ');
}

/** A range bound at as few digits as keep it within `slack` of the true one, six at most, never inside of it. */
export function roundOutward(value: number, up: boolean, slack: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  for (let digits = 1; digits <= 6; digits++) {
    const decimals = digits - 1 - magnitude;
    const scale = 10 ** Math.abs(decimals);
    const scaled = decimals >= 0 ? value * scale : value / scale;
    const whole = up ? Math.ceil(scaled - 1e-9) : Math.floor(scaled + 1e-9);
    const rounded = Number((decimals >= 0 ? whole / scale : whole * scale).toPrecision(12));
    const covers = up ? rounded >= value : rounded <= value;
    if (covers && (Math.abs(rounded - value) <= slack || digits === 6)) return rounded;
  }
  return value;
}

function conjuncts(ast: Node | null): readonly Node[] {
  if (ast === null) return [];
  return ast.type === 'and' ? ast.items.flatMap(conjuncts) : [ast];
}

function sourceOf(node: Node, text: string): string {
  const source = text.slice(node.start, node.end);
  return node.type === 'or' && !source.startsWith('(') ? `(${source})` : source;
}

/** The column whose brush this conjunct is, null when it is something that no brush can show. */
function brushedKey(node: Node, runs: Runs): string | null {
  if (node.type !== 'compare' && node.type !== 'in') return null;
  try {
    const column = resolve(node.column, runs);
    return brushOf(node, column) ? column.info.key : null;
  } catch (error) {
    if (error instanceof QueryError) return null;
    throw error;
  }
}

function brushOf(node: Node, column: Column): Brush | null {
  if (node.type === 'in') {
    const texts = node.values.map((value) => String(value.value));
    return column.info.type === 'text' && !node.negated ? { type: 'words', texts } : null;
  }
  if (node.type !== 'compare' || node.op === '!=') return null;
  const { value } = node.literal;
  if (column.info.type === 'text') {
    return node.op === '=' && typeof value === 'string' ? { type: 'words', texts: [value] } : null;
  }
  const bound = typeof value === 'number' ? value : column.info.type === 'time' ? parseTime(value) : null;
  if (bound === null) return null;
  if (node.op === '=') return { type: 'range', low: bound, high: bound };
  return node.op.startsWith('>')
    ? { type: 'range', low: bound, high: Number.POSITIVE_INFINITY }
    : { type: 'range', low: Number.NEGATIVE_INFINITY, high: bound };
}

function merge(one: Brush | undefined, other: Brush | null): Brush | null {
  if (!one || !other) return other;
  if (one.type === 'range' && other.type === 'range') {
    return { type: 'range', low: Math.max(one.low, other.low), high: Math.min(one.high, other.high) };
  }
  if (one.type === 'words' && other.type === 'words') {
    return { type: 'words', texts: one.texts.filter((text) => other.texts.includes(text)) };
  }
  return other;
}

function written(column: Column, brush: Brush): string[] {
  const name = quoteKey(column.info.key);
  if (brush.type === 'words') return [`${name} IN (${brush.texts.map(quoteText).join(', ')})`];
  const bound = (value: number) =>
    column.info.type === 'time'
      ? quoteText(new Date(value).toISOString().replace('.000Z', 'Z'))
      : plain(value);
  const parts: string[] = [];
  if (Number.isFinite(brush.low)) parts.push(`${name} >= ${bound(brush.low)}`);
  if (Number.isFinite(brush.high)) parts.push(`${name} <= ${bound(brush.high)}`);
  return parts;
}

function plain(value: number): string {
  return String(value).replace('e+', 'e');
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
