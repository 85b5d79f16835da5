import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Ask } from '../src/views/ask';
import { compareTab } from '../src/views/compare/tab';
import { ExplorerState } from '../src/views/state';
import type { Part } from '../src/views/tabs';
import { byText } from './fakes';
import { infoOf, rowsToRuns, sweep } from './runs';

const rows = sweep(30);
let state: ExplorerState;
let asked: { name: string; args: { run_ids: string[]; baseline: string } }[];
let part: Part;

beforeEach(() => {
  vi.useFakeTimers();
  state = new ExplorerState(rowsToRuns(rows), infoOf(rows));
  asked = [];
  const ask: Ask = (name, args) => {
    asked.push({ name, args: args as { run_ids: string[]; baseline: string } });
    return { answer: new Promise(() => {}), cancel: () => {} };
  };
  const spec = compareTab(state, ask);
  state.set('tab', 'compare');
  part = spec.make();
  document.body.replaceChildren(part.element);
});
afterEach(() => {
  part.destroy();
  vi.useRealTimers();
});

const tick = (count: number) => {
  state.setTicked(Array.from({ length: count }, (_, i) => i));
  vi.runAllTimers();
};

describe('the compare tab', () => {
  it('invites to tick runs while fewer than two are', () => {
    expect(part.element.textContent).toContain('Tick 2 to 20 runs');
    byText<HTMLButtonElement>(part.element, 'button', 'Tick the first 5 of the table').click();
    vi.runAllTimers();
    expect(asked[0]).toMatchObject({ name: 'compare', args: { run_ids: state.tickedIds() } });
    expect(compareTab(state, vi.fn() as never).title()).toBe('Compare 5');
  });

  it('has the baseline first, ticked or not, and asks again when it changes', () => {
    state.set('baseline', 'id9');
    tick(2);
    expect(asked.at(-1)?.args).toMatchObject({ run_ids: ['id9', 'id0', 'id1'], baseline: 'id9' });
    state.set('baseline', 'id1');
    vi.runAllTimers();
    expect(asked.at(-1)?.args).toMatchObject({ run_ids: ['id1', 'id0'], baseline: 'id1' });
  });

  it('says how many are left out of more than twenty', () => {
    tick(25);
    expect(asked.at(-1)?.args.run_ids).toHaveLength(20);
    expect(part.element.textContent).toContain(
      '25 runs are ticked: the first 20 are side by side, 5 are left out',
    );
  });

  it('asks nothing while another tab is open, nor twice the same', () => {
    tick(3);
    tick(3);
    state.set('tab', 'table');
    tick(4);
    expect(asked).toHaveLength(1);
  });
});
