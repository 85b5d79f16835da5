/** Metric histories of many runs, kept once asked for; those of live runs are asked for again. */
import { tableFromIPC } from '@uwdata/flechette';
import type { Failure, HistoryArgs, HistoryResult } from '../../contract';
import { type Ask, bytesOf, failureOf, type Question } from '../ask';
import { textAt } from '../columns';
import { Bin } from '../dom';
import type { ExplorerState, Topic } from '../state';

/** The points of one metric of one run, by step; `time` in epoch ms. */
export interface History {
  readonly step: Float64Array;
  readonly time: Float64Array;
  readonly value: Float64Array;
  readonly batch: Batch;
}

/** The answer that a history came in: points that the store has of its runs (null: it does not tell), and that came. */
interface Batch {
  readonly total: number | null;
  readonly sent: number;
}

type Answer = HistoryResult & { readonly buffers?: readonly DataView[] };

/** What is known of a metric. */
export interface Found {
  readonly runs: ReadonlyMap<string, History>;
  readonly waiting: boolean;
  readonly progress: string;
  readonly failure: Failure | null;
}

interface Metric {
  readonly runs: Map<string, History>;
  /** Runs that were not over when they were asked for. */
  readonly live: Set<string>;
  stale: Set<string>;
  wanted: string[];
  question: Question<Answer> | null;
  timer: number;
  progress: string;
  failure: Failure | null;
}

/** Points of a run: more than a chart has pixels, less than is felt. */
const POINTS = 500;
/** How long changes of the filter settle before the kernel is asked, in ms. */
const SETTLE = 150;
const READING = 'Reading histories…';
const OVER = new Set(['FINISHED', 'FAILED', 'KILLED']);

export class Histories {
  private readonly metrics = new Map<string, Metric>();
  private readonly bin = new Bin();

  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
    private readonly changed: () => void,
  ) {
    const onTopic = (topic: Topic) => {
      if (topic !== 'runs') return;
      for (const metric of this.metrics.values()) {
        metric.stale = new Set(metric.live);
        metric.failure = null;
      }
    };
    this.bin.add(state.subscribe(onTopic));
    this.bin.add(() => {
      for (const { question, timer } of this.metrics.values()) {
        window.clearTimeout(timer);
        question?.cancel();
      }
    });
  }

  destroy(): void {
    this.bin.empty();
  }

  /** The histories of a metric by its name, of runs by their rows; asks for those that are not here. */
  of(name: string, rows: readonly number[]): Found {
    const metric = this.metricOf(name);
    const ids = rows.map((row) => this.state.runs.ids[row]);
    const missing = ids.filter((id) => !metric.runs.has(id) || metric.stale.has(id));
    metric.wanted = missing;
    const asking = metric.question !== null || (missing.length > 0 && !metric.failure);
    if (asking && !metric.question && !metric.timer) {
      metric.progress = READING;
      metric.timer = window.setTimeout(() => void this.read(name, metric), SETTLE);
    }
    return {
      runs: metric.runs,
      waiting: asking && missing.some((id) => !metric.runs.has(id)),
      progress: metric.progress,
      failure: metric.failure,
    };
  }

  retry(name: string): void {
    const metric = this.metricOf(name);
    metric.failure = null;
    this.changed();
  }

  private metricOf(name: string): Metric {
    let metric = this.metrics.get(name);
    if (!metric) {
      metric = {
        runs: new Map(),
        live: new Set(),
        stale: new Set(),
        wanted: [],
        question: null,
        timer: 0,
        progress: '',
        failure: null,
      };
      this.metrics.set(name, metric);
    }
    return metric;
  }

  private async read(name: string, metric: Metric): Promise<void> {
    metric.timer = 0;
    const run_ids = metric.wanted;
    if (run_ids.length === 0) return;
    const status = this.state.runs.columns.get('status');
    const at = new Map(this.state.runs.ids.map((id, row) => [id, row]));
    const args: HistoryArgs = { run_ids, metrics: [name], points: POINTS };
    metric.question = this.ask<Answer>('history', args, (line) => {
      metric.progress = line;
      this.changed();
    });
    try {
      const answer = await metric.question.answer;
      for (const [id, history] of histories(answer, run_ids)) {
        const row = at.get(id) ?? -1;
        metric.runs.set(id, history);
        metric.stale.delete(id);
        if (status && row >= 0 && !OVER.has(textAt(status, row))) metric.live.add(id);
        else metric.live.delete(id);
      }
    } catch (error) {
      metric.failure = failureOf(error);
    } finally {
      metric.question = null;
      this.changed();
    }
  }
}

/** A history for each run asked for, an empty one where the store has none. */
function histories(answer: Answer, ids: readonly string[]): Map<string, History> {
  const batch = { total: answer.points_total, sent: answer.points_sent };
  const none = new Float64Array(0);
  const found = new Map<string, History>(
    ids.map((id) => [id, { step: none, time: none, value: none, batch: { total: 0, sent: 0 } }]),
  );
  const bytes = answer.buffers?.[0];
  if (!bytes) return found;
  const table = tableFromIPC(bytesOf(bytes), { useBigInt: false, useDate: false });
  const column = <T>(name: string) => table.getChild(name)?.toArray() as ArrayLike<T>;
  const runs = column<string>('run_id');
  const [step, time, value] = [
    column<number>('step'),
    column<number>('timestamp'),
    column<number | null>('value'),
  ];
  const numbers = (cells: ArrayLike<number | null>, from: number, to: number) => {
    const out = new Float64Array(to - from);
    for (let i = from; i < to; i++) out[i - from] = cells[i] ?? Number.NaN;
    return out;
  };
  for (let from = 0; from < runs.length; ) {
    let to = from + 1;
    while (to < runs.length && runs[to] === runs[from]) to++;
    found.set(runs[from], {
      step: numbers(step, from, to),
      time: numbers(time, from, to),
      value: numbers(value, from, to),
      batch,
    });
    from = to;
  }
  return found;
}
