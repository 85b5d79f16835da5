/** The line over the plot: order its axes, choose how very many lines are drawn. */
import type { ImportanceResult, View } from '../../contract';
import { type Ask, failureOf, type Question } from '../ask';
import { Bin, h, readable } from '../dom';
import { formatCount, formatNumber } from '../format';
import type { ExplorerState, Topic } from '../state';
import { MANY, MOST_OVER } from './lines';

/** Below this many lines there is nothing to choose: each is seen. */
const FEW = 500;

export class PlotBar {
  readonly element = h('div', { class: 'mam-bar mam-plot-bar' });
  private readonly order = h('button', { type: 'button', class: 'mam-link' }, 'Order by importance');
  private readonly density = h('button', { type: 'button', class: 'mam-link' });
  private readonly note = h('span', { class: 'mam-note mam-plot-note', role: 'status' });
  private readonly bin = new Bin();
  private ticked = 0;
  private question: Question<ImportanceResult> | null = null;

  /** `found` gets the importance of the params. */
  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
    private readonly found: (result: ImportanceResult) => void,
  ) {
    this.element.append(this.note, h('span', { class: 'mam-gap' }), this.order, this.density);
    this.bin.on(this.order, 'click', () => void this.askImportance());
    this.bin.on(this.density, 'click', () => state.set('lines', isDense(state) ? 'lines' : 'density'));
    this.bin.add(state.subscribe((topic) => this.onChange(topic)));
    this.bin.add(() => this.question?.cancel());
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  private onChange(topic: Topic): void {
    if (topic === 'runs') this.note.textContent = '';
    if (topic === 'ticked') this.sayTicked();
    if (topic === 'runs' || topic === 'query' || topic === 'lines' || topic === 'axes') this.draw();
  }

  private draw(): void {
    const { runs, shown, metric, axes } = this.state;
    this.order.hidden = metric === null || axes.length < 3;
    this.density.hidden = runs.length < FEW;
    const dense = isDense(this.state);
    this.density.textContent = dense ? 'Show lines' : 'Show density';
    this.density.title = `${formatCount(shown.length)} lines: ${dense ? 'the stronger, the more of them pass' : 'each is drawn'}`;
  }

  private sayTicked(): void {
    const { size } = this.state.ticked;
    const many = size > MOST_OVER;
    if (many) this.note.textContent = `${formatCount(size)} ticked: too many to draw over the others`;
    else if (this.ticked > MOST_OVER) this.note.textContent = '';
    this.ticked = size;
  }

  private async askImportance(): Promise<void> {
    const { metric, goodText } = this.state;
    if (!metric || this.question) return;
    this.note.textContent = 'Asking what matters…';
    const args = { metric: metric.info.name, query: goodText };
    this.question = this.ask<ImportanceResult>('importance', args, (message) => {
      this.note.textContent = readable(message);
    });
    try {
      const result = await this.question.answer;
      const [first] = result.rows;
      const most = first
        ? `: ${readable(first.key.replace(/^params\./, ''))} ${formatNumber(first.importance * 100, 2)} %`
        : '';
      this.note.textContent = `Importance for ${readable(result.metric)}, ${formatCount(result.runs)} runs${most}`;
      this.note.title = readable(result.note);
      this.found(result);
    } catch (error) {
      const { message, hint } = failureOf(error);
      this.note.textContent = readable(hint ? `${message}: ${hint}` : message);
    } finally {
      this.question = null;
    }
  }
}

/** Whether the plot shows density: as chosen, else when lines are so many that none is seen. */
export function isDense({ view, shown }: ExplorerState): boolean {
  const lines: View['lines'] = view.lines;
  return lines === '' ? shown.length > MANY : lines === 'density';
}
