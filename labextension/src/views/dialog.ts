/** Register and Deploy: a small form inside the panel, with progress, the outcome, and the next step. */
import type { DeployArgs, DeployResult, RegisterArgs, RegisterResult } from '../contract';
import { type Ask, failureOf, type Question } from './ask';
import { Bin, h, readable, uniqueId } from './dom';
import { failureNote } from './failure';
import { SamplePanel } from './sample';
import type { ExplorerState, Target } from './state';

type Action = 'register' | 'deploy';

export class ActionPanel {
  readonly element = h('section', { class: 'mam-panel', hidden: true });
  private readonly bin = new Bin();
  private form = new Bin();
  private question: Question<unknown> | null = null;

  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
  ) {
    this.bin.add(() => this.close());
    this.bin.on<KeyboardEvent>(this.element, 'keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Escape') this.close();
    });
  }

  destroy(): void {
    this.bin.empty();
  }

  open(action: Action, target: Target): void {
    this.close();
    const back = document.activeElement;
    const run = readable(this.state.nameOf(target.row));
    const runId = this.state.runs.ids[target.row];
    const fields = action === 'register' ? registerFields(this.state) : deployFields(this.state);
    const submit = h(
      'button',
      { type: 'submit', class: 'mam-button mam-primary' },
      action === 'register' ? 'Register' : 'Deploy',
    );
    const cancel = h('button', { type: 'button', class: 'mam-button' }, 'Cancel');
    const outcome = h('div', { class: 'mam-outcome', role: 'status', 'aria-live': 'polite' });
    const verb = action === 'register' ? 'Register the model of' : 'Deploy the model of';
    const form = h('form', { class: 'mam-form' }, ...fields.elements, submit, cancel);
    this.element.replaceChildren(h('h3', {}, `${verb} `, h('b', {}, run)), form, outcome);
    this.element.setAttribute('aria-label', `${verb} ${run}`);
    this.element.hidden = false;
    this.form.add(() => {
      if (back instanceof HTMLElement && this.element.contains(document.activeElement)) back.focus();
    });
    this.form.on(cancel, 'click', () => {
      if (this.question) this.question.cancel();
      else this.close();
    });
    this.form.on(form, 'submit', (event) => {
      event.preventDefault();
      if (this.question) return;
      const args = fields.args(runId);
      void this.run(action, args, outcome, (busy) => {
        submit.disabled = busy;
        cancel.textContent = busy ? 'Stop' : 'Close';
        for (const input of form.querySelectorAll('input')) input.disabled = busy;
      });
    });
    fields.first.focus();
    fields.first.select();
  }

  private close(): void {
    this.question?.cancel();
    this.question = null;
    this.form.empty();
    this.form = new Bin();
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  private async run(
    action: Action,
    args: RegisterArgs | DeployArgs,
    outcome: HTMLElement,
    setBusy: (busy: boolean) => void,
  ): Promise<void> {
    const progress = h('p', { class: 'mam-progress' }, action === 'register' ? 'Registering…' : 'Deploying…');
    outcome.replaceChildren(progress);
    setBusy(true);
    const question = this.ask<RegisterResult | DeployResult>(action, args, (message) => {
      progress.textContent = readable(message);
    });
    this.question = question;
    try {
      const result = await question.answer;
      outcome.replaceChildren(h('p', { class: 'mam-good' }, `✓ ${readable(result.message)}`));
      if ('url' in result) this.offerSample(result, outcome);
    } catch (error) {
      outcome.replaceChildren(failureNote(failureOf(error)));
    } finally {
      if (this.question === question) {
        this.question = null;
        setBusy(false);
      }
    }
  }

  private offerSample(result: DeployResult, outcome: HTMLElement): void {
    const sample = new SamplePanel(result, this.ask);
    this.form.add(() => sample.destroy());
    outcome.append(sample.element);
  }
}

interface Fields<A> {
  readonly elements: readonly HTMLElement[];
  readonly first: HTMLInputElement;
  args(runId: string): A;
}

function registerFields({ info }: ExplorerState): Fields<RegisterArgs> {
  const list = h(
    'datalist',
    { id: uniqueId('models') },
    ...info.models.map((name) => h('option', { value: name })),
  );
  const name = h('input', {
    name: 'model',
    list: list.id,
    required: true,
    value: suggestedName(info.title),
    ...PLAIN,
  });
  const alias = h('input', { name: 'alias', value: 'champion', ...PLAIN });
  return {
    elements: [labelled('Model', name), labelled('Alias', alias), list],
    first: name,
    args: (run_id) => ({ run_id, name: name.value.trim(), alias: alias.value.trim() || null }),
  };
}

function deployFields({ info }: ExplorerState): Fields<DeployArgs> {
  const name = h('input', { name: 'endpoint', required: true, value: suggestedName(info.title), ...PLAIN });
  return {
    elements: [labelled('Endpoint', name)],
    first: name,
    args: (run_id) => ({ run_id, name: name.value.trim() }),
  };
}

const PLAIN = { type: 'text', spellcheck: 'false', autocomplete: 'off', maxlength: 200 } as const;

function labelled(text: string, input: HTMLInputElement): HTMLElement {
  return h('label', { class: 'mam-field' }, h('span', {}, text), input);
}

/** A name that the registry and a URL accept, from the experiment's: "01_quickstart" as "quickstart". */
export function suggestedName(title: string): string {
  const plain =
    title
      .split('/')
      .pop()
      ?.replace(/\.\w+$/, '') ?? '';
  return (
    plain
      .replace(/^[\d_\-.\s]+/, '')
      .replace(/[^\w-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .toLowerCase() || 'model'
  );
}
