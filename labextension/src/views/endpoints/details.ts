/** What is known of a deployment or endpoint, and what is done with it as code. */
import type { DeploymentRow } from '../../contract';
import type { Ask } from '../ask';
import { Bin, h, readable } from '../dom';
import { CopyAs } from './copy-as';
import { studioLink } from './list';
import { Segments } from './segments';
import { type Chosen, deploymentsOf } from './state';
import { localTime } from './words';

const ACTIONS = [
  { value: 'deploy', label: 'Deploy' },
  { value: 'invoke', label: 'Ask' },
  { value: 'logs', label: 'Logs' },
  { value: 'delete', label: 'Delete' },
] as const;

export class DetailsTab {
  readonly element = h('div', { class: 'mam-details' });
  private readonly bin = new Bin();

  constructor(ask: Ask, chosen: Chosen) {
    const { row, group } = chosen;
    const list = h('dl', { class: 'mam-facts' });
    const facts = row ? factsOf(row) : endpointFacts(chosen);
    for (const [name, value] of facts) {
      if (value)
        list.append(h('dt', {}, name), h('dd', {}, typeof value === 'string' ? readable(value) : value));
    }
    const link = row?.link || group.rows.find((one) => one.link)?.link;
    if (link)
      list.append(h('dt', {}, 'studio'), h('dd', {}, studioLink(link, 'open ↗', 'Open in the studio')));
    let action: (typeof ACTIONS)[number]['value'] = row ? 'deploy' : 'invoke';
    const copy = new CopyAs(ask, () => ({ action, args: argsOf(action, chosen) }));
    // A batch endpoint's logs are those of its jobs; an endpoint is made by its first deployment.
    const lacks: readonly string[] = [
      ...(row ? [] : ['deploy', 'logs']),
      group.target === 'batch' ? 'logs' : '',
    ];
    const actions = ACTIONS.filter(({ value }) => !lacks.includes(value));
    const segments = new Segments('Action to copy', actions, (value) => {
      action = value;
      copy.close();
    });
    segments.value = action;
    this.element.append(
      list,
      h(
        'div',
        { class: 'mam-bar' },
        h('span', { class: 'mam-note' }, 'the same as code'),
        segments.element,
        copy.button,
      ),
      copy.element,
    );
    this.bin.add(() => copy.destroy());
  }

  destroy(): void {
    this.bin.empty();
  }
}

type Fact = readonly [string, Node | string];

function factsOf(row: DeploymentRow): Fact[] {
  const model =
    row.ref && !row.model.includes(row.ref) ? `${row.model} (asked for as ${row.ref})` : row.model;
  return [
    ['name', row.reference],
    ['state', row.state],
    ['what it says', row.detail ? h('pre', {}, readable(row.detail)) : ''],
    ['model', model],
    ['from', row.store],
    ['answers at', row.url ? h('code', {}, readable(row.url)) : ''],
    ['traffic', row.traffic === null ? '' : `${row.traffic} %`],
    ['runs on', row.machine],
    ['costs', row.cost],
    ['started', row.started ? `${localTime(row.started, true)} (your time)` : ''],
    ['process', row.process === null ? '' : String(row.process)],
    ['log', row.log ? h('code', {}, readable(row.log)) : ''],
  ];
}

function endpointFacts({ reference, group }: Chosen): Fact[] {
  const under = deploymentsOf(group);
  const url = under.find((row) => row.url)?.url ?? group.rows[0].url;
  return [
    ['name', reference],
    ['deployments', under.map((row) => `${row.deployment} ${row.traffic ?? 0} %`).join(', ') || 'none'],
    ['what it says', group.rows.find((row) => row.deployment === '')?.detail ?? ''],
    ['answers at', url ? h('code', {}, readable(url)) : ''],
  ];
}

function argsOf(action: string, { reference, row }: Chosen): Record<string, unknown> {
  if (action !== 'deploy' || !row) return { name: reference };
  return { model: row.ref || row.model, target: row.target, name: row.endpoint, deployment: row.deployment };
}
