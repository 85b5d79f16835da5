/** The version that is open: stage, aliases, tags, what can be done with it, and the tab that is shown. */
import type { LineageResult, ListedVersion, VersionFiles, VersionResult } from '../../contract';
import { type Ask, failureOf } from '../ask';
import { Bin, h, readable, uniqueId } from '../dom';
import { failureNote } from '../failure';
import { Asked } from './asked';
import { CompareView } from './compare';
import type { Editor } from './editor';
import { drawFiles } from './files';
import { drawLineage } from './lineage';
import { drawOverview } from './overview';
import { keyOf, type ModelsState, TABS, type Tab } from './state';
import { ThreadView } from './thread';
import type { VersionHead } from './version-head';

const TITLES: Readonly<Record<Tab, string>> = {
  overview: 'Overview',
  discussion: 'Discussion',
  lineage: 'Lineage',
  compare: 'Compare',
  files: 'Files',
};

export class Detail {
  readonly element = h('section', { class: 'mam-version' });
  private readonly bar = h('div', { class: 'mam-tab-bar', role: 'tablist' });
  private readonly page = h('div', { class: 'mam-version-page', role: 'tabpanel', id: uniqueId('version') });
  private readonly bin = new Bin();
  private readonly asked: Asked;
  private shown: VersionResult | null = null;
  private lineage: LineageResult | HTMLElement | null = null;
  private files: VersionFiles | HTMLElement | null = null;
  private thread: ThreadView | null = null;
  private compare: CompareView | null = null;
  private open = '';

  constructor(
    private readonly state: ModelsState,
    private readonly ask: Ask,
    private readonly editor: Editor,
    private readonly head: VersionHead,
  ) {
    this.asked = new Asked(ask);
    this.element.append(head.element, this.bar, this.page);
    for (const tab of TABS) {
      this.bar.append(
        h('button', { type: 'button', role: 'tab', 'data-tab': tab, 'aria-controls': this.page.id }),
      );
    }
    this.bin.on<MouseEvent>(this.bar, 'click', ({ target }) => {
      const tab = (target as Element).closest<HTMLElement>('[data-tab]')?.dataset.tab;
      if (tab) state.setTab(tab as Tab);
    });
    this.bin.on<KeyboardEvent>(this.bar, 'keydown', (event) => this.onKey(event));
    this.bin.add(
      state.subscribe((topic) => {
        if (topic === 'info') this.asked.forget(state.info.versions);
        if (topic === 'tab') this.draw();
        else if (topic !== 'kernel') this.load(topic === 'info');
      }),
    );
    this.bin.add(() => this.close());
    this.load();
  }

  destroy(): void {
    this.bin.empty();
  }

  /** What was shown of this version stays until the new answer is there. */
  private load(again = false): void {
    const { chosen } = this.state;
    this.element.hidden = chosen === null;
    if (!chosen) {
      this.open = '';
      return;
    }
    const key = keyOf(chosen);
    this.element.setAttribute('aria-label', readable(`${chosen.name} version ${chosen.version}`));
    if (key !== this.open) {
      this.close();
      this.open = key;
    } else if (!again) return;
    this.head.show(chosen, this.shown);
    this.draw();
    const still = () => this.open === key && this.state.chosen !== null;
    const failed = (error: unknown) => {
      const failure = failureOf(error);
      return failure.code === 'closed' ? null : failureNote(failure);
    };
    this.asked.get('version', chosen).then(
      (answer) => {
        if (!still()) return;
        this.shown = answer;
        this.head.show(answer.row, answer);
        this.thread?.show(answer);
        this.draw();
      },
      (error) => {
        const note = failed(error);
        if (still() && note) this.page.replaceChildren(note, this.again());
      },
    );
    this.asked.get('version_files', chosen).then(
      (answer) => this.got(still, () => (this.files = answer)),
      (error) => this.got(still, () => (this.files = failed(error))),
    );
    this.asked.get('lineage', chosen).then(
      (answer) => this.got(still, () => (this.lineage = answer)),
      (error) => this.got(still, () => (this.lineage = failed(error))),
    );
  }

  private got(still: () => boolean, put: () => unknown): void {
    if (!still()) return;
    put();
    if (this.state.tab !== 'discussion' && this.state.tab !== 'compare') this.draw();
  }

  private again(): HTMLElement {
    const button = h('button', { type: 'button', class: 'mam-button' }, 'Try again');
    button.addEventListener('click', () => this.load(true), { once: true });
    return button;
  }

  private draw(): void {
    const { tab, chosen } = this.state;
    this.drawBar(tab);
    if (!this.shown || !chosen) {
      this.page.replaceChildren(h('p', { class: 'mam-progress' }, 'Reading the version…'));
      return;
    }
    if (tab !== 'compare') this.dropCompare();
    if (tab === 'discussion') {
      this.thread ??= new ThreadView(this.ask, this.editor, this.shown);
      if (this.page.firstChild !== this.thread.element) this.page.replaceChildren(this.thread.element);
    } else if (tab === 'compare') {
      this.compare ??= new CompareView(this.state, this.ask, chosen as ListedVersion);
      if (this.page.firstChild !== this.compare.element) this.page.replaceChildren(this.compare.element);
    } else this.page.replaceChildren(...this.plain(tab, this.shown));
  }

  private plain(tab: Tab, version: VersionResult): HTMLElement[] {
    const { files, lineage } = this;
    if (tab === 'overview') return drawOverview({ version, files, lineage });
    const answer = tab === 'lineage' ? lineage : files;
    if (answer === null) return [h('p', { class: 'mam-progress' }, 'Looking…')];
    if (answer instanceof HTMLElement) return [answer, this.again()];
    return 'flavors' in answer ? drawFiles(answer) : drawLineage(answer);
  }

  private drawBar(chosen: Tab): void {
    for (const button of this.bar.children as Iterable<Element> as Iterable<HTMLElement>) {
      const tab = button.dataset.tab as Tab;
      const many = tab === 'discussion' ? this.shown?.thread.length : 0;
      button.textContent = many ? `${TITLES[tab]} ${many}` : TITLES[tab];
      button.setAttribute('aria-selected', String(tab === chosen));
      button.tabIndex = tab === chosen ? 0 : -1;
    }
    this.page.setAttribute('aria-label', TITLES[chosen]);
  }

  private dropCompare(): void {
    this.compare?.destroy();
    this.compare = null;
  }

  private close(): void {
    this.dropCompare();
    this.thread?.destroy();
    this.thread = null;
    this.shown = null;
    this.files = null;
    this.lineage = null;
  }

  private onKey(event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const next = TABS[(TABS.indexOf(this.state.tab) + step + TABS.length) % TABS.length];
    this.state.setTab(next);
    this.bar.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
