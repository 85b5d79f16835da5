/** The table of all deployments, those of an endpoint under it; one of them is chosen. */
import type { DeploymentRow } from '../../contract';
import { Bin, h, readable } from '../dom';
import { deploymentsOf, type EndpointsState, type Group, stateOf } from './state';
import { localTime, stateMark } from './words';

/** With fewer there is nothing to look for. */
const SEARCH_FROM = 11;
const COLUMNS = ['Name', 'State', 'Traffic', 'Model', 'Target', 'Runs on', 'Cost', 'Started'] as const;

export class EndpointList {
  readonly element = h('div', { class: 'mam-endpoints-list' });
  readonly search = h('input', {
    type: 'search',
    class: 'mam-endpoints-search',
    placeholder: 'Search',
    'aria-label': 'Search deployments',
    spellcheck: 'false',
    autocomplete: 'off',
  });
  private readonly body = h('tbody');
  private readonly empty = h('p', { class: 'mam-note mam-endpoints-none' });
  private readonly heads = COLUMNS.map((name) =>
    h(
      'th',
      { scope: 'col', class: `mam-col-${slug(name)}`, title: name === 'Started' ? 'Your time' : null },
      name,
    ),
  );
  private readonly table: HTMLTableElement;
  private readonly bin = new Bin();

  constructor(private readonly state: EndpointsState) {
    const head = h('thead', {}, h('tr', {}, ...this.heads));
    this.table = h('table', { 'aria-label': 'Deployments' }, head, this.body);
    this.element.append(this.table, this.empty);
    this.bin.on(this.search, 'input', () => this.draw());
    this.bin.on<MouseEvent>(this.body, 'click', (event) => {
      const target = event.target as Element;
      if (target.closest('a')) return;
      const reference = target.closest<HTMLElement>('tr[data-reference]')?.dataset.reference;
      if (reference) state.select(reference);
    });
    this.bin.on<KeyboardEvent>(this.body, 'keydown', (event) => this.onKey(event));
    this.bin.add(
      state.subscribe((topic) => {
        if (topic === 'info' || topic === 'selected' || topic === 'tab') this.draw();
      }),
    );
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  private draw(): void {
    const { groups, info } = this.state;
    this.search.hidden = info.rows.length < SEARCH_FROM;
    const words = this.search.hidden ? [] : this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const focused = this.focused();
    const shown = groups.map((group) => kept(group, words)).filter((group) => group !== null);
    this.body.replaceChildren(...shown.flatMap((group) => this.rowsOf(group)));
    const buttons = this.buttons();
    const current = buttons.find((button) => referenceOf(button) === this.state.selected) ?? buttons[0];
    if (current) current.tabIndex = 0;
    if (focused) buttons.find((button) => referenceOf(button) === focused)?.focus();
    const has = (value: (row: DeploymentRow) => unknown) => info.rows.some((row) => value(row));
    this.table.classList.toggle('mam-no-traffic', !has((row) => row.traffic !== null));
    this.table.classList.toggle('mam-no-cost', !has((row) => row.cost));
    this.table.hidden = shown.length === 0;
    this.element.classList.toggle('mam-bare', groups.length === 0);
    this.empty.hidden = shown.length > 0 || groups.length === 0;
    this.empty.textContent = 'No deployment has these words.';
  }

  private rowsOf(group: Group): HTMLElement[] {
    if (!group.isEndpoint) return group.rows.map((row) => this.deploymentRow(row, row.name, false));
    const under = deploymentsOf(group).map((row) => this.deploymentRow(row, row.deployment, true));
    return [this.endpointRow(group), ...under];
  }

  private endpointRow(group: Group): HTMLElement {
    const under = deploymentsOf(group);
    const link = group.rows.find((row) => row.link)?.link ?? '';
    const count = under.length === 1 ? '1 deployment' : `${under.length} deployments`;
    return this.line(group.reference, 'mam-endpoint-row', [
      this.nameCell(group.reference, group.name, link, under.length === 0 ? group.rows[0].pointed : ''),
      stateMark(stateOf(group)),
      group.shares && under.some((row) => row.traffic) ? trafficBar(under) : '',
      h('span', { class: 'mam-note' }, count),
      group.target,
      '',
      '',
      '',
    ]);
  }

  private deploymentRow(row: DeploymentRow, name: string, isUnder: boolean): HTMLElement {
    const reference = row.deployment || !isUnder ? row.reference : `${row.target}:${row.endpoint}`;
    return this.line(reference, isUnder ? 'mam-under' : '', [
      this.nameCell(reference, name, isUnder ? '' : row.link, row.pointed, row.state),
      stateMark(row.state),
      row.traffic === null ? '' : `${row.traffic} %`,
      h('span', { title: readable(row.ref) }, readable(row.model)),
      isUnder ? '' : row.target,
      readable(row.machine || (row.process === null ? '' : `process ${row.process}`)),
      h('span', { title: readable(row.cost) }, readable(row.cost.split(' (')[0])),
      h('time', { datetime: row.started ?? '', title: row.started ?? '' }, localTime(row.started)),
    ]);
  }

  private line(reference: string, kind: string, cells: readonly (Node | string)[]): HTMLElement {
    const isChosen = reference === this.state.selected && this.state.tab !== 'new';
    return h(
      'tr',
      { class: `${kind}${isChosen ? ' mam-chosen' : ''}`, 'data-reference': reference },
      ...cells.map((cell, i) =>
        h(
          i === 0 ? 'th' : 'td',
          { scope: i === 0 ? 'row' : null, class: `mam-col-${slug(COLUMNS[i])}` },
          cell,
        ),
      ),
    );
  }

  private nameCell(
    reference: string,
    name: string,
    link: string,
    pointed: string,
    state: DeploymentRow['state'] = 'running',
  ): HTMLElement {
    const button = h(
      'button',
      {
        type: 'button',
        class: 'mam-row-name',
        tabindex: -1,
        'aria-current': reference === this.state.selected ? 'true' : null,
      },
      readable(name),
    );
    const box = h('span', { class: 'mam-name-cell' }, button);
    if (link) box.append(studioLink(link, '↗', `Open ${name} in the studio`));
    if (pointed) {
      const tone = state === 'failed' ? 'mam-bad' : 'mam-note';
      box.append(h('span', { class: `mam-pointed ${tone}`, title: readable(pointed) }, readable(pointed)));
    }
    return box;
  }

  private buttons(): HTMLElement[] {
    return [...this.body.querySelectorAll<HTMLElement>('.mam-row-name')];
  }

  private focused(): string | undefined {
    const active = this.body.contains(document.activeElement)
      ? (document.activeElement as HTMLElement)
      : null;
    return active ? referenceOf(active) : undefined;
  }

  private onKey(event: KeyboardEvent): void {
    const all = this.buttons();
    const at = all.indexOf(event.target as HTMLElement);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: all.length - 1,
    };
    if (at < 0 || !(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    const next = all[Math.min(all.length - 1, Math.max(0, moves[event.key]))];
    next.focus();
    const reference = referenceOf(next);
    if (reference) this.state.select(reference);
  }
}

/** The group with those of its rows that have all the words; null if none has. */
function kept(group: Group, words: readonly string[]): Group | null {
  if (words.length === 0) return group;
  const has = (row: DeploymentRow) => {
    const text = [row.reference, row.model, row.ref, row.state, row.machine].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const rows = group.rows.filter(has);
  return rows.length > 0 ? { ...group, rows } : null;
}

/** Who gets how much, at a glance. */
function trafficBar(rows: readonly DeploymentRow[]): HTMLElement {
  const told = rows.map((row) => `${row.deployment} ${row.traffic ?? 0} %`).join(', ');
  const bar = h('span', { class: 'mam-traffic-bar', role: 'img', 'aria-label': told, title: told });
  rows.forEach((row, i) => {
    const part = h('i', { class: `mam-share-${i % 4}` });
    part.style.flexGrow = String(row.traffic ?? 0);
    bar.append(part);
  });
  return bar;
}

/** A link out of the notebook; the kernel sends none but https. */
export function studioLink(href: string, text: string, label: string): HTMLElement {
  const safe = href.startsWith('https:') ? href : null;
  return h(
    'a',
    {
      href: safe,
      target: '_blank',
      rel: 'noopener noreferrer',
      class: 'mam-out',
      'aria-label': label,
      title: label,
    },
    text,
  );
}

function referenceOf(element: Element): string | undefined {
  return element.closest<HTMLElement>('tr[data-reference]')?.dataset.reference;
}

function slug(name: string): string {
  return name.toLowerCase().replace(' ', '-');
}
