/** A deployment being made: how long, what it said, how to stop it; at its end what came of it, or why not. */
import type { CheckFinding, DeployWork } from '../../contract';
import { Bin, h, readable } from '../dom';
import { failureNote } from '../failure';
import { studioLink } from './list';
import type { EndpointsState } from './state';
import { elapsed } from './words';

const MARKS: Readonly<Record<CheckFinding['level'], string>> = { good: '✓', info: 'ℹ', warn: '!', bad: '✗' };

/** A target's own clock, as the line has one already. */
const CLOCK = /^\d+:\d\d(:\d\d)? /;
const COMMAND = /^([%!]|(pip|az|python|docker) )/;

export class WorkView {
  readonly element = h('section', { class: 'mam-work', 'aria-label': 'Deployment under way' });
  private readonly clock = h('span', { class: 'mam-count' });
  private readonly title = h('span');
  private readonly stop = h('button', { type: 'button', class: 'mam-button' }, 'Stop');
  private readonly log = h('ol', { class: 'mam-work-log', tabindex: 0, 'aria-label': 'Progress' });
  private readonly said = h('span', { class: 'mam-spoken', role: 'status', 'aria-live': 'polite' });
  private readonly end = h('div', { class: 'mam-outcome' });
  private readonly bin = new Bin();
  private timer = 0;

  /** `stopped`: the user wants it stopped. */
  constructor(
    private readonly state: EndpointsState,
    stopped: () => void,
  ) {
    const head = h(
      'div',
      { class: 'mam-bar' },
      this.title,
      this.clock,
      h('span', { class: 'mam-gap' }),
      this.stop,
    );
    this.element.append(head, this.log, this.said, this.end);
    this.bin.on(this.stop, 'click', stopped);
    this.bin.add(
      state.subscribe((topic) => {
        if (topic === 'work' || topic === 'kernel') this.draw();
      }),
    );
    this.bin.add(() => window.clearInterval(this.timer));
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  private draw(): void {
    const { work, isWorking, kernel } = this.state;
    this.element.hidden = work.state === 'none';
    window.clearInterval(this.timer);
    const going = isWorking && kernel === 'ready';
    if (going) this.timer = window.setInterval(() => this.tick(), 1000);
    this.tick();
    this.title.className = going ? 'mam-progress' : '';
    this.title.textContent = readable(titleOf(work, kernel === 'gone'));
    this.stop.hidden = !isWorking;
    this.stop.disabled = work.state === 'stopping' || kernel === 'gone';
    this.stop.textContent = work.state === 'stopping' ? 'Stopping…' : 'Stop';
    this.drawLog(work);
    this.end.replaceChildren(...outcomeOf(work));
  }

  private drawLog({ lines }: DeployWork): void {
    const { log } = this;
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    log.replaceChildren(
      ...lines.map(({ at, text }) =>
        h(
          'li',
          {},
          h('span', { class: 'mam-count' }, elapsed(at)),
          h('span', {}, ...linked(readable(text.replace(CLOCK, '')))),
        ),
      ),
    );
    log.hidden = lines.length === 0;
    if (atEnd) log.scrollTop = log.scrollHeight;
    this.said.textContent = readable(lines[lines.length - 1]?.text ?? '');
  }

  private tick(): void {
    const { started, seconds, state } = this.state.work;
    if (state === 'none') return;
    this.clock.textContent = elapsed(seconds ?? (Date.now() - started) / 1000);
  }
}

/** The studio's pages can be opened from the log; any other address in it is text. */
const STUDIO = /(https:\/\/ml\.azure\.(?:com|us|cn)\/[^\s"'<>]*)/;

function linked(text: string): (Node | string)[] {
  const parts = text.split(STUDIO);
  return parts.map((part, i) => (i % 2 === 1 ? studioLink(part, part, 'Open in the studio') : part));
}

function titleOf({ state, title }: DeployWork, gone: boolean): string {
  if (state === 'done') return `Deployed ${title}`;
  if (state === 'failed') return `Not deployed: ${title}`;
  if (state === 'refused') return `Not begun: ${title}`;
  return gone ? `The kernel went away while deploying ${title}` : `Deploying ${title}`;
}

function outcomeOf({ state, failure, findings, reference }: DeployWork): HTMLElement[] {
  const found = findings.length > 0 && state !== 'none' ? [findingList(findings)] : [];
  const does = reference.startsWith('batch:') ? 'takes files' : 'answers';
  if (state === 'done') return [...found, h('p', { class: 'mam-good' }, `✓ ${readable(reference)} ${does}`)];
  if (state === 'refused') {
    const why = 'The check found what will fail. Mend it, or tick “deploy all the same”.';
    return [h('p', { class: 'mam-bad', role: 'alert' }, `✗ ${why}`), ...found];
  }
  return failure ? [failureNote(failure), ...found] : found;
}

/** What a check found, the worst first; each with what mends it. */
export function findingList(findings: readonly CheckFinding[]): HTMLElement {
  const order = ['bad', 'warn', 'info', 'good'];
  const sorted = [...findings].sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  return h(
    'ul',
    { class: 'mam-findings', 'aria-label': 'What the check found' },
    ...sorted.map(({ level, what, fix }) =>
      h(
        'li',
        { class: `mam-finding mam-finding-${level}` },
        h('span', { 'aria-hidden': 'true' }, MARKS[level]),
        h(
          'span',
          {},
          readable(what),
          fix ? h('span', { class: 'mam-note' }, ' mend it: ') : null,
          fix ? h(COMMAND.test(fix) ? 'code' : 'span', {}, readable(fix)) : null,
        ),
      ),
    ),
  );
}
