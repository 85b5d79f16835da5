/** Parameter importance: a bar a param, with the interval that tells how sure it is. */
import { h, readable } from '../dom';
import { failureNote } from '../failure';
import { formatNumber } from '../format';
import { fitted, widthOf } from './frame';
import { type Draw, noted, option } from './plot';
import { runsText } from './scatter';

/** How the metric goes as the param grows. */
const DIRECTIONS = { up: 'rises with it', down: 'falls as it rises', none: '' } as const;

/** Above the first bar, px. */
const TOP = 8;

export const importance: Draw = ({ spec, state, look, width, height, importances, add }) => {
  const metric = state.runs.columns.get(spec.y);
  if (!metric) return { title: 'Importance', nothing: 'These runs have no metric.' };
  const title = `What matters for ${readable(metric.info.name)}`;
  const known = importances.of(spec.y);
  if (known.failure) {
    const retry = h('button', { type: 'button', class: 'mam-button', 'data-act': 'retry' }, 'Try again');
    return { title, nothing: h('div', {}, failureNote(known.failure), retry) };
  }
  const { result } = known;
  if (!result) return { title, nothing: h('p', { class: 'mam-progress' }, readable(known.progress)) };
  if (result.rows.length === 0)
    return { title, nothing: readable(result.note) || 'No param varies among these runs.' };
  const asked = Math.max(1, Math.min(option(spec, 'count', 12), Math.floor((height - 30) / 15)));
  const rows = result.rows.slice(0, asked);
  const names = rows.map(({ key }) => readable(state.runs.columns.get(key)?.info.name ?? key));
  const most = Math.max(1e-12, ...rows.map(({ high, importance: value }) => Math.max(high, value)));
  const labels = Math.min(width * 0.4, Math.max(...names.map((name) => widthOf(name))) + 12);
  const room = width - labels - 50;
  const each = Math.min(36, (height - 22) / rows.length);
  const at = (value: number) => labels + (Math.max(0, value) / most) * room;
  const middle = (i: number) => TOP + (i + 0.5) * each;
  const percent = (value: number) => `${formatNumber(value * 100, 2)} %`;
  const cut = result.rows.length > rows.length ? `${rows.length} of ${result.rows.length} params` : '';
  const update = known.question ? 'being worked out anew' : '';
  const hasFloor = result.floor > 0 && result.floor < most;
  const dashed = hasFloor ? 'dashed: what random numbers get' : '';
  const said = result.note.replaceAll('\n', '; ');
  return {
    title,
    summary: `Importance of ${names.length} params, the most important ${names[0]} with ${percent(rows[0].importance)}`,
    note: readable(noted(cut, `${result.method}, ${runsText(result.runs)}`, said, dashed, update)),
    marks: {
      xy: Float32Array.from(rows.flatMap((row, i) => [at(row.importance), middle(i)])),
      row: new Int32Array(rows.length).fill(-1),
    },
    paint(pen) {
      pen.line([labels + 0.5, 6, labels + 0.5, 10 + each * rows.length], { color: look.fg, alpha: 0.35 });
      if (hasFloor) {
        const x = at(result.floor);
        pen.line([x, 6, x, 10 + each * rows.length], { color: look.fg, alpha: 0.5, dash: [3, 3] });
      }
      rows.forEach((row, i) => {
        const y = middle(i);
        const thick = Math.min(18, each * 0.58);
        const whisker = { color: look.fg, alpha: 0.75, width: 1.25 };
        pen.text(
          labels - 8,
          y,
          fitted(names[i], labels - 10),
          { color: look.fg, alpha: 0.9 },
          { anchor: 'end' },
        );
        pen.rect(labels, y - thick / 2, at(row.importance) - labels, thick, {
          color: look.accent,
          alpha: 0.55,
        });
        if (row.high > row.low) {
          const [a, b] = [at(row.low), at(row.high)];
          const gap = Number.NaN;
          pen.line([a, y, b, y, gap, gap, a, y - 3, a, y + 3, gap, gap, b, y - 3, b, y + 3], whisker);
        }
        const end = Math.max(at(row.importance), at(row.high)) + 6;
        pen.text(end, y, percent(row.importance), { color: look.fg, alpha: 0.75 });
      });
    },
    say: (mark) => {
      const { importance: value, low, high, direction } = rows[mark];
      return [
        names[mark],
        `importance ${percent(value)}`,
        `between ${percent(low)} and ${percent(high)}`,
        ...(DIRECTIONS[direction] ? [`${readable(metric.info.name)} ${DIRECTIONS[direction]}`] : []),
      ];
    },
    hit: (_, y) => {
      const i = Math.floor((y - TOP) / each);
      return i < rows.length ? i : -1;
    },
    choose: {
      verb: 'adds its scatter',
      run: (mark) => add({ kind: 'scatter', x: rows[mark].key, y: spec.y }),
    },
  };
};
