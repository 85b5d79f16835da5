/** The query is the one truth of what is shown: brushes are read from it, and dragging one rewrites it. */
import type { Column, Runs } from '../columns';
import { quoteKey, resolve } from './query-columns';
import {
  type ColumnRef,
  conjuncts,
  type Node,
  type Operator,
  parse,
  QueryError,
  sourceOf,
} from './query-syntax';
import { parseTime } from './query-values';

/** Where runs pass that have no place on an axis of numbers: no value at all, or one that is not finite. */
export type Lane = 'missing' | 'nan' | '-inf' | 'inf';
export type Range = { readonly type: 'range'; readonly low: number; readonly high: number };
export type Words = { readonly type: 'words'; readonly texts: readonly string[] };
export type LaneBrush = { readonly type: 'lane'; readonly lane: Lane };
/** One stretch of an axis, some of its words, or one of its lanes. */
export type BrushPart = Range | Words | LaneBrush;
/** What is chosen on one axis: a run passes that lies in any of the parts. */
export type Brush = BrushPart | { readonly type: 'several'; readonly parts: readonly BrushPart[] };

/** The parts of a brush, one or several. */
export function partsOf(brush: Brush | null | undefined): readonly BrushPart[] {
  if (!brush) return [];
  return brush.type === 'several' ? brush.parts : [brush];
}

/** Parts as one brush, ranges that touch melted together and words gathered; null when there are none. */
export function brushOfParts(parts: readonly BrushPart[]): Brush | null {
  if (parts.length < 2) return parts[0] ?? null;
  const ranges: Range[] = [];
  const sorted = parts.filter((part) => part.type === 'range' && part.low <= part.high) as Range[];
  for (const next of sorted.sort((a, b) => a.low - b.low)) {
    const last = ranges[ranges.length - 1];
    if (last && next.low <= last.high)
      ranges[ranges.length - 1] = { ...last, high: Math.max(last.high, next.high) };
    else ranges.push(next);
  }
  const texts = [...new Set(parts.flatMap((part) => (part.type === 'words' ? part.texts : [])))];
  const words: Words[] = texts.length > 0 ? [{ type: 'words', texts }] : [];
  const lanes = LANES.filter((lane) => parts.some((part) => part.type === 'lane' && part.lane === lane));
  const all = [...ranges, ...words, ...lanes.map((lane): LaneBrush => ({ type: 'lane', lane }))];
  return all.length < 2 ? (all[0] ?? parts[0]) : { type: 'several', parts: all };
}

const LANES: readonly Lane[] = ['-inf', 'inf', 'nan', 'missing'];

/** The brushes that the top-level AND conjuncts of a query amount to, by column key. */
export function brushesOf(ast: Node | null, runs: Runs): Map<string, Brush> {
  const brushes = new Map<string, Brush>();
  for (const node of conjuncts(ast)) {
    const key = brushedKey(node, runs);
    const column = key === null ? undefined : runs.columns.get(key);
    const brush = column ? brushOf(node, column) : null;
    if (key === null || brush === null) continue;
    const before = brushes.get(key);
    brushes.set(key, before ? common(before, brush) : brush);
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
  if (brush && column) {
    const parts = partsOf(brush).map((part) => written(column, part));
    // A part without a bound lets everything through.
    if (parts.some((terms) => terms.length === 0)) return kept.join(' AND ');
    if (parts.length === 1) kept.push(...parts[0]);
    else kept.push(`(${parts.map((terms) => terms.join(' AND ')).join(' OR ')})`);
  }
  return kept.join(' AND ');
}

/** A brush in words, for labels: "from 52 to 60 or no value". */
export function describeBrush(brush: Brush, write: (value: number) => string = String): string {
  return partsOf(brush)
    .map((part) => describePart(part, write))
    .join(' or ');
}

function describePart(part: BrushPart, write: (value: number) => string): string {
  if (part.type === 'words') return `only ${part.texts.join(', ')}`;
  if (part.type === 'lane') return LANE_NAMES[part.lane];
  const bound = (value: number) => (Number.isFinite(value) ? write(value) : 'the end');
  return `from ${bound(part.low)} to ${bound(part.high)}`;
}

export const LANE_NAMES: Readonly<Record<Lane, string>> = {
  missing: 'no value',
  nan: 'NaN',
  '-inf': '−∞',
  inf: '∞',
};

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

/** The one column whose brush this conjunct is, null when it is something that no brush can show. */
function brushedKey(node: Node, runs: Runs): string | null {
  try {
    const keys = new Set(columnsOf(node).map((ref) => resolve(ref, runs).info.key));
    const [key] = keys;
    const column = runs.columns.get(key ?? '');
    return keys.size === 1 && column && brushOf(node, column) ? key : null;
  } catch (error) {
    if (error instanceof QueryError) return null;
    throw error;
  }
}

function columnsOf(node: Node): ColumnRef[] {
  if ('items' in node) return node.items.flatMap(columnsOf);
  if ('item' in node) return columnsOf(node.item);
  return 'column' in node ? [node.column] : [];
}

function brushOf(node: Node, column: Column): Brush | null {
  switch (node.type) {
    case 'or': {
      const brushes = node.items.map((item) => brushOf(item, column));
      return brushes.includes(null) ? null : brushOfParts(brushes.flatMap(partsOf));
    }
    case 'and': {
      const brushes = node.items.map((item) => brushOf(item, column));
      return brushes.reduce((a, b) => (a && b ? common(a, b) : null));
    }
    case 'null':
      return node.negated ? null : { type: 'lane', lane: 'missing' };
    case 'not':
      return isNotNaN(node.item, column) ? { type: 'lane', lane: 'nan' } : null;
    case 'in': {
      const texts = node.values.map((value) => String(value.value));
      return column.info.type === 'text' && !node.negated ? { type: 'words', texts } : null;
    }
    case 'compare':
      return comparedTo(node.op, node.literal.value, column);
    default:
      return null;
  }
}

function comparedTo(op: Operator, value: number | string, column: Column): Brush | null {
  const { type, kind } = column.info;
  if (op === '!=') return null;
  if (type === 'text' && typeof value === 'string')
    return op === '=' ? { type: 'words', texts: [value] } : null;
  if (kind === 'metric' && op === '=' && (value === 'inf' || value === '-inf'))
    return { type: 'lane', lane: value };
  const bound = typeof value === 'number' ? value : type === 'time' ? parseTime(value) : null;
  if (bound === null) return null;
  if (op === '=') return { type: 'range', low: bound, high: bound };
  return op.startsWith('>')
    ? { type: 'range', low: bound, high: Number.POSITIVE_INFINITY }
    : { type: 'range', low: Number.NEGATIVE_INFINITY, high: bound };
}

/** Whether a condition holds for every number but NaN: its NOT is how a query says NaN. */
function isNotNaN(node: Node, column: Column): boolean {
  return (
    node.type === 'compare' &&
    column.info.kind === 'metric' &&
    node.op === '<=' &&
    node.literal.value === 'inf'
  );
}

/** What lies in both. */
function common(one: Brush, other: Brush): Brush {
  const [a, b] = [partsOf(one), partsOf(other)];
  const both = a.flatMap((x) => b.map((y) => overlap(x, y))).filter((part) => part !== null);
  return brushOfParts(both) ?? { type: 'words', texts: [] };
}

function overlap(a: BrushPart, b: BrushPart): BrushPart | null {
  if (a.type === 'range' && b.type === 'range') {
    return { type: 'range', low: Math.max(a.low, b.low), high: Math.min(a.high, b.high) };
  }
  if (a.type === 'words' && b.type === 'words') {
    return { type: 'words', texts: a.texts.filter((text) => b.texts.includes(text)) };
  }
  return a.type === 'lane' && b.type === 'lane' && a.lane === b.lane ? a : null;
}

/** The conditions, all of which hold for what is in a part. */
function written(column: Column, part: BrushPart): string[] {
  const name = quoteKey(column.info.key);
  if (part.type === 'words') return [`${name} IN (${part.texts.map(quoteText).join(', ')})`];
  if (part.type === 'lane') {
    if (part.lane === 'missing') return [`${name} IS NULL`];
    // NaN compares with nothing, so that only a NOT finds it; a missing value stays unknown there.
    return part.lane === 'nan' ? [`NOT ${name} <= 'inf'`] : [`${name} = '${part.lane}'`];
  }
  const bound = (value: number) =>
    column.info.type === 'time'
      ? quoteText(new Date(value).toISOString().replace('.000Z', 'Z'))
      : plain(value);
  const terms: string[] = [];
  if (Number.isFinite(part.low)) terms.push(`${name} >= ${bound(part.low)}`);
  if (Number.isFinite(part.high)) terms.push(`${name} <= ${bound(part.high)}`);
  return terms;
}

function plain(value: number): string {
  return String(value).replace('e+', 'e');
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
