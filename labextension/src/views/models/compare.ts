/** A version against another: what differs, and what is likely to break where it takes the other's place. */
import type { CompareVersionsResult, ListedVersion, VersionDifference, VersionSection } from '../../contract';
import type { Ask } from '../ask';
import { Bin, h, readable } from '../dom';
import { Outcome } from '../endpoints/outcome';
import { formatCount } from '../format';
import { keyOf, type ModelsState } from './state';

/** Lines of a section that are drawn. */
const LINES = 60;

export class CompareView {
  readonly element = h('div', { class: 'mam-against' });
  private readonly pick = h('select', { 'aria-label': 'The version to compare with' });
  private readonly result = h('div');
  private readonly outcome: Outcome;
  private readonly bin = new Bin();

  constructor(
    state: ModelsState,
    ask: Ask,
    private readonly version: ListedVersion,
  ) {
    this.outcome = new Outcome(ask);
    const others = state.versionsOf(version.name).filter((one) => one.version !== version.version);
    for (const other of others) {
      const marks = [other.stage, ...other.aliases].filter(Boolean).join(', ');
      const text = `version ${other.version}${marks ? ` (${marks})` : ''}`;
      this.pick.append(h('option', { value: keyOf(other) }, readable(text)));
    }
    if (others.length === 0) {
      this.element.append(h('p', { class: 'mam-note' }, 'There is no other version to compare with.'));
      return;
    }
    this.pick.value = keyOf(likely(version, others));
    const line = h('label', {}, `${readable(keyOf(version))} in place of`, this.pick);
    this.element.append(h('div', { class: 'mam-bar' }, line), this.outcome.element, this.result);
    this.bin.on(this.pick, 'change', () => void this.compare());
    this.bin.add(() => this.outcome.destroy());
    void this.compare();
  }

  destroy(): void {
    this.bin.empty();
  }

  private async compare(): Promise<void> {
    this.result.replaceChildren();
    const args = { a: this.pick.value, b: keyOf(this.version) };
    const found = await this.outcome.run<CompareVersionsResult>(
      'compare_versions',
      args,
      'Reading both versions…',
    );
    if (found) this.result.replaceChildren(...drawComparison(found));
  }
}

/** What it would replace: the version in Production, else the champion, else the one before it, else any. */
function likely(version: ListedVersion, others: readonly ListedVersion[]): ListedVersion {
  const older = others.find((one) => (one.created ?? '') < (version.created ?? ''));
  return (
    others.find(({ stage }) => stage === 'Production') ??
    others.find(({ aliases }) => aliases.includes('champion')) ??
    older ??
    others[0]
  );
}

function drawComparison({ a, b, sections, hints, notes }: CompareVersionsResult): HTMLElement[] {
  const warnings = hints.map((hint) =>
    h('li', {}, h('span', { class: 'mam-warn-mark', 'aria-hidden': 'true' }, '⚠'), ' ', readable(hint)),
  );
  const head = warnings.length
    ? h('section', { class: 'mam-hints' }, h('h4', {}, 'Likely to break serving'), h('ul', {}, ...warnings))
    : h('p', { class: 'mam-good' }, '✓ Nothing here is likely to break serving.');
  const differing = sections.filter(({ rows }) => rows.length > 0);
  const equal = sections.filter(({ rows, same }) => rows.length === 0 && same > 0).map(({ title }) => title);
  const heading = h(
    'tr',
    {},
    h('td'),
    h('th', { scope: 'col' }, readable(a)),
    h('th', { scope: 'col' }, readable(b)),
  );
  const table = h(
    'table',
    { class: 'mam-against-table' },
    h('thead', {}, heading),
    ...differing.map(drawSection),
  );
  return [
    head,
    ...notes.map((note) => h('p', { class: 'mam-note' }, `⚠ ${readable(note)}`)),
    ...(differing.length > 0 ? [h('div', { class: 'mam-scroll' }, table)] : []),
    ...(equal.length > 0 ? [h('p', { class: 'mam-note' }, `The same in both: ${equal.join(', ')}.`)] : []),
  ];
}

function drawSection({ title, same, rows }: VersionSection): HTMLElement {
  const rest = rows.length - LINES;
  const counts = [`${formatCount(rows.length)} differ`, same > 0 ? `${formatCount(same)} the same` : ''];
  const name = title.charAt(0).toUpperCase() + title.slice(1);
  const said = h('small', {}, ` ${counts.filter(Boolean).join(', ')}`);
  return h(
    'tbody',
    {},
    h('tr', { class: 'mam-section' }, h('th', { colspan: 3, scope: 'rowgroup' }, readable(name), said)),
    ...rows.slice(0, LINES).map(drawLine),
    rest > 0
      ? h('tr', {}, h('td', { colspan: 3, class: 'mam-note' }, `and ${formatCount(rest)} more`))
      : null,
  );
}

function drawLine({ name, a, b, delta, risk }: VersionDifference): HTMLElement {
  const cell = (text: string | null) =>
    text === null || text === '' ? h('span', { class: 'mam-missing' }, '–') : readable(text);
  return h(
    'tr',
    { class: risk ? 'mam-risk' : null },
    h('th', { scope: 'row', title: risk ? readable(risk) : null }, readable(name)),
    h('td', {}, cell(a)),
    h('td', {}, cell(b), delta ? h('small', {}, ` ${readable(delta)}`) : null),
  );
}
