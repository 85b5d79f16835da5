/** The head of an open version: its stage, aliases and tags to change, and the buttons. */
import type { ListedVersion, VersionResult } from '../../contract';
import type { Ask } from '../ask';
import { Bin, h, readable } from '../dom';
import { CopyAs } from '../endpoints/copy-as';
import { type MenuEntry, openMenu } from '../menu';
import type { Popup } from '../popup';
import type { Dialogs } from './dialogs';
import type { Editor } from './editor';
import { keyOf } from './state';
import { chip, keepFocus, linkTo } from './words';

type Copied = 'deploy' | 'stage' | 'alias' | 'tags' | 'archive';

export class VersionHead {
  readonly element = h('div', { class: 'mam-version-head' });
  private readonly drawn = h('div');
  private readonly copy: CopyAs;
  private readonly bin = new Bin();
  private version: ListedVersion | null = null;
  /** Its texts are whole: those of the list are shortened, and would be written back so. */
  private isWhole = false;
  private copied: { readonly action: Copied; readonly to: string } = { action: 'deploy', to: 'local' };

  constructor(
    ask: Ask,
    private readonly editor: Editor,
    private readonly dialogs: Dialogs,
    private readonly popup: Popup,
  ) {
    this.copy = new CopyAs(ask, () => ({ action: this.copied.action, args: this.copyArgs() }));
    this.element.append(this.drawn, this.copy.element);
    this.bin.on<MouseEvent>(this.drawn, 'click', ({ target }) => {
      const button = (target as Element).closest<HTMLElement>('button[data-key]');
      if (button) this.act(button.dataset.key ?? '', button);
    });
    this.bin.add(() => this.copy.destroy());
  }

  destroy(): void {
    this.bin.empty();
  }

  show(version: ListedVersion, whole: VersionResult | null): void {
    if (this.version && keyOf(this.version) !== keyOf(version)) this.copy.close();
    this.version = version;
    this.isWhole = whole?.row === version;
    const { name, aliases, tags, description } = version;
    const link = whole?.link
      ? linkTo(whole.link, 'studio ↗', `Open ${readable(keyOf(version))} in the studio`)
      : null;
    const stage = version.stage || 'None';
    const stages = button('stage', `Stage: ${stage} ▾`, 'mam-button', `Stage ${stage}, change it`);
    stages.classList.add('mam-stage-button', `mam-stage-${stage.toLowerCase()}`);
    const other = version.studio_stage ? h('small', {}, ` studio: ${readable(version.studio_stage)}`) : null;
    keepFocus(this.drawn, () =>
      this.drawn.replaceChildren(
        h(
          'div',
          { class: 'mam-bar' },
          h(
            'span',
            { class: 'mam-title' },
            readable(name),
            h('span', { class: 'mam-note' }, ' version '),
            readable(version.version),
          ),
          stages,
          other,
          h('span', { class: 'mam-gap' }),
          link,
          h(
            'span',
            { class: 'mam-buttons' },
            button('deploy', 'Deploy…', 'mam-button mam-primary'),
            button('share', 'Share…', 'mam-button'),
            button('copy', 'Copy as…', 'mam-button'),
            button('menu', '⋯', 'mam-icon', 'More actions'),
          ),
        ),
        h(
          'div',
          { class: 'mam-bar mam-marks' },
          h('span', { class: 'mam-note' }, 'Aliases'),
          ...aliases.map((alias) =>
            chip(
              `@${alias}`,
              button(`unalias ${alias}`, '×', 'mam-clear', `Remove the alias ${readable(alias)}`),
            ),
          ),
          button('alias', '+ alias', 'mam-link'),
          h('span', { class: 'mam-note mam-next-mark' }, 'Tags'),
          ...Object.entries(tags).map(([key, value]) =>
            chip(
              `${key}: ${value}`,
              button(`untag ${key}`, '×', 'mam-clear', `Remove the tag ${readable(key)}`),
            ),
          ),
          button('tag', '+ tag', 'mam-link'),
        ),
        description
          ? h(
              'p',
              { class: 'mam-said' },
              readable(description),
              ' ',
              button('describe', 'edit', 'mam-link', 'Edit the description'),
            )
          : h('p', { class: 'mam-said' }, button('describe', 'Add a description', 'mam-link')),
      ),
    );
  }

  private act(key: string, anchor: HTMLElement): void {
    const { version, editor, dialogs } = this;
    if (!version) return;
    const [verb, ...rest] = key.split(' ');
    const word = rest.join(' ');
    if (verb === 'stage') editor.stage(version, anchor);
    else if (verb === 'alias') editor.alias(version, anchor);
    else if (verb === 'unalias') editor.removeAlias(version, word);
    else if (verb === 'tag') editor.tag(version, '', '', anchor);
    else if (verb === 'untag') editor.removeTag(version, word);
    else if (verb === 'describe' && this.isWhole) editor.describe(version, version.description, anchor);
    else if (verb === 'deploy') dialogs.deploy(version, anchor);
    else if (verb === 'share') dialogs.share(version, anchor);
    else if (verb === 'copy') openMenu(this.popup, anchor, 'Copy as code', () => this.copyEntries());
    else if (verb === 'menu')
      openMenu(this.popup, anchor, 'More actions', () => this.entries(version, anchor));
  }

  private entries(version: ListedVersion, anchor: HTMLElement): MenuEntry[] {
    const { editor, dialogs } = this;
    const archived = version.stage === 'Archived';
    return [
      { label: 'Check it…', run: () => dialogs.check(version, anchor) },
      ...Object.entries(this.isWhole ? version.tags : {}).map(([key, value]) => ({
        label: `Change the tag ${readable(key)}…`,
        run: () => editor.tag(version, key, value, anchor),
      })),
      null,
      archived
        ? { label: 'Restore', run: () => editor.archive(version, false) }
        : { label: 'Archive', run: () => editor.archive(version, true) },
      { label: 'Delete…', run: () => editor.remove(version, anchor) },
    ];
  }

  private copyEntries(): MenuEntry[] {
    const entry = (label: string, action: Copied, to = '') => ({
      label,
      run: () => {
        this.copied = { action, to };
        void this.copy.open();
      },
    });
    return [
      'The code that sets',
      entry('its stage', 'stage'),
      entry('its alias', 'alias'),
      entry('its tags', 'tags'),
      'The code that',
      entry('archives it', 'archive'),
      ...this.dialogs.places.map(([target, words]) => entry(`deploys it to ${words}`, 'deploy', target)),
    ];
  }

  private copyArgs(): Record<string, unknown> {
    const { version } = this;
    if (!version) return {};
    const { action, to } = this.copied;
    const named = { name: version.name, version: version.version };
    if (action === 'deploy') return { model: keyOf(version), to, name: version.name };
    if (action === 'stage') return { ...named, stage: version.stage || 'Production' };
    if (action === 'alias') return { ...named, alias: version.aliases[0] ?? 'champion' };
    if (action === 'tags') return { ...named, tags: version.tags };
    return named;
  }
}

function button(key: string, text: string, look: string, label = ''): HTMLButtonElement {
  return h('button', { type: 'button', class: look, 'data-key': key, 'aria-label': label || null }, text);
}
