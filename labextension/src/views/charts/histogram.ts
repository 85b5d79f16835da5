/** Histogram: how the shown runs spread over a column, the ticked ones in front. */
import { formatCount } from '../format';
import { type Field, fieldOf } from './field';
import { boxOf, paintFrame, yAt } from './frame';
import { type Draw, logOption, option } from './plot';
import { numberScale } from './scale';
import { lackText, missingText, noneHas, placeable, runsText } from './scatter';

export const histogram: Draw = ({ spec, state, look, width, height }) => {
  const column = state.runs.columns.get(spec.x);
  if (!column) return { title: 'Histogram', nothing: lackText([spec.x]) };
  const x = fieldOf(column, state.shown, logOption(spec, 'log_x'));
  const title = `Histogram of ${x.name}`;
  const rows = placeable(state.shown, [x]);
  if (rows.length === 0) return { title, nothing: noneHas([x]) };
  const bins = x.words?.length ?? binCount(rows, x, option(spec, 'bins', 0));
  const [first, last] = [x.scale.at(x.scale.low), x.scale.at(x.scale.high)];
  // Bins lie between the ends of the data, those of words around each word.
  const [from, to] = x.words || first === last ? [0, 1] : [first, last];
  const binOf = (row: number) => {
    const part = (x.scale.at(x.values[row]) - from) / (to - from);
    return Math.min(bins - 1, Math.max(0, Math.floor(part * bins)));
  };
  const held: number[][] = Array.from({ length: bins }, () => []);
  for (const row of rows) held[binOf(row)].push(row);
  const most = Math.max(...held.map((members) => members.length));
  const count = {
    scale: { ...numberScale(0, most, { pad: 0, whole: true }), at: (value: number) => value / (most * 1.06) },
    name: 'runs',
  };
  const box = boxOf(width, height, count);
  const left = (bin: number) => box.left + (from + ((to - from) * bin) / bins) * box.width;
  const thick = ((to - from) * box.width) / bins;
  const xy = new Float32Array(bins * 2);
  for (const [bin, members] of held.entries()) {
    xy.set([left(bin) + thick / 2, yAt(box, count.scale, members.length)], bin * 2);
  }
  const ends = (bin: number) =>
    x.words
      ? x.words[bin]
      : [bin, bin + 1]
          .map((edge) => x.scale.write(x.scale.value(from + ((to - from) * edge) / bins)))
          .join(' to ');
  const ticked = held.map((members) => members.reduce((sum, row) => sum + Number(state.ticked.has(row)), 0));
  const fullest = held.findIndex((members) => members.length === most);
  return {
    title,
    summary: `Histogram of ${x.name} over ${runsText(rows.length)}; most, ${most}, at ${ends(fullest)}`,
    note: missingText(state, rows.length, [x]),
    marks: { xy, row: new Int32Array(bins).fill(-1) },
    paint(pen) {
      paintFrame(pen, look, box, x, count);
      const bar = (bin: number, high: number, alpha: number) => {
        const top = yAt(box, count.scale, high);
        const gap = thick > 4 ? 1 : 0;
        pen.rect(left(bin) + gap / 2, top, Math.max(0.5, thick - gap), box.top + box.height - top, {
          color: look.accent,
          alpha,
        });
      };
      held.forEach((members, bin) => {
        bar(bin, members.length, state.ticked.size > 0 ? 0.3 : 0.6);
        if (ticked[bin] > 0) bar(bin, ticked[bin], 0.7);
      });
    },
    say: (bin) => [
      ends(bin),
      runsText(held[bin].length),
      ...(ticked[bin] > 0 ? [`${formatCount(ticked[bin])} ticked`] : []),
    ],
    hit: (px) => {
      const bin = Math.floor((px - left(0)) / thick);
      return bin >= 0 && bin < bins ? bin : -1;
    },
    rows: (bin) => held[bin],
    find: (row) =>
      Number.isFinite(x.scale.at(x.values[row])) && held[binOf(row)].includes(row) ? [binOf(row)] : [],
  };
};

/** As many as asked for; else by Freedman and Diaconis (1981) on the axis as it is drawn, 5 to 60. */
function binCount(rows: Int32Array, { scale, values }: Field, asked: number): number {
  if (asked >= 1) return Math.min(500, Math.round(asked));
  const sorted = Float64Array.from(rows, (row) => scale.at(values[row])).sort();
  const quartile = (part: number) => sorted[Math.floor((sorted.length - 1) * part)];
  const span = sorted[sorted.length - 1] - sorted[0];
  const width = (2 * (quartile(0.75) - quartile(0.25))) / Math.cbrt(sorted.length);
  if (!(span > 0)) return 1;
  return Math.min(60, Math.max(5, Math.ceil(width > 0 ? span / width : Math.sqrt(sorted.length))));
}
