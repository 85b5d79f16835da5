/** One version at a glance: where it comes from, its metrics, its signature, its environment, where it is served. */
import type { LineageResult, VersionFiles, VersionResult } from '../../contract';
import { h, readable } from '../dom';
import { formatCount, formatNumber } from '../format';
import { bytes, linkTo, when } from './words';

/** What is known by now; an error stands for what could not be read. */
export interface Known {
  readonly version: VersionResult;
  readonly files: VersionFiles | HTMLElement | null;
  readonly lineage: LineageResult | HTMLElement | null;
}

const WAITING = () => h('span', { class: 'mam-note' }, 'looking…');

export function drawOverview({ version, files, lineage }: Known): HTMLElement[] {
  const { row, run, source } = version;
  const known = files !== null && 'flavors' in files ? files : null;
  const facts: [string, Node | string][] = [
    ['Source run', runOf(version)],
    ['Experiment', readable(run?.experiment ?? '')],
    ['Logged by', readable(run?.user ?? '')],
    ['Git commit', run?.commit ? h('code', {}, readable(run.commit.slice(0, 12))) : ''],
    ['Created', when(row.created)],
    ['Deployed', servedOf(lineage)],
    ['Flavors', known ? readable(known.flavors.join(', ')) : files === null ? WAITING() : ''],
    ['Size', known ? `${bytes(known.size)} in ${plural(known.files.length, 'file')}` : ''],
    ['MLflow', known ? readable(known.mlflow) : ''],
    ['Status', row.status === 'READY' ? '' : readable(row.status)],
    ['Files at', h('code', { class: 'mam-long' }, readable(source))],
  ];
  const list = h('dl', { class: 'mam-known' });
  for (const [name, value] of facts) {
    if (value !== '') list.append(h('dt', {}, name), h('dd', {}, value));
  }
  const about = h('section', { 'aria-label': 'About' }, list);
  const said = files instanceof HTMLElement ? [files] : [];
  return [
    h('div', { class: 'mam-columns' }, about, metricsOf(version), signatureOf(known)),
    ...said,
    ...environmentOf(known),
  ];
}

function runOf({ row, run }: VersionResult): Node | string {
  if (!row.run_id) return 'none is named';
  const id = h('code', { class: 'mam-id', title: readable(row.run_id) }, readable(row.run_id.slice(0, 8)));
  if (!run) return id;
  if (run.gone) return h('span', {}, id, ' ', h('span', { class: 'mam-note' }, 'was deleted'));
  const name = linkTo(run.link, run.name || row.run_id, `Open the run ${readable(run.name)}`);
  return h('span', {}, name, ' ', id);
}

function servedOf(lineage: Known['lineage']): Node | string {
  if (lineage === null) return WAITING();
  if (lineage instanceof HTMLElement) return lineage;
  if (lineage.served.length === 0) return h('span', { class: 'mam-note' }, 'nowhere');
  return h(
    'span',
    {},
    ...lineage.served.flatMap(({ name, target, state, link }, i) => [
      i > 0 ? ', ' : '',
      linkTo(link, name, `Open ${readable(name)}`),
      h('span', { class: 'mam-note' }, ` ${target}, ${state}`),
    ]),
  );
}

function metricsOf({ row }: VersionResult): HTMLElement {
  const entries = Object.entries(row.metrics);
  const rows = entries.map(([name, value]) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, readable(name)),
      h('td', { class: 'mam-number' }, value === null ? 'NaN' : formatNumber(value, 5)),
    ),
  );
  const table = h('table', { class: 'mam-plain-table', 'aria-label': 'Metrics' }, h('tbody', {}, ...rows));
  const none = h('p', { class: 'mam-note' }, 'Its run logged none.');
  return h('section', { 'aria-label': 'Metrics' }, h('h4', {}, 'Metrics'), entries.length > 0 ? table : none);
}

function signatureOf(files: VersionFiles | null): HTMLElement {
  const section = h('section', { 'aria-label': 'Signature' }, h('h4', {}, 'Signature'));
  if (!files) section.append(h('p', { class: 'mam-note' }, '…'));
  else if (files.signature.length === 0)
    section.append(h('p', { class: 'mam-note' }, 'It has none: log it with an input_example.'));
  else
    section.append(
      h(
        'table',
        { class: 'mam-plain-table', 'aria-label': 'Signature' },
        h(
          'tbody',
          {},
          ...files.signature.map(({ way, name, type }, i) =>
            h(
              'tr',
              { class: i > 0 && files.signature[i - 1].way !== way ? 'mam-next' : null },
              h('td', { class: 'mam-note' }, i > 0 && files.signature[i - 1].way === way ? '' : way),
              h('th', { scope: 'row' }, readable(name)),
              h('td', {}, h('code', {}, readable(type))),
            ),
          ),
        ),
      ),
    );
  return section;
}

function environmentOf(files: VersionFiles | null): HTMLElement[] {
  const packages = Object.entries(files?.environment ?? {});
  if (packages.length === 0) return [];
  const text = packages.map(([name, version]) => `${name} ${version}`).join('\n');
  const summary = h('summary', {}, `Environment: ${plural(packages.length, 'package')}`);
  return [h('details', { class: 'mam-environment' }, summary, h('pre', { tabindex: 0 }, readable(text)))];
}

function plural(count: number, word: string): string {
  return `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;
}
