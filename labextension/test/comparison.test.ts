import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CONTRACT_VERSION, type ComparisonInfo } from '../src/contract';
import comparison from '../src/widgets/comparison';
import { FakeModel } from './fakes';

const EVIL = '<img src=x onerror=alert(1)>';
const INFO: ComparisonInfo = {
  contract: CONTRACT_VERSION,
  runs: [
    { run_id: 'a', name: 'one', status: 'FINISHED', started: '2026-11-21T05:14:00Z' },
    { run_id: 'b', name: EVIL, status: 'FAILED', started: null },
  ],
  sections: [
    {
      title: 'Metrics',
      rows: [
        { key: 'rmse', values: ['57.9', '56.0'], differs: true, delta: '−1.9 (−3.2 %)', tone: 'better' },
        { key: 'n', values: ['10', '10'], differs: false, delta: '0', tone: 'same' },
      ],
    },
    {
      title: 'Tags',
      rows: [
        { key: 'note', values: [`long ${'word '.repeat(40)}`, null], differs: true, delta: '', tone: 'none' },
      ],
    },
  ],
};

let el: HTMLElement;
let model: FakeModel;
let clean: () => void;

beforeEach(() => {
  el = document.createElement('div');
  document.body.replaceChildren(el);
  model = new FakeModel({ _comparison: INFO, differences_only: false });
  clean = comparison.render({ model, el } as never) as () => void;
});
afterEach(() => clean());

describe('side by side', () => {
  it('shows each section, and a name as text', () => {
    expect([...el.querySelectorAll('.mam-section')].map((row) => row.textContent)).toEqual([
      'Metrics',
      'Tags',
    ]);
    expect(el.querySelector('img')).toBeNull();
    expect(el.textContent).toContain(EVIL);
    expect(el.querySelector('.mam-count')?.textContent).toBe('2 of 3 lines differ');
  });

  it('says better and worse in words, not by colour alone', () => {
    const delta = el.querySelector('td.mam-delta')!;
    expect(delta.textContent).toBe('↓−1.9 (−3.2 %) better');
  });

  it('folds long values, and they open', () => {
    expect(el.querySelector('details pre')?.textContent).toContain('word word');
  });

  it('hides what is the same, and says how much', () => {
    const box = el.querySelector<HTMLInputElement>('input[type=checkbox]')!;
    box.checked = true;
    box.dispatchEvent(new Event('change'));
    expect(model.state.differences_only).toBe(true);
    expect(model.saved).toBe(1);
    expect(el.textContent).toContain('1 the same');
    expect([...el.querySelectorAll('tbody th[scope=row]')].map((cell) => cell.textContent)).toEqual([
      'rmse',
      'note',
    ]);
  });

  it('leaves nothing behind', () => {
    clean();
    expect(model.listeners).toBe(0);
    expect(el.childNodes.length).toBe(0);
  });
});
