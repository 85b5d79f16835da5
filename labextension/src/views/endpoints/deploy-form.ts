/** A new deployment: what, where to and how; checked beforehand; then the work as it goes. */
import type { CheckResult, DeployChoices } from '../../contract';
import type { Ask } from '../ask';
import { Bin, h } from '../dom';
import { CopyAs } from './copy-as';
import { DeployFields, TARGETS } from './deploy-fields';
import { Outcome } from './outcome';
import { Segments } from './segments';
import type { EndpointsState } from './state';
import { findingList, WorkView } from './work';

export class DeployFormView {
  readonly element = h('section', { class: 'mam-new', 'aria-label': 'New deployment' });
  private readonly fields = new DeployFields();
  private readonly targets: Segments<string>;
  private readonly about = h('span', { class: 'mam-note' });
  private readonly grid = h('div', { class: 'mam-form mam-deploy-fields' });
  private readonly form = h('form', { novalidate: true });
  private readonly submit = h('button', { type: 'submit', class: 'mam-button mam-primary' }, 'Deploy');
  private readonly check = h('button', { type: 'button', class: 'mam-button' }, 'Check only');
  private readonly force = h('input', { type: 'checkbox' });
  private readonly forced = h('label', { class: 'mam-inline' }, this.force, 'deploy all the same');
  private readonly outcome: Outcome;
  private readonly copy: CopyAs;
  private readonly work: WorkView;
  private readonly bin = new Bin();

  constructor(
    private readonly state: EndpointsState,
    ask: Ask,
  ) {
    this.outcome = new Outcome(ask);
    this.targets = new Segments(
      'Where to',
      state.info.targets.map((value) => ({ value, label: value, title: TARGETS[value] })),
      () => this.fit(),
    );
    this.copy = new CopyAs(ask, () => ({ action: 'deploy', args: { ...this.values() } }));
    this.work = new WorkView(state, () => void this.outcome.run('stop_deploy', {}));
    const close = h('button', { type: 'button', class: 'mam-clear', 'aria-label': 'Close the form' }, '×');
    this.grid.append(...this.fields.elements);
    this.form.append(
      h(
        'div',
        { class: 'mam-bar' },
        h('span', { class: 'mam-note' }, 'to'),
        this.targets.element,
        this.about,
      ),
      this.grid,
      h(
        'div',
        { class: 'mam-bar' },
        this.submit,
        this.check,
        this.forced,
        h('span', { class: 'mam-gap' }),
        this.copy.button,
      ),
    );
    const title = h('h3', {}, 'New deployment');
    this.element.append(
      h('div', { class: 'mam-bar mam-new-head' }, title, h('span', { class: 'mam-gap' }), close),
      this.form,
      this.copy.element,
      this.outcome.element,
      this.work.element,
    );
    this.bin.on(close, 'click', () => state.setTab('test'));
    this.bin.on(this.form, 'submit', (event) => {
      event.preventDefault();
      void this.deploy();
    });
    this.bin.on(this.check, 'click', () => void this.look());
    this.bin.on(this.fields.model, 'change', () => {
      this.fields.fillVersions();
      this.fit();
    });
    this.bin.on(this.form, 'input', () => this.draw());
    this.bin.add(
      state.subscribe((topic) => {
        if (topic === 'work') this.draw();
      }),
    );
    this.bin.add(() => this.outcome.destroy());
    this.bin.add(() => this.copy.destroy());
    this.bin.add(() => this.work.destroy());
    if (state.info.targets.length > 0) this.targets.value = state.info.targets[0];
    this.form.hidden = true;
    this.draw();
    void this.load();
  }

  destroy(): void {
    this.bin.empty();
  }

  private async load(): Promise<void> {
    const found = await this.outcome.run<DeployChoices>('deploy_choices', {}, 'Looking up the models…');
    if (!found) return;
    if (found.models.length === 0 && !this.state.info.model) {
      const how = h('code', {}, '%aml_register best --metric rmse --name wine --alias champion');
      this.outcome.show(h('p', { class: 'mam-note' }, 'No model is registered yet. ', how));
    }
    this.fields.offer(found, this.state.info.model);
    for (const note of found.notes) this.outcome.element.append(h('p', { class: 'mam-note' }, note));
    this.form.hidden = false;
    this.fit();
    if (!this.state.isWorking) this.fields.model.focus({ preventScroll: true });
  }

  private values() {
    return this.fields.values(this.targets.value, this.force.checked && !this.forced.hidden);
  }

  private fit(): void {
    this.fields.fit(this.targets.value);
    this.forced.hidden = true;
    this.force.checked = false;
    this.draw();
  }

  private draw(): void {
    const { work, isWorking } = this.state;
    const { hint } = this.fields;
    const place = TARGETS[this.targets.value] ?? '';
    this.about.textContent = this.targets.value === 'online' && hint ? `${place}; ${hint}` : place;
    if (work.state === 'refused') this.forced.hidden = false;
    this.submit.disabled = isWorking;
    this.submit.textContent = isWorking ? 'Deploying…' : 'Deploy';
    this.check.disabled = isWorking;
  }

  private async deploy(): Promise<void> {
    if (this.state.isWorking || this.outcome.isBusy) return;
    this.submit.disabled = true;
    const begun = await this.outcome.run<object>('deploy_model', this.values(), 'Beginning…');
    if (!begun) this.draw();
  }

  private async look(): Promise<void> {
    const { model, target } = this.values();
    const args = { model, target, load: true };
    const found = await this.outcome.run<CheckResult>('preflight', args, 'Checking the model…');
    if (!found) return;
    if (found.findings.some(({ level }) => level === 'bad')) this.forced.hidden = false;
    const fine = h('p', { class: 'mam-good' }, '✓ nothing was found that speaks against it');
    this.outcome.show(found.findings.length > 0 ? findingList(found.findings) : fine);
  }
}
