/** The chosen deployment or endpoint: what it is, what can be done with it, and the tab that is open. */
import type { Ask } from '../ask';
import { Bin, h, readable, uniqueId } from '../dom';
import type { Popup } from '../popup';
import type { Part } from '../tabs';
import { DetailsTab } from './details';
import { studioLink } from './list';
import { LogsTab } from './logs';
import { askToDelete } from './remove';
import { type Chosen, deploymentsOf, type EndpointsState, stateOf, type Tab } from './state';
import { TestTab } from './test-tab';
import { TrafficTab } from './traffic';
import { stateMark } from './words';

const TITLES: Readonly<Partial<Record<Tab, string>>> = {
  test: 'Test',
  traffic: 'Traffic',
  logs: 'Logs',
  details: 'Details',
};

export class DetailView {
  readonly element = h('section', { class: 'mam-detail' });
  private readonly head = h('div', { class: 'mam-bar mam-detail-head' });
  private readonly bar = h('div', { class: 'mam-tab-bar', role: 'tablist' });
  private readonly page = h('div', { class: 'mam-tab-page', role: 'tabpanel', id: uniqueId('detail') });
  private readonly bin = new Bin();
  private open: { readonly key: string; readonly part: Part } | null = null;

  constructor(
    private readonly state: EndpointsState,
    private readonly ask: Ask,
    private readonly popup: Popup,
  ) {
    this.element.append(this.head, this.bar, this.page);
    this.bin.on<MouseEvent>(this.bar, 'click', (event) => {
      const tab = (event.target as Element).closest<HTMLElement>('[data-tab]')?.dataset.tab;
      if (tab) state.setTab(tab as Tab);
    });
    this.bin.on<KeyboardEvent>(this.bar, 'keydown', (event) => this.onKey(event));
    this.bin.add(
      state.subscribe((topic) => {
        if (topic !== 'work' && topic !== 'kernel') this.draw();
      }),
    );
    this.bin.add(() => this.close());
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  /** A part stays as it is while its deployment does, so that what was typed is kept. */
  private draw(): void {
    const { chosen } = this.state;
    this.element.hidden = chosen === null || this.state.tab === 'new';
    if (chosen === null) {
      this.close();
      return;
    }
    this.element.setAttribute('aria-label', chosen.row?.name ?? chosen.group.name);
    this.drawHead(chosen);
    const tabs = tabsOf(chosen);
    const tab = tabs.includes(this.state.tab) ? this.state.tab : tabs[0];
    this.drawBar(tabs, tab);
    if (this.state.tab === 'new') return;
    const key = keyOf(tab, chosen);
    if (this.open?.key === key) return;
    this.close();
    const part = this.make(tab, chosen);
    this.open = { key, part };
    this.page.replaceChildren(part.element);
  }

  private drawHead(chosen: Chosen): void {
    const { row, group } = chosen;
    const name = readable(row?.name ?? group.name);
    const remove = h('button', { type: 'button', class: 'mam-button' }, 'Delete…');
    remove.addEventListener('click', () => askToDelete(this.popup, remove, this.ask, chosen));
    const link = row?.link || group.rows.find((one) => one.link)?.link;
    const model = row ? readable(row.model) : count(chosen);
    this.head.replaceChildren(
      h('b', { class: 'mam-title' }, name),
      stateMark(row ? row.state : stateOf(group)),
      h('span', { class: 'mam-note' }, [group.target, model].filter(Boolean).join(' · ')),
      h('span', { class: 'mam-gap' }),
      ...(link ? [studioLink(link, 'studio ↗', `Open ${name} in the studio`)] : []),
      remove,
    );
  }

  private drawBar(tabs: readonly Tab[], chosen: Tab): void {
    const focused = this.bar.contains(document.activeElement);
    this.bar.replaceChildren(
      ...tabs.map((tab) =>
        h(
          'button',
          {
            type: 'button',
            role: 'tab',
            'data-tab': tab,
            'aria-selected': String(tab === chosen),
            'aria-controls': this.page.id,
            tabindex: tab === chosen ? 0 : -1,
          },
          TITLES[tab] ?? tab,
        ),
      ),
    );
    this.page.setAttribute('aria-label', TITLES[chosen] ?? chosen);
    if (focused) this.bar.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  }

  private make(tab: Tab, chosen: Chosen): Part {
    if (tab === 'traffic') return new TrafficTab(this.ask, chosen.group);
    if (tab === 'logs') return new LogsTab(this.ask, chosen);
    if (tab === 'details') return new DetailsTab(this.ask, chosen);
    return new TestTab(this.state, this.ask, chosen);
  }

  private close(): void {
    this.open?.part.destroy();
    this.open = null;
    this.page.replaceChildren();
  }

  private onKey(event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const tabs = [...this.bar.querySelectorAll<HTMLElement>('[data-tab]')];
    const at = tabs.findIndex((tab) => tab.getAttribute('aria-selected') === 'true') + step;
    const next = tabs[(at + tabs.length) % tabs.length].dataset.tab;
    this.state.setTab(next as Tab);
    event.preventDefault();
    event.stopPropagation();
  }
}

/** What there is to see of it: nobody asks a failed one, and who shares no traffic has no tab for it. */
export function tabsOf({ row, group }: Chosen): Tab[] {
  const tabs: Tab[] = [];
  const answers = row ? row.state === 'running' : group.rows.some((one) => one.state === 'running');
  if (answers && group.target !== 'batch') tabs.push('test');
  if (row?.state === 'failed') tabs.push('logs');
  if (group.shares && deploymentsOf(group).length > 0) tabs.push('traffic');
  if (!tabs.includes('logs') && group.rows.some((one) => one.state !== 'empty')) tabs.push('logs');
  return [...tabs, 'details'];
}

/** When this changes, the open part is made anew. */
function keyOf(tab: Tab, { reference, row, group }: Chosen): string {
  const parts = [tab, reference, row?.state ?? '', row?.started ?? '', row?.model ?? ''];
  if (tab === 'traffic') parts.push(...group.rows.map((one) => `${one.name} ${one.traffic} ${one.state}`));
  if (tab === 'details') parts.push(JSON.stringify(row ?? group.rows));
  return parts.join('\n');
}

function count({ group }: Chosen): string {
  const many = deploymentsOf(group).length;
  return many === 1 ? 'an endpoint with 1 deployment' : `an endpoint with ${many} deployments`;
}
