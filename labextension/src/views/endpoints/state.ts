/** What the panel of deployments knows: the deployments under their endpoints, the chosen one, the work under way. */
import type { DeploymentRow, DeployWork, EndpointsInfo } from '../../contract';

export type Tab = 'test' | 'traffic' | 'logs' | 'details' | 'new';
export type Topic = 'info' | 'work' | 'selected' | 'tab' | 'kernel';

/** An endpoint with its deployments; of a target without endpoints one deployment alone. */
export interface Group {
  readonly reference: string;
  readonly name: string;
  readonly target: string;
  readonly shares: boolean;
  /** Has a row of its own in the list. */
  readonly isEndpoint: boolean;
  readonly rows: readonly DeploymentRow[];
}

/** What is chosen: a deployment, or an endpoint as a whole (`row` is null). */
export interface Chosen {
  readonly reference: string;
  readonly group: Group;
  readonly row: DeploymentRow | null;
}

export class EndpointsState {
  groups: readonly Group[] = [];
  selected = '';
  tab: Tab = 'test';
  kernel: 'ready' | 'gone' = 'ready';
  private readonly listeners = new Set<(topic: Topic) => void>();

  constructor(
    public info: EndpointsInfo,
    public work: DeployWork,
  ) {
    this.groups = grouped(info.rows);
  }

  subscribe(listener: (topic: Topic) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  setInfo(info: EndpointsInfo): void {
    this.info = info;
    this.groups = grouped(info.rows);
    this.tell('info');
  }

  setWork(work: DeployWork): void {
    this.work = work;
    this.tell('work');
  }

  /** Choosing one leaves the form of a new deployment. */
  select(reference: string): void {
    if (this.tab === 'new') this.setTab('test');
    if (reference === this.selected) return;
    this.selected = reference;
    this.tell('selected');
  }

  setTab(tab: Tab): void {
    if (tab === this.tab) return;
    this.tab = tab;
    this.tell('tab');
  }

  setKernel(kernel: 'ready' | 'gone'): void {
    if (kernel === this.kernel) return;
    this.kernel = kernel;
    this.tell('kernel');
  }

  get chosen(): Chosen | null {
    const reference = this.selected;
    for (const group of this.groups) {
      const row = group.rows.find((one) => one.reference === reference && one.deployment !== '');
      if (row) return { reference, group, row };
      if (group.reference === reference)
        return { reference, group, row: group.isEndpoint ? null : group.rows[0] };
    }
    return null;
  }

  get isWorking(): boolean {
    return this.work.state === 'running' || this.work.state === 'stopping';
  }

  private tell(topic: Topic): void {
    for (const listener of [...this.listeners]) listener(topic);
  }
}

const UNDER_ENDPOINTS = ['online', 'kubernetes', 'batch'];

function grouped(rows: readonly DeploymentRow[]): Group[] {
  const groups = new Map<string, DeploymentRow[]>();
  for (const row of rows) {
    const reference = `${row.target}:${row.endpoint}`;
    const known = groups.get(reference);
    if (known) known.push(row);
    else groups.set(reference, [row]);
  }
  return [...groups].map(([reference, members]) => ({
    reference,
    name: members[0].endpoint,
    target: members[0].target,
    shares: members[0].shares,
    isEndpoint: UNDER_ENDPOINTS.includes(members[0].target),
    rows: members,
  }));
}

/** The deployments of an endpoint that are there: an empty one is listed by a row without a deployment. */
export function deploymentsOf(group: Group): readonly DeploymentRow[] {
  return group.rows.filter((row) => row.deployment !== '');
}

/** The state of an endpoint as a whole: that of the deployment which most needs to be looked at. */
export function stateOf(group: Group): DeploymentRow['state'] {
  const order = ['changing', 'failed', 'stopped', 'running', 'empty'] as const;
  return order.find((state) => group.rows.some((row) => row.state === state)) ?? 'empty';
}
