/** The menu "Views": ways of showing these runs, kept by name, and carried elsewhere as JSON. */
import type { SavedViews as Saved, View } from '../contract';
import { type Ask, failureOf } from './ask';
import { Bin, h, readable } from './dom';
import { failureNote } from './failure';
import { type MenuEntry, openMenu } from './menu';
import { Popup } from './popup';
import { type ExplorerState, emptyView } from './state';

export class SavedViews {
  readonly element = h('span', { class: 'mam-views' });
  /** What came of it. */
  readonly note = h('div', { class: 'mam-notice', role: 'status', hidden: true });
  private readonly button = h(
    'button',
    {
      type: 'button',
      class: 'mam-button',
      'aria-haspopup': 'menu',
      title: 'Ways of showing the runs, by name',
    },
    'Views',
  );
  private readonly popup = new Popup(this.element);
  private readonly bin = new Bin();
  private saved: readonly (readonly [string, View])[] = [];
  private timer = 0;

  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
  ) {
    this.element.append(this.button);
    this.bin.on(this.button, 'click', () => void this.open());
    this.bin.add(() => this.popup.destroy());
    this.bin.add(() => window.clearTimeout(this.timer));
  }

  destroy(): void {
    this.bin.empty();
  }

  private async open(): Promise<void> {
    this.button.disabled = true;
    const known = this.state.kernel === 'ready' && (await this.asked('views', {}));
    this.button.disabled = false;
    this.menu(known ? () => this.entries() : () => this.local());
  }

  private menu(entries: () => readonly MenuEntry[]): void {
    openMenu(this.popup, this.button, 'Views', entries);
  }

  private entries(): MenuEntry[] {
    const now = canonical(this.state.view);
    const named = this.saved.map(([name, view]) => ({
      label: readable(name),
      checked: canonical(view) === now,
      run: () => this.state.setView(known(view)),
    }));
    const remove = { label: 'Delete a view…', run: () => this.menu(() => this.removals()) };
    return [
      ...(named.length > 0 ? ['Saved views', ...named, null] : []),
      { label: 'Save as', input: { type: 'text', value: '' }, run: (name) => void this.save(name) },
      ...(named.length > 0 ? [remove] : []),
      null,
      ...this.local(),
    ];
  }

  /** What needs no kernel. */
  private local(): MenuEntry[] {
    return [
      { label: 'Back to default', run: () => this.state.setView({}) },
      { label: 'Copy as JSON', run: () => void this.copy() },
      { label: 'Paste JSON', input: { type: 'text', value: '' }, run: (text) => this.paste(text) },
    ];
  }

  private removals(): MenuEntry[] {
    return [
      'Delete',
      ...this.saved.map(([name]) => ({ label: readable(name), run: () => void this.remove(name) })),
    ];
  }

  private async save(name: string): Promise<void> {
    if (await this.asked('save_view', { name, view: this.state.view }))
      this.say(`Saved as “${readable(name)}”`);
  }

  private async remove(name: string): Promise<void> {
    if (await this.asked('delete_view', { name })) this.say(`Deleted “${readable(name)}”`);
  }

  private async copy(): Promise<void> {
    const text = JSON.stringify(this.state.view);
    try {
      await navigator.clipboard.writeText(text);
      this.say('Copied');
    } catch {
      this.say('This page may not write to the clipboard: panel.view_json() is the same');
    }
  }

  private paste(text: string): void {
    try {
      this.state.setView(known(JSON.parse(text)));
    } catch (error) {
      const message = error instanceof SyntaxError ? 'that is no JSON of a view' : String(error);
      this.show(failureNote({ code: 'usage', message, hint: 'Copy as JSON gives one' }));
    }
  }

  private async asked(name: 'views' | 'save_view' | 'delete_view', args: object): Promise<boolean> {
    try {
      const { views } = await this.ask<Saved>(name, args).answer;
      this.saved = Object.entries(views);
      return true;
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code !== 'gone' && failure.code !== 'closed') this.show(failureNote(failure));
      return false;
    }
  }

  private say(text: string): void {
    this.show(text);
    this.timer = window.setTimeout(() => this.show(''), 4000);
  }

  private show(what: string | HTMLElement): void {
    window.clearTimeout(this.timer);
    this.note.replaceChildren(what);
    this.note.hidden = what === '';
  }
}

/** The keys of a view that are of their type; what comes from elsewhere may have others. */
function known(view: unknown): Partial<View> {
  const given = view as Record<string, unknown>;
  const fits = Object.entries(emptyView()).filter(([key, value]) => {
    if (typeof given !== 'object' || given === null || !Object.hasOwn(given, key)) return false;
    return typeof given[key] === typeof value && Array.isArray(given[key]) === Array.isArray(value);
  });
  if (fits.length === 0) throw new SyntaxError();
  return Object.fromEntries(fits.map(([key]) => [key, given[key]]));
}

/** As text, whichever keys it lacks and in whichever order they come. */
function canonical(view: Partial<View>): string {
  return JSON.stringify(Object.entries({ ...emptyView(), ...view }).sort(([a], [b]) => (a < b ? -1 : 1)));
}
