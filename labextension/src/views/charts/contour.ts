/** Contour: a third column between the runs, and nothing where there are none. */
import { BINS } from '../color';
import { KEY_ROOM, paintKey, tintOf } from './cloud';
import { fieldOf } from './field';
import { boxOf, paintFrame } from './frame';
import { type Draw, noted } from './plot';
import { missingText, noneHas, placeable, placed, runLines, runsText, twoFields } from './scatter';

/** Cells of the grid, each way. */
const [ACROSS, DOWN] = [72, 48];

export const contour: Draw = (scene) => {
  const { look, width, height, state } = scene;
  const found = twoFields(scene);
  const tint = tintOf(scene);
  if (typeof found === 'string') return { title: 'Contour', nothing: found };
  const { x, y } = found;
  const z = tint.column?.numbers ? fieldOf(tint.column, state.shown, null) : null;
  const title = `${z?.name ?? 'Contour'} over ${x.name} and ${y.name}`;
  if (!z) return { title, nothing: 'Choose a number as the value.' };
  const rows = placeable(found.rows, [z]);
  if (rows.length === 0) return { title, nothing: noneHas([x, y, z]) };
  const at = (field: typeof x) => Float64Array.from(rows, (row) => field.scale.at(field.values[row]));
  const bins = Float64Array.from(rows, (row) => tint.scale.bins[row]);
  const grid = interpolated(at(x), at(y), bins);
  const box = boxOf(width, height, y, KEY_ROOM);
  const xy = placed(box, x, y, rows);
  const missing = missingText(state, rows.length, [x, y, z]);
  const blank = grid.some(Number.isNaN) ? 'Blank: no run is near' : '';
  return {
    title,
    summary: `Contour of ${z.name} over ${x.name} and ${y.name}, from ${runsText(rows.length)}`,
    note: noted(blank, missing),
    marks: { xy, row: rows },
    area: true,
    paint(pen) {
      // Cells end on whole pixels: no seams between them.
      const column = (i: number) => Math.round(box.left + (i * box.width) / ACROSS);
      const line = (i: number) => Math.round(box.top + box.height - (i * box.height) / DOWN);
      for (let cell = 0; cell < grid.length; cell++) {
        if (Number.isNaN(grid[cell])) continue;
        // Steps of three bins are the contours.
        const step = Math.min(BINS - 1, Math.floor(grid[cell] / 3) * 3 + 1);
        const [i, j] = [cell % ACROSS, Math.floor(cell / ACROSS)];
        const [left, top] = [column(i), line(j + 1)];
        pen.rect(left, top, column(i + 1) - left, line(j) - top, { color: tint.scale.colors[step] });
      }
      paintFrame(pen, look, box, x, y);
      if (rows.length <= 2000) {
        pen.dots(xy, 2.4, { color: look.bg, alpha: 0.8 });
        pen.dots(xy, 1.4, { color: look.fg });
      }
      paintKey(pen, look, box, tint);
    },
    say: (mark) => runLines(scene, rows[mark], [z, x, y]),
  };
};

/**
 * How far a run speaks for its surroundings along an axis, as a part of it: less, the more runs there are, but over the
 * gaps between the few values of a param.
 */
export function reachOf(at: ArrayLike<number>, cells: number): number {
  const distinct = new Set(Array.from(at, (place) => Math.floor(place * cells))).size;
  return Math.max(1.4 / Math.sqrt(at.length), 0.75 / distinct, 0.03);
}

/**
 * The values of a grid from scattered ones: means of its cells, weighted with the inverse square of their distance. Row
 * by row from the bottom, NaN where no value is within reach. Positions go from 0 to 1.
 */
export function interpolated(x: ArrayLike<number>, y: ArrayLike<number>, z: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(ACROSS * DOWN);
  const count = new Float64Array(ACROSS * DOWN);
  const place = (at: number, cells: number) => Math.min(cells - 1, Math.max(0, Math.floor(at * cells)));
  for (let i = 0; i < z.length; i++) {
    const cell = place(y[i], DOWN) * ACROSS + place(x[i], ACROSS);
    sum[cell] += z[i];
    count[cell] += 1;
  }
  const weight = new Float64Array(ACROSS * DOWN);
  const total = new Float64Array(ACROSS * DOWN);
  const wide = Math.min(0.25, reachOf(x, ACROSS)) * ACROSS;
  const tall = Math.min(0.25, reachOf(y, DOWN)) * DOWN;
  for (let cell = 0; cell < sum.length; cell++) {
    if (count[cell] === 0) continue;
    const [column, line] = [cell % ACROSS, Math.floor(cell / ACROSS)];
    const [top, right] = [Math.min(DOWN - 1, line + tall), Math.min(ACROSS - 1, column + wide)];
    for (let j = Math.max(0, Math.ceil(line - tall)); j <= top; j++) {
      for (let i = Math.max(0, Math.ceil(column - wide)); i <= right; i++) {
        const away = ((i - column) / wide) ** 2 + ((j - line) / tall) ** 2;
        if (away > 1) continue;
        // What is added to the distance evens out the noise of single runs.
        const w = 1 / (away + 0.03);
        weight[j * ACROSS + i] += w * count[cell];
        total[j * ACROSS + i] += w * sum[cell];
      }
    }
  }
  return total.map((value, cell) => (weight[cell] > 0 ? value / weight[cell] : Number.NaN));
}
