/** Data → run → model → endpoints, as four boxes with arrows; below each other where there is no room. */
import type { LineageResult } from '../../contract';
import { h, readable, s } from '../dom';
import { keyOf } from './state';
import { linkTo } from './words';

/** Boxes of one kind that are drawn; the rest is counted. */
const MOST = 6;

interface Item {
  readonly name: Node | string;
  readonly lines: readonly string[];
}

export function drawLineage({ data, run, version, served, notes }: LineageResult): HTMLElement[] {
  const datasets = data.map(({ name, digest, context, where }) => ({
    name: readable(name),
    lines: [context, where, digest ? `digest ${digest}` : ''],
  }));
  const source: Item[] = run
    ? [
        {
          name: linkTo(run.link, run.name || run.run_id, `Open the run ${readable(run.name)}`),
          lines: run.gone
            ? ['was deleted']
            : [
                run.experiment,
                run.user,
                run.commit ? `commit ${run.commit.slice(0, 12)}` : '',
                run.run_id.slice(0, 8),
              ],
        },
      ]
    : [];
  const model = { name: readable(keyOf(version)), lines: [version.stage, ...version.aliases] };
  const endpoints = served.map(({ name, target, state, url, link }) => ({
    name: linkTo(link, name, `Open ${readable(name)}`),
    lines: [`${target}, ${state}`, url],
  }));
  const chain = [
    box('Data', datasets, 'unknown', 'mlflow.log_input(…) in the run keeps it'),
    box('Run', source, 'unknown', 'the version names none'),
    box('Model', [model], '', ''),
    box('Endpoints', endpoints, 'none', 'Deploy… makes one'),
  ];
  const parts = chain.flatMap((one, i) => (i > 0 ? [arrow(), one] : [one]));
  const warnings = notes.map((note) => h('p', { class: 'mam-note' }, `⚠ ${readable(note)}`));
  return [h('div', { class: 'mam-chain', role: 'list', 'aria-label': 'Lineage' }, ...parts), ...warnings];
}

function box(kind: string, items: readonly Item[], none: string, how: string): HTMLElement {
  const lines = (given: readonly string[]) =>
    given.filter(Boolean).map((line) => h('small', { title: readable(line) }, readable(line)));
  const shown = items.length > 0 ? items : [{ name: none, lines: [how] }];
  const more = shown.length - MOST;
  return h(
    'div',
    { class: `mam-box${items.length === 0 ? ' mam-box-none' : ''}`, role: 'listitem' },
    h('h4', {}, kind),
    ...shown
      .slice(0, MOST)
      .map(({ name, lines: told }) => h('div', { class: 'mam-box-item' }, h('b', {}, name), ...lines(told))),
    more > 0 ? h('small', {}, `and ${more} more`) : null,
  );
}

function arrow(): SVGElement {
  const path = s('path', {
    d: 'M0 6h20m-6-5 6 5-6 5',
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': 1.5,
  });
  return s(
    'svg',
    { class: 'mam-flow', viewBox: '0 0 22 12', width: 22, height: 12, 'aria-hidden': 'true' },
    path,
  );
}
