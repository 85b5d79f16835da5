/** Is a difference noise? What the kernel finds from repeats of the runs, as intervals and in words. */
import type { ComparisonInfo, NoiseArgs, NoiseGroup, NoiseResult } from '../../contract';
import type { Ask } from '../ask';
import { Bin, h, readable, s } from '../dom';
import { formatNumber } from '../format';
import { Latest, plainButton } from './latest';

const WIDTH = 160;
const TONES = { better: 'better', worse: 'worse' } as Readonly<Record<string, string>>;

export class NoisePanel {
  readonly element = h('section', {
    class: 'mam-panel mam-noise',
    hidden: true,
    'aria-label': 'Is it noise?',
  });
  private readonly bin = new Bin();
  private readonly metric = h('select', { class: 'mam-select', 'aria-label': 'Metric' });
  private readonly body = h('div', { role: 'status', 'aria-live': 'polite' });
  private info: ComparisonInfo | null = null;
  private readonly latest: Latest;

  /** `preferred` names the metric to begin with, where the runs have it. */
  constructor(
    ask: Ask,
    private readonly preferred: () => string,
  ) {
    this.latest = new Latest(ask);
    const close = plainButton('Close');
    const gap = h('span', { class: 'mam-gap' });
    const title = h('h3', {}, 'Is the difference noise?');
    this.element.append(h('div', { class: 'mam-bar' }, title, this.metric, gap, close), this.body);
    this.bin.on(close, 'click', () => this.close());
    this.bin.on(this.metric, 'change', () => this.load());
    this.bin.add(() => this.close());
  }

  destroy(): void {
    this.bin.empty();
  }

  open(): void {
    this.element.hidden = false;
    this.metric.focus();
    this.load();
    this.element.scrollIntoView({ block: 'nearest' });
  }

  /** Other runs or another baseline: the metrics to choose from, those that differ first. */
  follow(info: ComparisonInfo): void {
    this.info = info;
    const rows = info.sections.find(({ title }) => title === 'Metrics')?.rows ?? [];
    const names = [...rows].sort((a, b) => Number(b.differs) - Number(a.differs)).map((row) => row.key);
    const before = this.metric.value;
    this.metric.replaceChildren(...names.map((name) => h('option', { value: name }, readable(name))));
    const chosen = [before, this.preferred()].find((name) => names.includes(name));
    if (chosen !== undefined) this.metric.value = chosen;
    if (!this.element.hidden) this.load();
  }

  private close(): void {
    this.latest.cancel();
    this.element.hidden = true;
  }

  private load(): void {
    const { info } = this;
    if (!info || !this.metric.value) return;
    const run_ids = info.runs.map((run) => run.run_id);
    const args: NoiseArgs = { run_ids, metric: this.metric.value, baseline: info.baseline, group_by: [] };
    const said = (line: string) => {
      this.body.textContent = line;
    };
    said('Looking for repeats of these runs…');
    void this.latest.put<NoiseResult>(
      'noise',
      args,
      said,
      (answer) => this.body.replaceChildren(drawNoise(answer, info)),
      (note) => this.body.replaceChildren(note),
    );
  }
}

function drawNoise({ groups, method }: NoiseResult, info: ComparisonInfo): HTMLElement {
  const ends = groups.flatMap(({ low, high, difference }) => [low, high, difference]);
  const reach = Math.max(...ends.map((end) => Math.abs(end ?? 0))) || 1;
  const names = new Map(info.runs.map((run) => [run.run_id, run.name]));
  const heads = ['Run', 'Mean of repeats', 'Difference, 95 %', ''].map((text) =>
    h('th', { scope: 'col' }, text),
  );
  const rows = groups.map((group) => {
    const mean = group.mean === null ? '–' : formatNumber(group.mean);
    const std = group.std === null ? '' : ` ± ${formatNumber(group.std, 2)}`;
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, readable(names.get(group.run_id) ?? group.run_id)),
      h('td', { class: 'mam-number' }, mean + std, h('small', {}, readable(group.repeats))),
      h('td', {}, drawInterval(group, reach)),
      h('td', { class: `mam-tone-${TONES[group.verdict] ?? 'none'}` }, readable(group.said)),
    );
  });
  const table = h('table', {}, h('thead', {}, h('tr', {}, ...heads)), h('tbody', {}, ...rows));
  return h('div', {}, table, h('p', { class: 'mam-note' }, readable(method)));
}

/** The interval of the difference, with the line where there is none. */
function drawInterval({ low, high, difference }: NoiseGroup, reach: number): Node {
  if (low === null || high === null || difference === null) return h('span', { class: 'mam-missing' }, '–');
  const x = (value: number) => WIDTH / 2 + (value / reach) * (WIDTH / 2 - 6);
  const text = `${formatNumber(difference, 3)}, between ${formatNumber(low, 3)} and ${formatNumber(high, 3)}`;
  return s(
    'svg',
    { viewBox: `0 0 ${WIDTH} 18`, width: WIDTH, height: 18, role: 'img', 'aria-label': text },
    s('title', {}, text),
    s('line', { class: 'mam-zero', x1: WIDTH / 2, x2: WIDTH / 2, y1: 0, y2: 18 }),
    s('line', { class: 'mam-whisker', x1: x(low), x2: x(high), y1: 9, y2: 9 }),
    s('circle', { cx: x(difference), cy: 9, r: 3.5 }),
  );
}
