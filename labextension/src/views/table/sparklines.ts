/** A metric's course in a cell: asked for when a run comes into view, kept as long as it does not run on. */
import { tableFromIPC } from '@uwdata/flechette';
import { type Ask, bytesOf, type Question } from '../ask';
import { s } from '../dom';
import { statusName } from '../filter/query-values';
import type { ExplorerState } from '../state';

const POINTS = 60;
/** Scrolling past a run does not ask for it, in ms. */
const SETTLE = 120;
export const SPARK_WIDTH = 72;
const HEIGHT = 18;

/** Points in the order of steps; none where the run has no history. */
type Course = { readonly steps: Float64Array; readonly values: Float64Array };

export class Sparklines {
  private readonly courses = new Map<string, Course | 'asked' | 'failed'>();
  private wanted = new Map<string, Set<string>>();
  private readonly questions = new Set<Question<unknown>>();
  private timer = 0;

  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
    private readonly changed: () => void,
  ) {}

  destroy(): void {
    window.clearTimeout(this.timer);
    for (const question of this.questions) question.cancel();
  }

  /** Runs that go on have new points. */
  forgetLive(): void {
    const { runs } = this.state;
    const words = runs.columns.get('status')?.words;
    const done = new Set(
      runs.ids.filter((_, row) =>
        /FINISHED|FAILED|KILLED/.test(statusName(words?.texts[words.codes[row]] ?? '') ?? ''),
      ),
    );
    for (const [id, course] of this.courses) {
      const run = id.slice(0, id.indexOf(' '));
      if (course === 'failed' || (course !== 'asked' && !done.has(run))) this.courses.delete(id);
    }
  }

  /** The line to be drawn, or null until it is here. */
  draw(metric: string, run: string): SVGSVGElement | null {
    const id = `${run} ${metric}`;
    const course = this.courses.get(id);
    if (course === undefined) this.want(metric, run);
    if (course === undefined || course === 'asked' || course === 'failed') return null;
    const path = pathOf(course);
    const picture = s('svg', {
      class: 'mam-spark',
      width: SPARK_WIDTH,
      height: HEIGHT,
      'aria-hidden': 'true',
    });
    if (path !== '') picture.append(s('path', { d: path }));
    return picture;
  }

  private want(metric: string, run: string): void {
    const runs = this.wanted.get(metric) ?? new Set();
    this.wanted.set(metric, runs.add(run));
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.read(), SETTLE);
  }

  private read(): void {
    const { wanted } = this;
    this.wanted = new Map();
    for (const [metric, runs] of wanted) void this.fetchMetric(metric, [...runs]);
  }

  private async fetchMetric(metric: string, run_ids: string[]): Promise<void> {
    for (const run of run_ids) this.courses.set(`${run} ${metric}`, 'asked');
    const question = this.ask<{ buffers: DataView[] }>('history', {
      run_ids,
      metrics: [metric],
      points: POINTS,
    });
    this.questions.add(question);
    try {
      const { buffers } = await question.answer;
      const found = readCourses(bytesOf(buffers[0]));
      const none = { steps: new Float64Array(0), values: new Float64Array(0) };
      for (const run of run_ids) this.courses.set(`${run} ${metric}`, found.get(run) ?? none);
    } catch {
      // The number stands in the cell all the same; asked again when runs come anew.
      for (const run of run_ids) this.courses.set(`${run} ${metric}`, 'failed');
    }
    this.questions.delete(question);
    this.changed();
  }
}

function readCourses(ipc: Uint8Array): Map<string, Course> {
  const table = tableFromIPC(ipc, { useBigInt: false });
  const ids = table.getChild('run_id').toArray() as ArrayLike<string>;
  const steps = table.getChild('step').toArray() as ArrayLike<number>;
  const values = table.getChild('value').toArray() as ArrayLike<number | null>;
  const found = new Map<string, { steps: number[]; values: number[] }>();
  for (let i = 0; i < ids.length; i++) {
    const course = found.get(ids[i]) ?? { steps: [], values: [] };
    found.set(ids[i], course);
    course.steps.push(Number(steps[i]));
    course.values.push(values[i] ?? Number.NaN);
  }
  return new Map(
    [...found].map(([id, course]) => [
      id,
      { steps: Float64Array.from(course.steps), values: Float64Array.from(course.values) },
    ]),
  );
}

/** Broken where a value is none; each run on its own scale, for its shape is what is looked for. */
function pathOf({ steps, values }: Course): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return '';
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const [from, to] = [steps[0], steps[steps.length - 1]];
  let path = '';
  let pen = 'M';
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) {
      pen = 'M';
      return;
    }
    const x = 1 + (to > from ? (steps[i] - from) / (to - from) : i / (values.length - 1)) * (SPARK_WIDTH - 2);
    const y = high > low ? HEIGHT - 2 - ((value - low) / (high - low)) * (HEIGHT - 4) : HEIGHT / 2;
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = 'L';
  });
  return path;
}
