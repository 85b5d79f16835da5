/** Changes of a version and of a model: each a small form, or one request, and a line that says what was done. */
import type { EditVersionArgs, EditVersionResult, ListedVersion, ModelsInfo } from '../../contract';
import { type Ask, failureOf } from '../ask';
import { h, readable } from '../dom';
import type { Outcome } from '../endpoints/outcome';
import { failureNote } from '../failure';
import type { Popup } from '../popup';
import type { Notice } from '../table/notice';
import { choice, openForm, textBox, textField, tickBox } from './form';
import { keyOf, type ModelsState } from './state';

const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const;
/** Of these people expect one version each. */
const SHARED = ['Staging', 'Production'];
/** What is left of a tag of 1,000 characters beside who, when and what. */
const COMMENT = 700;

type ModelEdit = EditVersionArgs['action'];

/** What is edited: a version, or with an empty version the model as a whole. */
interface Named {
  readonly name: string;
  readonly version: string;
}

export class Editor {
  constructor(
    private readonly state: ModelsState,
    private readonly ask: Ask,
    private readonly popup: Popup,
    private readonly notice: Notice,
  ) {}

  stage(version: ListedVersion, anchor: HTMLElement): void {
    const before = version.stage || 'None';
    const stage = choice(
      'Stage',
      STAGES.map((one) => [one, one] as const),
      before,
    );
    const why = textBox('Why (kept in the discussion)', '', 2);
    why.input.maxLength = COMMENT;
    const others = tickBox('');
    const show = () => {
      const there = this.othersIn(version, stage.input.value);
      others.element.hidden = there.length === 0;
      others.element.lastChild?.replaceWith(`Archive version ${there.join(', ')}, which is there now`);
    };
    stage.input.addEventListener('change', show);
    show();
    openForm(this.popup, anchor, this.ask, this.notice, {
      title: `Stage of ${label(version)}`,
      body: [stage.element, others.element, why.element],
      verb: 'Move',
      run: async (outcome) => {
        const force = !others.element.hidden && others.input.checked;
        const args = { value: stage.input.value, comment: why.input.value, force };
        return this.send(outcome, 'stage', version, args);
      },
    });
  }

  alias(version: ListedVersion, anchor: HTMLElement): void {
    const alias = textField('Alias', 'alias', '', {
      required: true,
      pattern: '[A-Za-z0-9_\\-]+',
      placeholder: 'champion',
    });
    const note = h('p', { class: 'mam-note' });
    alias.input.addEventListener('input', () => {
      const text = alias.input.value.trim();
      const holder = this.state.versionsOf(version.name).find((one) => one.aliases.includes(text));
      note.textContent =
        holder && holder.version !== version.version ? `Taken from version ${holder.version}.` : '';
    });
    const why = textField('Why (kept in the discussion)', 'why', '', { maxlength: String(COMMENT) });
    openForm(this.popup, anchor, this.ask, this.notice, {
      title: `New alias of ${label(version)}`,
      body: [alias.element, note, why.element],
      verb: 'Set alias',
      run: (outcome) =>
        this.send(outcome, 'set_alias', version, { key: alias.input.value.trim(), comment: why.input.value }),
    });
  }

  removeAlias(version: ListedVersion, alias: string): void {
    void this.now('remove_alias', version, { key: alias }, `Removing ${alias}…`);
  }

  describe(what: Named, old: string, anchor: HTMLElement): void {
    const text = textBox('Description', old, 6);
    openForm(this.popup, anchor, this.ask, this.notice, {
      title: `Description of ${label(what)}`,
      body: [text.element],
      verb: 'Save',
      run: async (outcome) =>
        text.input.value === old || this.send(outcome, 'describe', what, { value: text.input.value }),
    });
  }

  tag(what: Named, key: string, old: string, anchor: HTMLElement): void {
    const name = textField('Name', 'key', key, { required: true, readonly: key !== '', maxlength: '250' });
    const value = textField('Value', 'value', old);
    openForm(this.popup, anchor, this.ask, this.notice, {
      title: key ? `Tag ${readable(key)} of ${label(what)}` : `New tag of ${label(what)}`,
      body: [name.element, value.element],
      verb: 'Save',
      run: (outcome) =>
        this.send(outcome, 'set_tag', what, { key: name.input.value.trim(), value: value.input.value }),
    });
    (key ? value : name).input.focus();
  }

  removeTag(what: Named, key: string): void {
    void this.now('remove_tag', what, { key }, `Removing the tag ${key}…`);
  }

  archive(version: ListedVersion, archived: boolean): void {
    const doing = archived ? `Archiving ${label(version)}…` : `Restoring ${label(version)}…`;
    void this.now(archived ? 'archive' : 'restore', version, {}, doing);
  }

  /** Asks first. The kernel refuses what is in use and says by what; then the button says "anyway". */
  remove(what: Named, anchor: HTMLElement): void {
    const { version, name } = what;
    const many = this.state.versionsOf(name).length;
    const text = version
      ? 'For good. Its files stay with the run that logged them.'
      : `For good, with ${many === 1 ? 'its version' : 'all its versions'}. The files stay with their runs.`;
    const force = tickBox('Delete it all the same');
    const why = h('div', { role: 'status' });
    force.element.hidden = true;
    openForm(this.popup, anchor, this.ask, this.notice, {
      title: `Delete ${label(what)}?`,
      body: [h('p', { class: 'mam-note' }, text), why, force.element],
      verb: 'Delete',
      danger: true,
      run: async (outcome) => {
        if (!force.element.hidden && !force.input.checked) return false;
        const before = this.state.info;
        const args = argsOf('delete', what, { force: force.input.checked });
        const done = await outcome.run<EditVersionResult>(
          'edit_version',
          args,
          'Looking who needs it…',
          (failure) => {
            if (failure.code !== 'in_use') return false;
            why.replaceChildren(failureNote({ ...failure, hint: null }));
            force.element.hidden = false;
            return true;
          },
        );
        if (done) this.said(done, what, before);
        return done !== null;
      },
    });
  }

  /** A comment; resolves to whether it is kept. */
  comment(version: ListedVersion, text: string, outcome: Outcome): Promise<boolean> {
    return this.send(outcome, 'comment', version, { value: text });
  }

  private othersIn({ name, version }: ListedVersion, stage: string): string[] {
    if (!SHARED.includes(stage)) return [];
    const others = this.state
      .versionsOf(name)
      .filter((one) => one.stage === stage && one.version !== version);
    return others.map((one) => readable(one.version));
  }

  private async send(
    outcome: Outcome,
    action: ModelEdit,
    what: Named,
    more: Partial<EditVersionArgs>,
  ): Promise<boolean> {
    const before = this.state.info;
    const done = await outcome.run<EditVersionResult>(
      'edit_version',
      argsOf(action, what, more),
      'Writing to the store…',
    );
    if (!done) return false;
    this.said(done, what, before);
    return true;
  }

  private async now(
    action: ModelEdit,
    what: Named,
    more: Partial<EditVersionArgs>,
    doing: string,
  ): Promise<void> {
    const before = this.state.info;
    this.notice.wait(doing);
    try {
      const question = this.ask<EditVersionResult>('edit_version', argsOf(action, what, more));
      this.said(await question.answer, what, before);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code !== 'closed') this.notice.fail(failure);
    }
  }

  /** Others in the same stage are not left unsaid, and can be archived at once. */
  private said({ message, others }: EditVersionResult, { name }: Named, before: ModelsInfo): void {
    // A comment is not in the list, which therefore did not come again.
    if (this.state.info === before) this.state.setInfo({ ...before });
    if (others.length === 0) {
      this.notice.say(message);
      return;
    }
    const text = `${message}. Version ${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} there too.`;
    const run = () => void this.archiveAll(name, others);
    this.notice.say(text, { label: `Archive ${others.length === 1 ? 'it' : 'them'}`, run });
  }

  private async archiveAll(name: string, versions: readonly string[]): Promise<void> {
    for (const version of versions)
      await this.now('archive', { name, version }, {}, `Archiving ${name}:${version}…`);
  }
}

export function label(what: Named): string {
  return readable(what.version ? keyOf(what) : what.name);
}

function argsOf(
  action: ModelEdit,
  { name, version }: Named,
  more: Partial<EditVersionArgs>,
): EditVersionArgs {
  return { action, name, version, key: '', value: '', comment: '', force: false, ...more };
}
