/** How much each param matters for a metric, as the kernel works it out; asked once for each filter. */
import type { Failure, ImportanceArgs, ImportanceResult } from '../../contract';
import { type Ask, failureOf, type Question } from '../ask';
import { Bin } from '../dom';
import type { ExplorerState } from '../state';

/** What is known for one metric; a result stays while a new one is worked out. */
export interface Known {
  result: ImportanceResult | null;
  failure: Failure | null;
  progress: string;
  question: Question<ImportanceResult> | null;
  /** Of which runs the result is. */
  of: string;
}

/** How long a filter, and how long runs that come in, settle before the kernel is asked again; in ms. */
const SETTLE = 600;
const SETTLE_LIVE = 5000;

export class Importances {
  private readonly known = new Map<string, Known>();
  private readonly places = new Map<string, ReadonlyMap<string, number>>();
  private readonly bin = new Bin();
  private timer = 0;

  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
    private readonly changed: () => void,
  ) {
    this.bin.add(() => window.clearTimeout(this.timer));
    this.bin.add(() => {
      for (const { question } of this.known.values()) question?.cancel();
    });
  }

  destroy(): void {
    this.bin.empty();
  }

  /** What is known for a metric by its key; asks when that is nothing, or of other runs. */
  of(metric: string): Known {
    let known = this.known.get(metric);
    if (!known) {
      known = { result: null, failure: null, progress: '', question: null, of: '' };
      this.known.set(metric, known);
      this.start(metric, known);
    } else if (known.of !== this.wanted) {
      window.clearTimeout(this.timer);
      const live = known.of.split('\n')[0] === this.state.goodText;
      this.timer = window.setTimeout(() => this.start(metric, known!), live ? SETTLE_LIVE : SETTLE);
    }
    return known;
  }

  retry(metric: string): void {
    const known = this.known.get(metric);
    if (known) this.start(metric, known);
  }

  /** Params that vary, the most important first once that is known; axes do not change with the filter. */
  params(metric: string): string[] {
    const varying = this.state.info.columns.filter(({ kind, varies }) => kind === 'param' && varies);
    const keys = varying.map(({ key }) => key);
    if (keys.length < 2 || this.state.runs.columns.get(metric)?.info.kind !== 'metric') return keys;
    const place =
      this.places.get(metric) ?? new Map(this.of(metric).result?.rows.map(({ key }, at) => [key, at]));
    if (place.size > 0) this.places.set(metric, place);
    return keys.sort((a, b) => (place.get(a) ?? keys.length) - (place.get(b) ?? keys.length));
  }

  private get wanted(): string {
    return `${this.state.goodText}\n${this.state.runs.length}`;
  }

  private start(metric: string, known: Known): void {
    known.question?.cancel();
    const of = this.wanted;
    known.of = of;
    known.failure = null;
    known.progress = 'Working out which params matter…';
    const name = this.state.runs.columns.get(metric)?.info.name ?? metric;
    const args: ImportanceArgs = { metric: name, query: this.state.goodText };
    const question = this.ask<ImportanceResult>('importance', args, (line) => {
      known.progress = line;
      if (!known.result) this.changed();
    });
    known.question = question;
    void question.answer
      .then(
        (result) => {
          if (known.question === question) known.result = result;
        },
        (error: unknown) => {
          if (known.question !== question) return;
          known.result = null;
          known.failure = failureOf(error);
        },
      )
      .finally(() => {
        if (known.question !== question) return;
        known.question = null;
        this.changed();
      });
  }
}
