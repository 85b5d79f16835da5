/** The explorer's tab of ticked runs side by side. */
import type { Ask } from '../ask';
import { Bin, h } from '../dom';
import type { ExplorerState } from '../state';
import type { Part, TabSpec } from '../tabs';
import { ComparisonView } from './comparison';
import { plainButton } from './latest';

/** More columns nobody reads; the kernel refuses them. */
const MOST = 20;
/** Ticks settle so long before the kernel is asked, in ms. */
const SETTLE = 200;
/** Runs that the button of the empty tab ticks. */
const OFFERED = 5;

export function compareTab(state: ExplorerState, ask: Ask): TabSpec {
  const title = () => {
    const { ids, left } = comparedIds(state);
    return ids.length > 1 ? `Compare ${ids.length + left}` : 'Compare';
  };
  return { tab: 'compare', title, make: () => new CompareTab(state, ask) };
}

/** The ticked runs, the baseline first where one is set, and how many more are ticked than fit. */
function comparedIds(state: ExplorerState): { ids: string[]; left: number } {
  const { baseline } = state.view;
  const known = baseline && state.ticked.size > 0 && state.runs.ids.includes(baseline);
  const all = [...new Set([...(known ? [baseline] : []), ...state.tickedIds()])];
  return { ids: all.slice(0, MOST), left: Math.max(0, all.length - MOST) };
}

class CompareTab implements Part {
  readonly element = h('div');
  private readonly bin = new Bin();
  private readonly note = h('div', { class: 'mam-notes' });
  private readonly view: ComparisonView;
  private asked = '';
  private timer = 0;

  constructor(
    private readonly state: ExplorerState,
    ask: Ask,
  ) {
    // The pressed one again: none is chosen, which is the first.
    const baseline = (id: string) => state.set('baseline', id === state.view.baseline ? '' : id);
    this.view = new ComparisonView(
      ask,
      { baseline, differencesOnly: () => {} },
      () => state.metric?.info.name ?? '',
    );
    this.element.append(this.note, this.view.element);
    this.bin.add(() => this.view.destroy());
    this.bin.add(() => window.clearTimeout(this.timer));
    this.bin.add(
      state.subscribe((topic) => {
        if (topic === 'runs') this.asked = ''; // what ran may have gone on
        if (topic === 'ticked' || topic === 'baseline' || topic === 'tab' || topic === 'runs') this.later();
      }),
    );
    this.update();
  }

  destroy(): void {
    this.bin.empty();
  }

  private later(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.update(), SETTLE);
  }

  private update(): void {
    const { state } = this;
    if (state.view.tab !== 'compare') return;
    const { ids, left } = comparedIds(state);
    this.view.element.hidden = ids.length < 2;
    this.note.replaceChildren(
      ...(ids.length < 2 ? this.invitation(ids.length) : left > 0 ? [tooMany(left)] : []),
    );
    if (ids.length < 2) return;
    const baseline = ids.includes(state.view.baseline) ? state.view.baseline : ids[0];
    const question = [baseline, ...ids].join();
    if (question === this.asked) return;
    this.asked = question;
    this.view.askFor(ids, baseline);
  }

  private invitation(ticked: number): HTMLElement[] {
    const { state } = this;
    const text = `Tick 2 to ${MOST} runs in the table to set them side by side; ${ticked === 1 ? 'one is' : 'none is'} ticked.`;
    const count = Math.min(OFFERED, state.shown.length);
    const button = plainButton(`Tick the first ${count} of the table`);
    button.hidden = count < 2;
    button.onclick = () => state.setTicked(state.shown.slice(0, count));
    return [h('div', { class: 'mam-invite' }, h('p', {}, text), button)];
  }
}

function tooMany(left: number): HTMLElement {
  const text = `⚠ ${MOST + left} runs are ticked: the first ${MOST} are side by side, ${left} are left out.`;
  return h('p', { class: 'mam-warn' }, text);
}
