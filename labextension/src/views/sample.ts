/** After a deployment: one request made from the model's own example, and its answer. */
import type { DeployResult, InvokeResult } from '../contract';
import { type Ask, failureOf, type Question } from './ask';
import { parseNumber } from './columns';
import { Bin, h, readable } from './dom';
import { failureNote } from './failure';
import { formatNumber } from './format';

export class SamplePanel {
  readonly element = h('div', { class: 'mam-sample' });
  private readonly button = h('button', { type: 'button', class: 'mam-button' }, 'Try a sample');
  private readonly answer = h('div', { role: 'status', 'aria-live': 'polite' });
  private readonly bin = new Bin();
  private question: Question<InvokeResult> | null = null;

  constructor(
    private readonly deployment: DeployResult,
    private readonly ask: Ask,
  ) {
    const { url, name } = deployment;
    const address = h('code', { title: 'where it answers' }, readable(url));
    this.element.append(
      h('div', { class: 'mam-bar' }, h('span', { class: 'mam-why' }, readable(name)), address, this.button),
    );
    this.element.append(this.answer);
    this.bin.on(this.button, 'click', () => void this.invoke());
    this.bin.add(() => this.question?.cancel());
  }

  destroy(): void {
    this.bin.empty();
  }

  private async invoke(): Promise<void> {
    const progress = h('p', { class: 'mam-progress' }, 'Asking…');
    this.answer.replaceChildren(progress);
    this.button.disabled = true;
    this.question = this.ask<InvokeResult>('invoke', { name: this.deployment.name }, (message) => {
      progress.textContent = readable(message);
    });
    try {
      const result = await this.question.answer;
      this.answer.replaceChildren(...shownAnswer(result));
    } catch (error) {
      this.answer.replaceChildren(failureNote(failureOf(error)));
    } finally {
      this.button.disabled = false;
    }
  }
}

function shownAnswer({ request, columns, rows, latency_ms }: InvokeResult): HTMLElement[] {
  const cell = (tag: 'th' | 'td', text: string) => {
    const value = parseNumber(text);
    const written = value !== null && text.length > 9 ? formatNumber(value, 5) : text;
    const numeric = tag === 'td' && value !== null;
    return h(tag, { class: numeric ? 'mam-number' : null, title: readable(text) }, readable(written));
  };
  const head = h('tr', {}, ...columns.map((name) => cell('th', name)));
  const body = rows.map((row) => h('tr', {}, ...row.map((text) => cell('td', text))));
  return [
    h('p', { class: 'mam-note' }, `Answered in ${formatNumber(latency_ms, 3)} ms`),
    h(
      'div',
      { class: 'mam-answer', tabindex: 0, role: 'group', 'aria-label': 'Answer' },
      h('table', {}, h('thead', {}, head), h('tbody', {}, ...body)),
    ),
    h('details', {}, h('summary', {}, 'Request'), h('pre', { tabindex: 0 }, readable(request))),
  ];
}
