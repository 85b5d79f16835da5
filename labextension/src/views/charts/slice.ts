/** Slice: one metric by each of several params, side by side on one y axis. */
import { KEY_ROOM, paintDots, paintKey, tintOf } from './cloud';
import { fieldOf } from './field';
import { boxOf, paintFrame } from './frame';
import { type Draw, logOption, noted, option } from './plot';
import type { Scale } from './scale';
import { missingText, noneHas, placeable, placed, runLines, runsText } from './scatter';

/** What a param needs, px. */
const LEAST = 120;

export const slice: Draw = (scene) => {
  const { spec, state, look, width, height, importances } = scene;
  const y = state.runs.columns.get(spec.y);
  if (!y) return { title: 'Slice', nothing: 'These runs have no metric.' };
  const fy = fieldOf(y, state.shown, logOption(spec, 'log_y'));
  const varying = importances.params(spec.y);
  const room = Math.max(1, Math.floor(width / LEAST));
  const keys = varying
    .slice(0, Math.min(room, Math.max(1, option(spec, 'count', 6))))
    .filter((key) => state.runs.columns.has(key));
  const title = `${fy.name} by each param`;
  if (keys.length === 0) return { title, nothing: 'No param varies among these runs.' };
  // The grid goes on; what it stands for is written at the left.
  const ticks: Scale['ticks'] = (length, room) =>
    fy.scale.ticks(length, room).map(({ value }) => ({ value, label: '' }));
  const unnamed = { scale: { ...fy.scale, ticks }, name: '' };
  const fields = keys.map((key) => fieldOf(state.runs.columns.get(key)!, state.shown, null));
  const kept = fields.map((x) => placeable(state.shown, [x, fy]));
  const count = Math.max(...kept.map((rows) => rows.length));
  if (count === 0) return { title, nothing: noneHas([fy]) };
  const tint = tintOf(scene);
  const first = boxOf(width, height, fy, KEY_ROOM);
  const gap = 14;
  const each = (first.width - gap * (fields.length - 1)) / fields.length;
  const boxes = fields.map((_, i) => ({ ...first, left: first.left + i * (each + gap), width: each }));
  const parts = fields.map((x, i) => placed(boxes[i], x, fy, kept[i]));
  const rows = Int32Array.from(kept.flatMap((part) => [...part]));
  const series = Int32Array.from(kept.flatMap((part, i) => Array<number>(part.length).fill(i)));
  const cut = varying.length > keys.length ? `${keys.length} of ${varying.length} params that vary` : '';
  const missing = missingText(state, count, [fy]);
  return {
    title,
    summary: `${fy.name} of ${runsText(count)} by ${fields.map(({ name }) => name).join(', ')}`,
    note: noted(cut, missing),
    marks: { xy: concatenated(parts), row: rows, series },
    area: true,
    paint(pen) {
      fields.forEach((x, i) => {
        paintFrame(pen, look, boxes[i], x, i === 0 ? fy : unnamed);
        paintDots(pen, parts[i], kept[i], tint.scale, null, rows.length);
      });
      paintKey(pen, look, first, tint);
    },
    say: (mark) => runLines(scene, rows[mark], [fy, fields[series[mark]]]),
  };
};

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
