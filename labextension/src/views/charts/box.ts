/** Box plot: a metric by the values of a param; few runs are shown one by one beside their box. */
import { formatNumber } from '../format';
import { fieldOf, wordField } from './field';
import { boxOf, paintFrame, xAt, yAt } from './frame';
import { type Draw, logOption, noted } from './plot';
import { wordScale } from './scale';
import { lackText, missingText, noneHas, placeable, runLines, runsText } from './scatter';

/** Boxes that can be told apart on one axis. */
const MOST = 30;
/** Runs of a box that are drawn one by one; of more, only those outside of the whiskers. */
const FEW = 60;

/** How near the pointer is to a dot that it means, px. */
const ON_DOT = 5;

interface Five {
  readonly low: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  readonly high: number;
}

export const boxplot: Draw = (scene) => {
  const { spec, state, look, width, height } = scene;
  const [bx, by] = [state.runs.columns.get(spec.x), state.runs.columns.get(spec.y)];
  if (!bx || !by) return { title: 'Box plot', nothing: lackText([spec.x, spec.y]) };
  const y = fieldOf(by, state.shown, logOption(spec, 'log_y'));
  const all = wordField(bx, state.shown);
  const title = `${y.name} by ${all.name}`;
  const rows = placeable(state.shown, [all, y]);
  if (rows.length === 0) return { title, nothing: noneHas([all, y]) };
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const group = groups.get(all.values[row]);
    if (group) group.push(row);
    else groups.set(all.values[row], [row]);
  }
  // The most frequent values are kept, in the order of their axis.
  const kept = [...groups]
    .sort((a, b) => b[1].length - a[1].length)
    .slice(0, MOST)
    .sort((a, b) => a[0] - b[0]);
  const x = { scale: wordScale(kept.map(([word]) => all.words![word])), name: all.name };
  const fives = kept.map(([, members]) => fiveOf(Float64Array.from(members, (row) => y.values[row]).sort()));
  const frame = boxOf(width, height, y);
  const half = Math.min(26, (frame.width / kept.length) * 0.32);
  const dots: number[] = [];
  const dotRows: number[] = [];
  kept.forEach(([, members], i) => {
    members.forEach((row, n) => {
      const value = y.values[row];
      if (members.length > FEW && value >= fives[i].low && value <= fives[i].high) return;
      // Spread evenly, not at random: the same picture every time.
      const aside = (((n * 0.618) % 1) - 0.5) * half * 1.4;
      dots.push(xAt(frame, x.scale, i) + aside, yAt(frame, y.scale, value));
      dotRows.push(row);
    });
  });
  const middles = fives.flatMap((five, i) => [xAt(frame, x.scale, i), yAt(frame, y.scale, five.median)]);
  const dotXy = Float32Array.from(dots);
  const cut = groups.size > kept.length ? `${kept.length} of ${groups.size} values, the most frequent` : '';
  const missing = missingText(state, rows.length, [all, y]);
  return {
    title,
    summary: `Box plot of ${y.name} by ${all.name}: ${kept.length} boxes, ${runsText(rows.length)}`,
    note: noted(cut, missing),
    marks: {
      xy: Float32Array.from([...middles, ...dots]),
      row: Int32Array.from([...kept.map(() => -1), ...dotRows]),
      series: Int32Array.from([...kept.map(() => 0), ...dotRows.map(() => 1)]),
    },
    paint(pen) {
      paintFrame(pen, look, frame, x, y);
      pen.dots(dotXy, 2, { color: look.fg, alpha: 0.4 });
      fives.forEach((five, i) => {
        const middle = xAt(frame, x.scale, i);
        const at = (value: number) => yAt(frame, y.scale, value);
        const ink = { color: look.accent, width: 1.5 };
        pen.rect(middle - half, at(five.q3), half * 2, Math.max(1, at(five.q1) - at(five.q3)), {
          color: look.accent,
          alpha: 0.25,
        });
        pen.line([middle - half, at(five.median), middle + half, at(five.median)], { ...ink, width: 2.5 });
        pen.line(
          [
            middle,
            at(five.q1),
            middle,
            at(five.low),
            Number.NaN,
            Number.NaN,
            middle,
            at(five.q3),
            middle,
            at(five.high),
          ],
          ink,
        );
      });
    },
    say(mark) {
      if (mark >= kept.length) return runLines(scene, dotRows[mark - kept.length], [y, all]);
      const { low, q1, median, q3, high } = fives[mark];
      const write = (value: number) => formatNumber(value, 5);
      return [
        `${all.name} ${x.scale.write(mark)}`,
        runsText(kept[mark][1].length),
        `median ${write(median)}`,
        `half within ${write(q1)} and ${write(q3)}`,
        `whiskers ${write(low)} to ${write(high)}`,
      ];
    },
    hit(px, py) {
      const dot = dotRows.findIndex((_, i) => Math.hypot(dots[i * 2] - px, dots[i * 2 + 1] - py) < ON_DOT);
      if (dot >= 0) return kept.length + dot;
      return kept.findIndex((_, i) => Math.abs(middles[i * 2] - px) <= half);
    },
    rows: (mark) => (mark < kept.length ? kept[mark][1] : [dotRows[mark - kept.length]]),
  };
};

/** Quartiles between the ranks, and the last values within 1.5 of the box beyond it (Tukey). */
export function fiveOf(sorted: Float64Array): Five {
  const at = (part: number) => {
    const place = (sorted.length - 1) * part;
    const below = Math.floor(place);
    const next = sorted[Math.min(below + 1, sorted.length - 1)];
    return sorted[below] + (next - sorted[below]) * (place - below);
  };
  const [q1, median, q3] = [at(0.25), at(0.5), at(0.75)];
  const reach = (q3 - q1) * 1.5;
  const low = sorted.find((value) => value >= q1 - reach) ?? q1;
  const high = sorted.findLast((value) => value <= q3 + reach) ?? q3;
  return { low: Math.min(low, q1), q1, median, q3, high: Math.max(high, q3) };
}
