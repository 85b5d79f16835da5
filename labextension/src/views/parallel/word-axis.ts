/** An axis of words: each has a band of its own, numbers among them from below, texts from above in order. */
import type { Column } from '../columns';
import type { Lane } from '../filter/brushes';
import { compareText } from '../filter/query-values';
import { formatCount } from '../format';
import type { Axis, Tick } from './axis';

/** More words than pixels to tell them apart, and too many to list in a query. */
export const MOST_WORDS = 200;

export function wordAxis(column: Column): Axis {
  const { codes, texts, parsed } = column.words ?? { codes: new Int32Array(0), texts: [], parsed: [] };
  const used = usedCodes(codes, texts.length);
  const order = used.sort((a, b) => {
    const [x, y] = [parsed[a], parsed[b]];
    if (x !== null && y !== null && x !== y) return x - y;
    if ((x === null) !== (y === null)) return x === null ? 1 : -1;
    return compareText(texts[b], texts[a]);
  });
  const place = new Float32Array(texts.length);
  const step = 1 / Math.max(1, order.length);
  order.forEach((code, at) => {
    place[code] = (at + 0.5) * step;
  });
  const sorted = order.map((code) => texts[code]);
  const positions = new Float32Array(codes.length);
  const lanes = new Set<Lane>();
  for (let row = 0; row < codes.length; row++) {
    positions[row] = codes[row] < 0 ? Number.NaN : place[codes[row]];
    if (codes[row] < 0) lanes.add('missing');
  }
  const many = sorted.length > MOST_WORDS;
  return {
    column,
    scale: 'words',
    scales: [],
    log: false,
    note: many ? `${formatCount(sorted.length)} texts: too many to brush. Filter by text instead.` : '',
    positions,
    lanes,
    laneOf: () => 'missing',
    ticks: marked(sorted, step),
    brushAt(low, high) {
      if (many) return null;
      // A short stroke beside a word still means that word.
      const under = Math.min(sorted.length - 1, Math.floor((low + high) / 2 / step));
      const chosen = sorted
        .filter((_, at) => at === under || ((at + 0.5) * step >= low && (at + 0.5) * step <= high))
        .reverse();
      const all = chosen.length === sorted.length && lanes.size === 0;
      return chosen.length === 0 || all ? null : { type: 'words', texts: chosen };
    },
    stretches(part) {
      if (part.type !== 'words') return [];
      const wanted = new Set(part.texts);
      const bands: [number, number][] = [];
      sorted.forEach((text, at) => {
        if (!wanted.has(text)) return;
        const last = bands[bands.length - 1];
        if (last && Math.abs(last[1] - at * step) < step / 2) last[1] = (at + 1) * step;
        else bands.push([at * step, (at + 1) * step]);
      });
      return bands.map(([a, b]) => [a + step * 0.08, b - step * 0.08]);
    },
  };
}

/** One mark a word, of very many every so manieth. */
function marked(sorted: readonly string[], step: number): Tick[] {
  const every = Math.ceil(sorted.length / MOST_WORDS);
  const marks: Tick[] = [];
  for (let at = 0; at < sorted.length; at += every) {
    marks.push({ at: (at + 0.5) * step, label: sorted[at] === '' ? '(empty)' : sorted[at] });
  }
  return marks;
}

/** A dictionary may hold words that no run has any more. */
function usedCodes(codes: Int32Array, count: number): number[] {
  const seen = new Uint8Array(count);
  for (const code of codes) if (code >= 0) seen[code] = 1;
  const used: number[] = [];
  for (let code = 0; code < count; code++) if (seen[code]) used.push(code);
  return used;
}
