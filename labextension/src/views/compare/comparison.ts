/** Two to twenty runs side by side: the rows, the file that was opened, and whether a difference is noise. */
import type { CompareArgs, ComparisonInfo } from '../../contract';
import type { Ask } from '../ask';
import { Bin, h, readable } from '../dom';
import { formatCount } from '../format';
import { ArtifactPanel } from './artifact';
import { drawRows, type Wish } from './grid';
import { Latest, plainButton } from './latest';
import { NoisePanel } from './noise';

/** What the user chose, for whoever keeps it. */
export interface Choices {
  baseline(runId: string): void;
  differencesOnly(on: boolean): void;
}

/** Typing in the search box settles so long, in ms. */
const SETTLE = 150;
const AT = [
  ['last', 'last'],
  ['min', 'lowest'],
  ['max', 'highest'],
  ['step', 'at step'],
] as const;

export class ComparisonView {
  readonly element = h('div', { class: 'mam-comparison' });
  info: ComparisonInfo | null = null;
  private readonly bin = new Bin();
  private readonly title = h('strong', { class: 'mam-title' });
  private readonly count = h('span', { class: 'mam-count', role: 'status', 'aria-live': 'polite' });
  private readonly box = h('input', { type: 'checkbox', checked: true });
  private readonly find = h('input', {
    type: 'search',
    class: 'mam-find',
    placeholder: 'Find a row',
    'aria-label': 'Find a row by its name',
  });
  private readonly at = h('select', { 'aria-label': 'Which value of the metrics' });
  private readonly step = h('input', { type: 'number', value: 0, 'aria-label': 'Step', hidden: true });
  private readonly noiseButton = plainButton('Is it noise?');
  private readonly notes = h('div', { class: 'mam-notes' });
  private readonly scroller = h('div', {
    class: 'mam-compare',
    tabindex: 0,
    role: 'group',
    'aria-label': 'Runs side by side',
  });
  private readonly artifact: ArtifactPanel;
  private readonly noise: NoisePanel;
  private readonly unfolded = new Set<string>();
  private readonly latest: Latest;
  private timer = 0;

  /** `metric` names the one that matters, '' for none. */
  constructor(
    ask: Ask,
    private readonly choices: Choices,
    metric: () => string = () => '',
  ) {
    this.latest = new Latest(ask);
    this.artifact = new ArtifactPanel(ask);
    this.noise = new NoisePanel(ask, metric);
    for (const [value, text] of AT) this.at.append(h('option', { value }, text));
    const metrics = h('label', { class: 'mam-toggle' }, 'Metrics', this.at, this.step);
    const only = h('label', { class: 'mam-toggle' }, this.box, 'Differences only');
    const gap = h('span', { class: 'mam-gap' });
    const head = h('div', { class: 'mam-bar mam-head' }, this.title, this.count, gap);
    head.append(this.find, metrics, this.noiseButton, only);
    this.element.append(head, this.notes, this.scroller, this.artifact.element, this.noise.element);
    this.bin.add(() => this.latest.cancel());
    this.bin.add(() => window.clearTimeout(this.timer));
    this.bin.add(() => this.artifact.destroy());
    this.bin.add(() => this.noise.destroy());
    this.listen();
  }

  destroy(): void {
    this.bin.empty();
  }

  /** Asks the kernel for these runs; what is shown stays until the answer is there. */
  askFor(run_ids: readonly string[], baseline: string): void {
    const progress = h('span', {}, 'Reading the runs…');
    const stop = plainButton('Stop', 'mam-link');
    const args: CompareArgs = { run_ids: [...run_ids], baseline, metrics_at: this.metricsAt };
    // An answer that comes at once makes no flicker.
    const waiting = h('p', { class: 'mam-note', role: 'status' }, progress, ' ', stop);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.notes.replaceChildren(waiting), SETTLE);
    const failed = (note: HTMLElement) => {
      window.clearTimeout(this.timer);
      const again = plainButton('Try again');
      again.onclick = () => this.askFor(run_ids, baseline);
      this.notes.replaceChildren(note, again);
    };
    stop.onclick = () => {
      this.latest.cancel();
      failed(h('p', { class: 'mam-note' }, 'Stopped.'));
    };
    const said = (line: string) => {
      progress.textContent = line;
    };
    void this.latest.put<ComparisonInfo>('compare', args, said, (info) => this.show(info), failed);
  }

  show(info: ComparisonInfo): void {
    window.clearTimeout(this.timer);
    this.info = info;
    const [word, step] = info.metrics_at.split(':');
    this.at.value = word;
    this.step.hidden = word !== 'step';
    if (step) this.step.value = step;
    this.title.textContent = `${info.runs.length} runs side by side`;
    this.notes.replaceChildren(
      ...info.notes.map((note) => h('p', { class: 'mam-warn' }, `⚠ ${readable(note)}`)),
    );
    this.noiseButton.hidden = !info.sections.some(({ title }) => title === 'Metrics');
    this.draw();
    this.artifact.follow(info);
    this.noise.follow(info);
  }

  setDifferencesOnly(on: boolean): void {
    if (on === this.box.checked) return;
    this.box.checked = on;
    this.draw();
  }

  private get metricsAt(): string {
    return this.at.value === 'step' ? `step:${Math.trunc(Number(this.step.value)) || 0}` : this.at.value;
  }

  private listen(): void {
    const { bin } = this;
    let timer = 0;
    bin.on(this.box, 'change', () => {
      this.draw();
      this.choices.differencesOnly(this.box.checked);
    });
    bin.on(this.find, 'input', () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => this.draw(), SETTLE);
    });
    bin.add(() => window.clearTimeout(timer));
    const again = () => {
      this.step.hidden = this.at.value !== 'step';
      const { info } = this;
      if (info)
        this.askFor(
          info.runs.map((run) => run.run_id),
          info.baseline,
        );
    };
    bin.on(this.at, 'change', again);
    bin.on(this.step, 'change', again);
    bin.on(this.noiseButton, 'click', () => this.noise.open());
    bin.on<MouseEvent>(this.scroller, 'click', ({ target }) => {
      const { base, path, more } = (target as Element).closest<HTMLElement>('button')?.dataset ?? {};
      if (base) this.choices.baseline(base);
      if (path) this.artifact.open(path);
      if (more && this.unfolded.add(more)) this.draw();
    });
  }

  private draw(): void {
    const { info } = this;
    if (!info) return;
    const wish: Wish = {
      differencesOnly: this.box.checked,
      find: this.find.value.trim().toLowerCase(),
      unfolded: this.unfolded,
    };
    const focused =
      document.activeElement instanceof HTMLElement ? { ...document.activeElement.dataset } : {};
    this.scroller.classList.toggle('mam-only', wish.differencesOnly);
    this.scroller.replaceChildren(drawRows(info, wish));
    for (const key of ['base', 'path'] as const) {
      const found = [...this.scroller.querySelectorAll<HTMLElement>(`[data-${key}]`)];
      if (focused[key]) found.find((button) => button.dataset[key] === focused[key])?.focus();
    }
    const rows = info.sections.flatMap((section) => section.rows);
    const differing = rows.filter((row) => row.differs).length;
    this.count.textContent = `${formatCount(differing)} of ${formatCount(rows.length)} rows differ`;
  }
}
