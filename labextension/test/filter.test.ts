import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { completionAt } from '../src/views/filter/completion';
import { FilterBox } from '../src/views/filter/filterbox';
import { asQuery, piecesOf } from '../src/views/filter/pieces';
import { ExplorerState } from '../src/views/state';
import { countListeners } from './fakes';
import { infoOf, type RunRow, rowsToRuns, sweep } from './runs';

const rows: RunRow[] = sweep(40).map((row, i) => ({
  ...row,
  params: { ...row.params, 'batch size': String(2 ** (i % 3)), 'a`b': 'x' },
  tags: { team: ['red', "it's <b>", 'blue'][i % 3] },
}));

let state: ExplorerState;
let box: FilterBox;
let input: HTMLInputElement;

beforeEach(() => {
  vi.useFakeTimers();
  state = new ExplorerState(rowsToRuns(rows), infoOf(rows));
  box = new FilterBox(state);
  document.body.replaceChildren(box.element);
  input = box.element.querySelector('input')!;
  input.focus();
});
afterEach(() => {
  box.destroy();
  vi.useRealTimers();
});

function type(text: string): void {
  input.value = text;
  input.setSelectionRange(text.length, text.length);
  input.dispatchEvent(new Event('input'));
  vi.advanceTimersByTime(200);
}

function press(...keys: string[]): void {
  for (const key of keys)
    input.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
}

const options = () =>
  [...box.element.querySelectorAll('[role=option] > span')].map((option) => option.textContent);
const chips = () => [...box.element.querySelectorAll('.mam-chip-text')].map((chip) => chip.textContent);
const wrong = () => box.element.querySelector<HTMLElement>('.mam-wrong')!;

describe('completion', () => {
  const at = (text: string) => completionAt(text, state.runs).options.map(({ insert }) => insert);

  it.each([
    ['r2', ['metrics.r2 ']],
    ['ms', ['metrics.rmse ']],
    ['metrics.rm', ['metrics.rmse ']],
    ['params.`bat', ['params.`batch size` ']],
    ['batch', ['params.`batch size` ']],
    ["params.model = '", ["'enet'", "'rf'"]],
    ['params.model IN (', ["'enet'", "'rf'"]],
    ["params.model IN ('rf', 'e", ["'enet'"]],
    ['params.depth = ', ['1', '2', '3', '4']],
    ["tags.team = 'i", ["'it''s <b>'"]],
    ['metrics.rmse > ', ['50', '69']],
    ["params.model = 'rf' a", ['AND ']],
    ["params.model = 'rf' ", []],
    ["params.model = 'rf' AND NOT (metrics.r", ['metrics.rmse ', 'metrics.r2 ']],
    ['params.model IS ', ['NULL ', 'NOT NULL ']],
    ['params.model NOT l', ['LIKE ']],
    ['nothing.like = ', []],
    ["~ 'fo", []],
  ])('%s', (text, wanted) => {
    expect(at(text).sort()).toEqual([...wanted].sort());
  });

  it('offers operators that fit the type', () => {
    expect(at('metrics.rmse ')[0]).toBe('< ');
    expect(at('params.model ')[0]).toBe('= ');
    expect(at('metrics.rmse ')).not.toContain('LIKE ');
  });

  it('is moved through by keys, taken by Enter, and never takes Enter unasked', () => {
    type('rms');
    expect(options()).toEqual(['rmse', 'rms']);
    press('ArrowDown');
    expect(input.getAttribute('aria-activedescendant')).toBe(
      box.element.querySelector('[aria-selected=true]')?.id,
    );
    press('Enter');
    expect(input.value).toBe('metrics.rmse ');
    expect(options()[0]).toBe('<');
    type('metrics.rmse < 55');
    press('Enter');
    expect(chips()).toEqual(['rmse < 55']);
  });

  it('gives Tab the first, but nothing in place of a number', () => {
    type('rms');
    press('Tab');
    expect(input.value).toBe('metrics.rmse ');
    press('Tab');
    expect(input.value).toBe('metrics.rmse < ');
    const leaves = (text: string, more: object = {}) => {
      type(text);
      expect(options().length).toBeGreaterThan(0);
      const event = new KeyboardEvent('keydown', { key: 'Tab', bubbles: true, cancelable: true, ...more });
      return input.dispatchEvent(event) && input.value === text;
    };
    expect(leaves('metrics.rmse < 5')).toBe(true);
    expect(leaves('rms', { shiftKey: true })).toBe(true);
    expect(leaves('')).toBe(true);
  });

  it('closes with Escape before anything else is undone', () => {
    type('metrics.rmse <');
    expect(input.getAttribute('aria-expanded')).toBe('true');
    press('Escape');
    expect([input.value, input.getAttribute('aria-expanded')]).toEqual(['metrics.rmse <', 'false']);
    press('Escape');
    expect(input.value).toBe('');
  });

  it('is taken by a click, and shows values as text', () => {
    type('tags.team = ');
    expect(box.element.querySelector('b')).toBeNull();
    box.element.querySelectorAll<HTMLElement>('[role=option]')[1].click();
    vi.advanceTimersByTime(200);
    expect(input.value).toBe("tags.team = 'it''s <b>'");
    expect(state.shown.length).toBe(13);
  });
});

describe('words that are no query', () => {
  const as = (text: string) => asQuery(text, state.runs);

  it.each([
    ['forest', "~ 'forest'"],
    ['forest  wine', "~ 'forest wine'"],
    ['forest depth=2', "~ 'forest' AND params.depth = 2"],
    ['model=rf', "params.model = 'rf'"],
    ['rmse<55 r2>0.1', 'metrics.rmse < 55 AND metrics.r2 > 0.1'],
    ['me@host:5 <b', 'me@host:5 <b'],
    ['rmse < ', 'rmse <'],
    ['metrics.rmse > 1 AND', 'metrics.rmse > 1 AND'],
    ["params.model = 'rf'", "params.model = 'rf'"],
  ])('%s', (text, wanted) => expect(as(text)).toBe(wanted));

  it('are looked for as they are typed, unless they may become a name', () => {
    type('run-3');
    expect(state.query).toBe("~ 'run-3'");
    expect(state.shown.length).toBe(10); // run-3 is called otherwise
    type('mod');
    expect(state.query).toBe('');
    press('Enter');
    expect(chips()).toEqual(['“mod”']);
    expect(state.shown.length).toBe(0);
  });
});

describe('chips', () => {
  it('are the conjuncts of the query, the two ends of a range one', () => {
    expect(
      piecesOf("metrics.rmse >= 52 AND metrics.rmse < 60 AND (a = 1 OR b = 2) AND ~ 'x'", state.runs)?.map(
        ({ label }) => label,
      ),
    ).toEqual(['52 ≤ rmse < 60', '(a = 1 OR b = 2)', '“x”']);
    state.setQuery('(metrics.rmse <= 52 OR metrics.rmse >= 60)');
    expect(chips()[0]).toMatch(/^rmse .*52.* or .*60/);
    state.setQuery("metrics.rmse >= 52 AND metrics.rmse <= 60 AND params.model = 'rf'");
    expect(chips()).toEqual(['52 ≤ rmse ≤ 60', "model = 'rf'"]);
    expect(input.value).toBe('');
  });

  it('go with ×, come back into the box with a click or Backspace', () => {
    state.setQuery("metrics.rmse >= 52 AND params.model = 'rf' AND ~ 'run'");
    box.element.querySelector<HTMLElement>('.mam-chip-x')!.click();
    expect(state.query).toBe("params.model = 'rf' AND ~ 'run'");
    press('Backspace');
    expect([chips(), input.value]).toEqual([["model = 'rf'"], 'run']);
    box.element.querySelector<HTMLElement>('.mam-chip-text')!.click();
    expect([chips(), input.value]).toEqual([['“run”'], "params.model = 'rf'"]);
    type("params.model = 'rf' OR rmse < 55");
    expect(state.query).toBe("~ 'run' AND (params.model = 'rf' OR rmse < 55)");
    box.element.querySelector<HTMLElement>('[aria-label="Clear the filter"]')!.click();
    expect([chips(), state.query]).toEqual([[], '']);
  });

  it('keep the brackets of what stands beside others', () => {
    state.setQuery('(rmse < 55) OR (r2 > 0.5)');
    type('params.depth = 1');
    expect(state.query).toBe('((rmse < 55) OR (r2 > 0.5)) AND params.depth = 1');
  });

  it('come and go with the brushes of others, and leave what is typed to its box', () => {
    type('metrics.rmse < 60');
    state.setQuery('metrics.r2 > 0.5');
    expect([chips(), input.value]).toEqual([['r2 > 0.5'], '']);
  });
});

describe('mistakes', () => {
  it('are told under the word, but not while half a condition is typed', () => {
    state.setQuery("params.model = 'rf'");
    type('metrics.rmse <');
    expect(wrong().hidden).toBe(true);
    press('Escape', 'Enter');
    expect(wrong().hidden).toBe(false);
    expect(wrong().textContent).toContain('expected a number');
    type('metrics.rsme < 3');
    expect(box.element.querySelector('.mam-wrong-word')?.textContent).toBe('metrics.rsme');
    expect(wrong().textContent).toContain('did you mean metrics.rmse?');
    expect(state.shown.length).toBe(14);
    expect(wrong().textContent).toContain("Still: params.model = 'rf'");
    expect(chips()).toEqual(["model = 'rf'"]);
  });

  it('are told after a click elsewhere, not under it', () => {
    const pointer = (name: string) => document.body.dispatchEvent(new Event(name, { bubbles: true }));
    type('metrics.rmse <');
    pointer('pointerdown');
    input.blur();
    expect(wrong().hidden).toBe(true);
    pointer('pointerup');
    expect(wrong().hidden).toBe(true);
    vi.advanceTimersByTime(1);
    expect(wrong().hidden).toBe(false);
  });

  it('are told at once when a key takes the focus away', () => {
    type('metrics.rmse <');
    input.blur();
    expect(wrong().hidden).toBe(false);
    expect(wrong().textContent).toContain('Still: no filter');
  });
});

it('remembers queries', () => {
  for (const query of ['metrics.rmse < 55', 'run', 'metrics.rmse < 55']) {
    type(query);
    press('Enter');
    box.element.querySelector<HTMLElement>('[aria-label="Clear the filter"]')!.click();
  }
  press('ArrowUp');
  expect(state.query).toBe('metrics.rmse < 55');
  press('ArrowUp');
  expect(state.query).toBe("~ 'run'");
  press('ArrowUp', 'ArrowDown');
  expect(state.query).toBe('metrics.rmse < 55');
});

it('leaves no listener behind', () => {
  const listeners = countListeners();
  const other = new FilterBox(state);
  other.destroy();
  expect(listeners()).toBe(0);
});
