/** One artifact as each run has it: pictures beside each other, text and tables by what changed. */
import type {
  ArtifactArgs,
  ComparedArtifact,
  ComparedFile,
  ComparedRow,
  ComparisonInfo,
} from '../../contract';
import { type Ask, bytesOf } from '../ask';
import { Bin, h, readable } from '../dom';
import { drawDifference } from './difference';
import { Latest, plainButton } from './latest';
import { Pictures } from './pictures';

type Answer = ComparedArtifact & { readonly buffers?: readonly DataView[] };

export class ArtifactPanel {
  readonly element = h('section', { class: 'mam-panel mam-artifact', hidden: true });
  private readonly bin = new Bin();
  private readonly body = h('div');
  private readonly pictures = new Pictures();
  private readonly other = h('select', { class: 'mam-select', 'aria-label': 'Run on the right' });
  private readonly steps = h('input', {
    type: 'range',
    min: 0,
    'aria-label': 'Step',
    'data-lm-suppress-shortcuts': 'true',
  });
  private readonly stepText = h('output');
  private readonly stepBox = h('label', { class: 'mam-toggle' }, 'Step', this.steps, this.stepText);
  private readonly title = h('h3');
  private readonly against = h('label', { class: 'mam-toggle' }, 'against', this.other);
  private info: ComparisonInfo | null = null;
  private row: ComparedRow | null = null;
  private readonly latest: Latest;
  private opener: HTMLElement | null = null;

  constructor(ask: Ask) {
    this.latest = new Latest(ask);
    const close = plainButton('Close');
    const gap = h('span', { class: 'mam-gap' });
    const head = h('div', { class: 'mam-bar' }, this.title, this.against, this.stepBox, gap, close);
    this.element.append(head, this.body);
    this.bin.on(close, 'click', () => this.close());
    this.bin.on(this.other, 'change', () => this.load(this.other.value));
    this.bin.on(this.steps, 'input', () => this.load(this.other.value));
    this.bin.on<KeyboardEvent>(this.element, 'keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      this.close();
    });
    this.bin.add(() => this.close());
  }

  destroy(): void {
    this.bin.empty();
  }

  open(key: string): void {
    const rows = this.info?.sections.flatMap((section) => section.rows) ?? [];
    const row = rows.find((each) => each.key === key && each.path);
    if (!row) return;
    this.row = row;
    this.opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    this.title.textContent = readable(row.path);
    this.stepBox.hidden = row.steps.length === 0;
    this.steps.max = String(row.steps.length - 1);
    this.steps.value = '0';
    this.against.hidden = true;
    this.element.setAttribute('aria-label', `File ${readable(row.path)}`);
    this.element.hidden = false;
    this.load('');
    this.element.scrollIntoView({ block: 'nearest' });
  }

  /** Other runs or another baseline: what is open follows. */
  follow(info: ComparisonInfo): void {
    this.info = info;
    if (this.row) this.load(this.other.value);
  }

  private close(): void {
    this.latest.cancel();
    this.row = null;
    this.pictures.clear();
    this.body.replaceChildren();
    const inside = this.element.contains(document.activeElement);
    this.element.hidden = true;
    if (inside) this.opener?.focus();
  }

  private load(chosen: string): void {
    const { info, row } = this;
    if (!info || !row) return;
    const at = Number(this.steps.value);
    const step = row.steps[at] ?? null;
    this.stepText.textContent = step === null ? '' : `${step} (${at + 1} of ${row.steps.length})`;
    const run_ids = info.runs.map((run) => run.run_id);
    const known = run_ids.includes(chosen) && chosen !== info.baseline ? chosen : '';
    const args: ArtifactArgs = { run_ids, path: row.path, step, baseline: info.baseline, chosen: known };
    if (!this.body.firstChild) this.body.replaceChildren(h('p', { class: 'mam-note' }, 'Reading the files…'));
    void this.latest.put<Answer>(
      'artifact',
      args,
      (line) => {
        if (!this.body.querySelector('table, img')) this.body.textContent = line;
      },
      (answer) => this.draw(info, answer),
      (note) => this.body.replaceChildren(note),
    );
  }

  private draw(info: ComparisonInfo, answer: Answer): void {
    const { files, rows, note } = answer;
    const nameOf = (id: string) => readable(info.runs.find((run) => run.run_id === id)?.name ?? id);
    const isPicture = files.some((file) => file.kind === 'image');
    this.against.hidden = isPicture || files.length < 3;
    this.other.replaceChildren(
      ...files
        .filter((file) => file.run_id !== info.baseline)
        .map((file) => h('option', { value: file.run_id }, `${nameOf(file.run_id)}${wordOf(file)}`)),
    );
    this.other.value = answer.chosen;
    if (isPicture) {
      const bytes = (answer.buffers ?? []).map(bytesOf);
      this.body.replaceChildren(this.pictures.draw(files, nameOf, bytes));
      return;
    }
    const pair = [info.baseline, answer.chosen].map((id) => files.find((file) => file.run_id === id));
    const said = pair.map((file) => (file?.note ? `${nameOf(file.run_id)}: ${file.note}` : ''));
    const equal = pair[1]?.equal === true ? 'the same in both' : '';
    const about = [...new Set([equal, ...said, note])].filter(Boolean).join(' · ');
    const names = [nameOf(info.baseline), nameOf(answer.chosen)] as const;
    const scroller = h('div', {
      class: 'mam-diff',
      tabindex: 0,
      role: 'group',
      'aria-label': 'What changed',
    });
    if (rows.length > 0) scroller.append(drawDifference(answer, names));
    this.body.replaceChildren(
      h('p', { class: 'mam-note' }, readable(about)),
      ...(rows.length > 0 ? [scroller] : []),
    );
  }
}

function wordOf({ kind, equal }: ComparedFile): string {
  return kind === 'missing' ? ' (none)' : equal === true ? ' (the same)' : '';
}
