import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { CONTRACT_VERSION, type ComparedRow, type ComparisonInfo } from '../src/contract';
import comparison from '../src/widgets/comparison';
import { byText, FakeModel } from './fakes';

const EVIL = '<img src=x onerror=alert(1)>';
const row = (key: string, values: (string | null)[], over: Partial<ComparedRow> = {}): ComparedRow => ({
  key,
  values,
  differs: new Set(values).size > 1,
  deltas: [],
  tones: [],
  note: '',
  path: '',
  steps: [],
  ...over,
});
const INFO: ComparisonInfo = {
  contract: CONTRACT_VERSION,
  baseline: 'a',
  metrics_at: 'last',
  notes: [],
  runs: [
    { run_id: 'a', name: 'one', status: 'FINISHED', started: '2026-11-21T05:14:00Z', deleted: false },
    { run_id: 'b', name: EVIL, status: 'FAILED', started: null, deleted: true },
    { run_id: 'c', name: 'three', status: 'RUNNING', started: null, deleted: false },
  ],
  sections: [
    {
      title: 'Metrics',
      rows: [
        row('rmse', ['57.9', '56.0', '60.1'], {
          deltas: ['', '−1.9 (−3.2 %)', '+2.2 (+3.8 %)'],
          tones: ['none', 'better', 'worse'],
        }),
        row('n', ['10', '10', '10'], { deltas: ['', '0', '0'], tones: ['none', 'same', 'same'] }),
      ],
    },
    { title: 'Tags', rows: [row('note', [`long ${'word '.repeat(40)}`, null, null])] },
    {
      title: 'Artifacts',
      rows: [
        row('notes.txt', ['9 B', '9 B', null], { path: 'notes.txt' }),
        row('plots/roc', ['2 images', '2 images', '1 image'], { path: 'plots/roc', steps: [0, 10] }),
      ],
    },
  ],
};

let el: HTMLElement;
let model: FakeModel;
let clean: () => void;

function render(info = INFO): void {
  el = document.createElement('div');
  document.body.replaceChildren(el);
  model = new FakeModel({ _comparison: info, differences_only: false });
  clean = comparison.render({ model, el } as never) as () => void;
}

const button = (name: string) => byText<HTMLButtonElement>(el, 'button', name);
const lastAsked = () => model.sent[model.sent.length - 1];
const settled = () => new Promise((resolve) => setTimeout(resolve));

function file(run_id: string, over: object = {}): object {
  const plain = { kind: 'text', size: 9, read: 9, equal: run_id === 'a', type: '', buffer: -1, note: '' };
  return { run_id, ...plain, ...over };
}

beforeEach(() => {
  Element.prototype.scrollIntoView = () => {};
  render();
});
afterEach(() => clean());

describe('side by side', () => {
  it('shows each section, and a name as text', () => {
    const titles = [...el.querySelectorAll('.mam-section')].map((line) => line.textContent);
    expect(titles).toEqual(['Metrics', 'Tags', 'Artifacts']);
    expect(el.querySelector('img')).toBeNull();
    expect(el.textContent).toContain(EVIL);
    expect(el.textContent).toContain('deleted · failed');
    expect(el.querySelector('.mam-count')?.textContent).toBe('4 of 5 rows differ');
  });

  it('says of each run better and worse in words, not by colour alone', () => {
    const deltas = [...el.querySelectorAll('.mam-delta')].map((cell) => cell.textContent);
    expect(deltas.slice(0, 2)).toEqual(['↓−1.9 (−3.2 %) better', '↑+2.2 (+3.8 %) worse']);
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
    expect(el.textContent).toContain('1 equal row hidden');
    const keys = [...el.querySelectorAll('tbody th[scope=row]')].map((cell) => cell.textContent);
    expect(keys).toEqual(['rmse', 'note', 'notes.txt', 'plots/roc']);
  });

  it('asks for another baseline and keeps the focus on its button', async () => {
    const base = el.querySelector<HTMLButtonElement>('[data-base=b]')!;
    base.focus();
    base.click();
    const args = { run_ids: ['a', 'b', 'c'], baseline: 'b', metrics_at: 'last' };
    expect(lastAsked()).toMatchObject({ name: 'compare', args });
    model.answer({ ...INFO, baseline: 'b' });
    await settled();
    const pressed = el.querySelector<HTMLElement>('[aria-pressed=true]')!;
    expect(pressed.dataset.base).toBe('b');
    expect(document.activeElement).toBe(pressed);
  });

  it('asks for the metrics at a step', () => {
    const at = el.querySelector('select')!;
    at.value = 'step';
    at.dispatchEvent(new Event('change'));
    const step = el.querySelector<HTMLInputElement>('input[type=number]')!;
    expect(step.hidden).toBe(false);
    step.value = '12';
    step.dispatchEvent(new Event('change'));
    expect(lastAsked().args).toMatchObject({ metrics_at: 'step:12' });
  });

  it('says why the kernel refused, and asks again', async () => {
    el.querySelector<HTMLButtonElement>('[data-base=b]')!.click();
    model.refuse('the store does not answer', 'is it running?');
    await settled();
    expect(el.querySelector('[role=alert]')?.textContent).toContain('the store does not answer');
    button('Try again').click();
    expect(model.sent).toHaveLength(2);
  });

  it('draws some of many rows, and the rest when asked', () => {
    clean();
    const rows = Array.from({ length: 800 }, (_, i) => row(`p${i}`, ['1', String(i + 2), '3']));
    render({ ...INFO, sections: [{ title: 'Parameters', rows }] });
    expect(el.querySelectorAll('tbody th[scope=row]')).toHaveLength(667);
    button('Show 133 more').click();
    expect(el.querySelectorAll('tbody th[scope=row]')).toHaveLength(800);
  });

  it('leaves nothing behind', () => {
    button('notes.txt').click();
    clean();
    expect(model.listeners).toBe(0);
    expect(el.childNodes.length).toBe(0);
  });
});

describe('a file of several runs', () => {
  it('shows what changed, with long equal stretches folded', async () => {
    button('notes.txt').click();
    expect(lastAsked()).toMatchObject({
      name: 'artifact',
      args: { path: 'notes.txt', baseline: 'a', step: null },
    });
    const same = Array.from({ length: 40 }, (_, i) => ({ state: 'same', left: [`line ${i}`], right: [] }));
    model.answer({
      path: 'notes.txt',
      step: null,
      chosen: 'b',
      files: [
        file('a'),
        file('b', { note: 'the first 200.0 kB of 10.0 MB' }),
        file('c', { kind: 'missing' }),
      ],
      columns: [],
      rows: [...same, { state: 'changed', left: ['old'], right: [EVIL] }],
      note: '',
    });
    await settled();
    expect(el.querySelectorAll('.mam-lines tbody tr')).toHaveLength(1 + 3 + 1);
    expect(el.querySelector('.mam-lines .mam-new')?.textContent).toBe(EVIL);
    expect(el.textContent).toContain('the first 200.0 kB of 10.0 MB');
    button('⋯ 37 equal rows').click();
    expect(el.querySelectorAll('.mam-lines tbody tr')).toHaveLength(41);
    const other = el.querySelector<HTMLSelectElement>('.mam-artifact select')!;
    expect([...other.options].map((option) => option.text)).toEqual([EVIL, 'three (none)']);
    other.value = 'c';
    other.dispatchEvent(new Event('change'));
    expect(lastAsked().args).toMatchObject({ chosen: 'c' });
  });

  it('marks the cells of a table that changed', async () => {
    button('notes.txt').click();
    const rows = [{ state: 'changed', left: ['1', 'x'], right: ['1', 'y'] }];
    model.answer({
      path: 'n',
      step: null,
      chosen: 'b',
      files: [file('a'), file('b')],
      columns: ['id', 'v'],
      rows,
      note: '',
    });
    await settled();
    expect(el.querySelectorAll('.mam-cells .mam-new')).toHaveLength(1);
    expect(el.querySelector('.mam-cells .mam-new')?.textContent).toBe('x y');
  });

  it('shows pictures of checked types only, and gives them back', async () => {
    const made = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:1');
    const revoked = vi.spyOn(URL, 'revokeObjectURL').mockReturnValue();
    button('plots/roc').click();
    expect(lastAsked().args).toMatchObject({ path: 'plots/roc', step: 0 });
    const picture = (id: string, type: string, buffer: number) => file(id, { kind: 'image', type, buffer });
    const files = [
      picture('a', 'image/png', 0),
      picture('b', 'image/svg+xml', 1),
      file('c', { note: 'no step 0' }),
    ];
    const { id } = lastAsked();
    const result = { path: 'plots/roc', step: 0, chosen: 'b', files, columns: [], rows: [], note: '' };
    const reply = { id, kind: 'reply', result, error: null };
    const bytes = [new DataView(new ArrayBuffer(4)), new DataView(new ArrayBuffer(4))];
    for (const handler of model.handlers.get('msg:custom')!)
      (handler as (...a: unknown[]) => void)(reply, bytes);
    await settled();
    expect(el.querySelectorAll('img')).toHaveLength(1);
    expect(made).toHaveBeenCalledTimes(1);
    expect(el.textContent).toContain('no step 0');
    const steps = el.querySelector<HTMLInputElement>('input[aria-label=Step][type=range]')!;
    steps.value = '1';
    steps.dispatchEvent(new Event('input'));
    expect(lastAsked().args).toMatchObject({ step: 10 });
    button('Close').click();
    expect(revoked).toHaveBeenCalledWith('blob:1');
  });
});

describe('is it noise?', () => {
  it('asks about the metric and says the verdict', async () => {
    button('Is it noise?').click();
    expect(lastAsked()).toMatchObject({ name: 'noise', args: { metric: 'rmse', baseline: 'a' } });
    const group = { repeats: '3 runs', n: 3, mean: 57.9, std: 0.2, difference: null, low: null, high: null };
    const found = { difference: -1.9, low: -2.4, high: -1.2, verdict: 'better', said: 'more than chance' };
    const groups = [
      { run_id: 'a', ...group, verdict: 'baseline', said: 'the baseline' },
      { run_id: 'b', ...group, ...found },
    ];
    model.answer({ metric: 'rmse', groups, method: 'bootstrap' });
    await settled();
    expect(el.querySelector('.mam-noise .mam-tone-better')?.textContent).toBe('more than chance');
    expect(el.querySelector('.mam-noise svg')?.getAttribute('aria-label')).toBe(
      '-1.9, between -2.4 and -1.2',
    );
  });
});
