/** What is done with a whole model: register one, check it, share it, deploy it. */
import type { CheckFinding, CheckResult, DoneResult, ListedVersion } from '../../contract';
import type { Ask } from '../ask';
import { h, readable } from '../dom';
import type { Outcome } from '../endpoints/outcome';
import type { Popup } from '../popup';
import type { Notice } from '../table/notice';
import { label } from './editor';
import { choice, openForm, textField, tickBox } from './form';
import { keyOf, type ModelsState } from './state';

/** The extension inserts a cell with what this event brings. */
const INSERT_CELL = 'mam-insert-cell';
const TARGETS: Readonly<Record<string, string>> = {
  local: 'this machine',
  docker: 'a Docker container',
  online: 'a managed online endpoint',
  kubernetes: 'a Kubernetes endpoint',
  batch: 'a batch endpoint',
};
/** Names that need no care in a cell; a store may hold any. */
const PLAIN = /^[\p{L}\p{N}_.\- ]+$/u;
const MARKS = { good: '✓', info: '·', warn: '⚠', bad: '✗' } as const;

export class Dialogs {
  constructor(
    private readonly state: ModelsState,
    private readonly ask: Ask,
    private readonly popup: Popup,
    private readonly notice: Notice,
  ) {}

  /** The targets that can be deployed to from here, and what they are. */
  get places(): (readonly [string, string])[] {
    return this.state.info.targets.map((one) => [one, TARGETS[one] ?? one] as const);
  }

  register(anchor: HTMLElement): void {
    const source = textField('Run, model URI or folder', 'source', '', {
      required: true,
      placeholder: 'bold-crane-12, runs:/…/model, ./model',
    });
    const name = textField('Model', 'model', this.state.shelf?.model.name ?? '', {
      required: true,
      maxlength: '255',
    });
    const alias = textField('Alias (may be empty)', 'alias', '', { placeholder: 'champion' });
    const force = tickBox('Register although the check says that it will fail');
    force.element.hidden = true;
    openForm(this.popup, anchor, this.ask, this.notice, {
      title: 'Register a model',
      body: [source.element, name.element, alias.element, force.element],
      verb: 'Register',
      run: async (outcome) => {
        const args = {
          source: source.input.value.trim(),
          name: name.input.value.trim(),
          alias: alias.input.value.trim(),
          force: force.input.checked,
        };
        const done = await outcome.run<DoneResult>('register_model', args, 'Checking and registering…');
        force.element.hidden = done !== null;
        if (!done) return false;
        this.notice.say(done.message);
        this.state.select(done.name);
        return true;
      },
    });
  }

  /** Would it load, does it score its own example, is anything known to fail where it is to be served? */
  check(version: ListedVersion, anchor: HTMLElement): void {
    const target = choice('For', [['', 'the registry'], ...this.places]);
    openForm(this.popup, anchor, this.ask, this.notice, {
      title: `Check ${label(version)}`,
      body: [
        target.element,
        h('p', { class: 'mam-note' }, 'Loads it in a process of its own and scores its example.'),
      ],
      verb: 'Check',
      run: async (outcome) => {
        const args = { model: keyOf(version), target: target.input.value, load: true };
        const found = await outcome.run<CheckResult>('preflight', args, 'Checking…');
        if (found) outcome.show(drawFindings(found.findings));
        return false;
      },
    });
  }

  share(version: ListedVersion, anchor: HTMLElement): void {
    const ways: [string, string][] = this.state.info.azure
      ? [
          ['registry', 'a registry'],
          ['workspace', 'another workspace'],
        ]
      : [];
    const way = choice('To', [...ways, ['store', 'another store']]);
    const where = textField('Its name or address', 'where', '', { required: true });
    openForm(this.popup, anchor, this.ask, this.notice, {
      title: `Share ${label(version)}`,
      body: [way.element, where.element],
      verb: 'Share',
      run: async (outcome) => {
        const places = {
          registry: '',
          workspace: '',
          store: '',
          [way.input.value]: where.input.value.trim(),
        };
        const args = { name: version.name, version: version.version, ...places };
        return this.finished(await outcome.run<DoneResult>('share_model', args, 'Copying…'));
      },
    });
  }

  deploy(version: ListedVersion, anchor: HTMLElement): void {
    const target = choice('To', this.places);
    const name = textField('Name', 'endpoint', '', { placeholder: 'the model’s own' });
    const more = h(
      'button',
      { type: 'button', class: 'mam-link' },
      'Insert the cell instead, to add options',
    );
    more.hidden = !PLAIN.test(version.name);
    more.addEventListener('click', () => {
      this.insert(more, `%aml_deploy "${keyOf(version)}" --to ${target.input.value}`);
    });
    openForm(this.popup, anchor, this.ask, this.notice, {
      title: `Deploy ${label(version)}`,
      body: [target.element, name.element, more],
      verb: 'Deploy',
      run: async (outcome) => {
        const args = { model: keyOf(version), target: target.input.value, name: name.input.value.trim() };
        const done = await outcome.run<DoneResult>('deploy_version', args, 'Deploying…');
        if (done) this.served(done, outcome);
        return false;
      },
    });
  }

  private served({ message, name }: DoneResult, outcome: Outcome): void {
    outcome.good(message);
    const next = h('button', { type: 'button', class: 'mam-link' }, 'Insert a cell that tries it');
    const what = name.startsWith('batch:') ? '--data FOLDER' : '--sample';
    next.addEventListener('click', () => this.insert(next, `%aml_invoke ${name} ${what}`));
    outcome.element.append(next);
    this.notice.say(message);
    this.state.setInfo({ ...this.state.info }); // where it is served is asked for anew
  }

  private finished(done: DoneResult | null): boolean {
    if (done) this.notice.say(done.message);
    return done !== null;
  }

  /** Below this cell where the host can, else to be copied by hand. */
  private insert(from: HTMLElement, code: string): void {
    const event = new CustomEvent(INSERT_CELL, {
      detail: code,
      bubbles: true,
      composed: true,
      cancelable: true,
    });
    if (from.dispatchEvent(event)) this.notice.keep(code);
    else this.notice.say('Inserted below');
  }
}

function drawFindings(findings: readonly CheckFinding[]): HTMLElement {
  if (findings.length === 0) return h('p', { class: 'mam-good' }, '✓ Nothing was found.');
  const lines = findings.map(({ level, what, fix }) =>
    h(
      'li',
      { class: `mam-finding mam-finding-${level}` },
      h('span', { 'aria-hidden': 'true' }, `${MARKS[level]} `),
      readable(what),
      fix ? h('code', {}, readable(fix)) : null,
    ),
  );
  return h('ul', { class: 'mam-findings' }, ...lines);
}
