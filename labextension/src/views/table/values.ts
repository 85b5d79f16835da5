/** What a metric's column shows in place of the last value: the least, the greatest, or that at a step. */
import { tableFromIPC } from '@uwdata/flechette';
import type { Failure, MetricValuesArgs } from '../../contract';
import { type Ask, bytesOf, failureOf, type Question } from '../ask';
import type { Column, Runs } from '../columns';
import type { ExplorerState, Topic } from '../state';

type How = Pick<MetricValuesArgs, 'how' | 'step'>;

interface Fetched {
  /** Those of the runs that the answer was for. */
  column: Column | null;
  runs: Runs;
  question: Question<{ buffers: DataView[] }> | null;
  failure: Failure | null;
}

export class MetricValues {
  private readonly fetched = new Map<string, Fetched>();
  private overlaid: Runs | null = null;

  /** `changed` is called when a column has come, or could not. */
  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
    private readonly changed: (failure: Failure | null) => void,
  ) {}

  destroy(): void {
    for (const { question } of this.fetched.values()) question?.cancel();
    this.fetched.clear();
  }

  onChange(topic: Topic): void {
    if (topic === 'runs' || topic === 'values') this.overlaid = null;
  }

  /** The runs with those columns in place. The state's own object while there is none. */
  get runs(): Runs {
    const { runs, view } = this.state;
    if (this.overlaid) return this.overlaid;
    const columns = new Map(runs.columns);
    for (const key of Object.keys(view.values)) {
      const base = runs.columns.get(key);
      if (base?.info.kind === 'metric' && this.howOf(key).how !== 'last')
        columns.set(key, this.columnFor(key, base));
    }
    const changed = [...columns].some(([key, column]) => column !== runs.columns.get(key));
    this.overlaid = changed ? { ...runs, columns } : runs;
    return this.overlaid;
  }

  /** "min", "step 10"; "" for the last value. */
  label(key: string): string {
    const { how, step } = this.howOf(key);
    return how === 'last' ? '' : how === 'step' ? `step ${step}` : how;
  }

  stateOf(key: string): { state: 'ready' | 'pending' | 'failed'; failure: Failure | null } {
    const entry = this.fetched.get(this.idOf(key));
    if (this.howOf(key).how === 'last' || !entry) return { state: 'ready', failure: null };
    const { failure, column } = entry;
    return { state: failure ? 'failed' : column ? 'ready' : 'pending', failure };
  }

  choose(key: string, how: string): void {
    const { [key]: _, ...others } = this.state.view.values;
    for (const [id, entry] of this.fetched) if (entry.failure) this.fetched.delete(id);
    this.state.set('values', how === 'last' ? others : { ...others, [key]: how });
  }

  private idOf(key: string): string {
    return `${this.state.view.values[key] ?? 'last'} ${key}`;
  }

  private howOf(key: string): How {
    const text = this.state.view.values[key] ?? 'last';
    if (text.startsWith('step:')) {
      const step = Number(text.slice(5));
      return Number.isSafeInteger(step) ? { how: 'step', step } : { how: 'last', step: null };
    }
    return { how: text === 'min' || text === 'max' ? text : 'last', step: null };
  }

  /** What is there now; asks for what is not, and keeps the old while runs that changed are read anew. */
  private columnFor(key: string, base: Column): Column {
    const id = this.idOf(key);
    const entry = this.fetched.get(id);
    if (!entry || (entry.runs !== this.state.runs && !entry.question)) void this.read(id, key, base);
    const column = this.fetched.get(id)?.column;
    return column && column.missing.length === base.missing.length ? column : emptyColumn(base);
  }

  private async read(id: string, key: string, base: Column): Promise<void> {
    const { runs } = this.state;
    const question = this.ask<{ buffers: DataView[] }>('metric_values', {
      metric: base.info.name,
      ...this.howOf(key),
    });
    const entry: Fetched = { column: this.fetched.get(id)?.column ?? null, runs, question, failure: null };
    this.fetched.set(id, entry);
    try {
      const { buffers } = await question.answer;
      entry.column = readColumn(base, runs, bytesOf(buffers[0]));
    } catch (error) {
      entry.failure = failureOf(error);
      entry.column = null;
    }
    entry.question = null;
    if (this.fetched.get(id) !== entry) return;
    this.overlaid = null;
    this.changed(entry.failure);
  }
}

function emptyColumn({ info, missing }: Column): Column {
  const nothing = new Float64Array(missing.length).fill(Number.NaN);
  return { info, numbers: nothing, words: null, missing: new Uint8Array(missing.length).fill(1) };
}

function readColumn(base: Column, runs: Runs, ipc: Uint8Array): Column {
  const table = tableFromIPC(ipc, { useBigInt: false });
  const ids = table.getChild('run_id').toArray() as ArrayLike<string>;
  const values = table.getChild('value').toArray() as ArrayLike<number | null>;
  const at = new Map<string, number>();
  for (let i = 0; i < ids.length; i++) at.set(ids[i], i);
  const { numbers, missing, ...rest } = emptyColumn(base);
  runs.ids.forEach((id, row) => {
    const value = values[at.get(id) ?? -1] ?? null;
    if (value === null) return;
    missing[row] = 0;
    if (numbers) numbers[row] = value;
  });
  return { ...rest, numbers, missing };
}
