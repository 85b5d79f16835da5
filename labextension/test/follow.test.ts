import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type Ask, AskError } from '../src/views/ask';
import { Follower, GONE } from '../src/views/follow';
import { ExplorerState } from '../src/views/state';
import { countListeners } from './fakes';
import { infoOf, rowsToRuns, sweep } from './runs';

const rows = sweep(20);
let state: ExplorerState;
let follower: Follower;
let asked: number;
let answer: () => Promise<unknown>;
let seen: (visible: boolean) => void;
let shown: DocumentVisibilityState;

const ask = (() => {
  asked += 1;
  return { answer: answer(), cancel: () => {} };
}) as unknown as Ask;
const nothing = async () => ({ changed: 0, removed: 0, live: true });
const something = async () => ({ changed: 2, removed: 0, live: true });
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

function follow(live: boolean): void {
  state = new ExplorerState(rowsToRuns(rows), infoOf(rows, { live }));
  follower = new Follower(state, ask, document.createElement('div'));
}

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  answer = nothing;
  shown = 'visible';
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => shown });
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      constructor(callback: (entries: object[]) => void) {
        seen = (isIntersecting) => callback([{ isIntersecting }]);
      }
      observe(): void {}
      disconnect(): void {}
    },
  );
});
afterEach(() => {
  follower.destroy();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('following', () => {
  it('asks nothing when no run is running, but for Refresh', async () => {
    follow(false);
    await pass(600);
    expect(asked).toBe(0);
    follower.element.querySelector<HTMLElement>('[aria-label^=Refresh]')!.click();
    await pass(3);
    expect(asked).toBe(1);
    expect(follower.element.textContent).toContain('updated');
  });

  it('asks less and less while nothing changes, a minute apart at most, and soon again after a change', async () => {
    follow(true);
    await pass(5.1);
    expect(asked).toBe(1);
    await pass(7.6);
    expect(asked).toBe(2);
    await pass(600);
    const slow = asked;
    expect(slow).toBeLessThan(18);
    answer = something;
    while (asked === slow) await pass(1);
    await pass(11);
    expect(asked).toBe(slow + 3);
  });

  it('stops when the last run has ended', async () => {
    follow(true);
    await pass(6);
    state.setRuns(state.runs, infoOf(rows, { live: false }));
    await pass(600);
    expect(asked).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits while nobody looks: scrolled away, in another tab, or paused', async () => {
    follow(true);
    seen(false);
    await pass(600);
    seen(true);
    shown = 'hidden';
    document.dispatchEvent(new Event('visibilitychange'));
    await pass(600);
    shown = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    follower.element.querySelector<HTMLElement>('[aria-label^=Pause]')!.click();
    await pass(600);
    expect(asked).toBe(0);
    expect(follower.element.textContent).toContain('paused');
    follower.element.querySelector<HTMLElement>('[aria-label^=Follow]')!.click();
    await pass(6);
    expect(asked).toBe(1);
  });

  it('waits for the first run', async () => {
    state = new ExplorerState(rowsToRuns([]), infoOf([]));
    follower = new Follower(state, ask, document.createElement('div'));
    await pass(6);
    expect(asked).toBe(1);
  });
});

describe('trouble', () => {
  it('of the store is said once with its time, tried again, and forgotten when it is over', async () => {
    follow(false);
    answer = () => Promise.reject(new AskError({ code: 'store', message: 'no <b>answer</b>', hint: null }));
    vi.setSystemTime(Date.UTC(2026, 10, 21, 14, 3, 9));
    follower.soon();
    await pass(0.1);
    expect(follower.notice.textContent).toContain('Since 14:03:09 UTC');
    expect(follower.notice.textContent).toContain('no <b>answer</b>');
    await pass(300);
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(9);
    expect(follower.notice.textContent).toContain('Since 14:03:09 UTC');
    answer = nothing;
    await pass(61);
    expect(follower.notice.hidden).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of the kernel is said, and nothing more is asked', async () => {
    follow(true);
    state.setKernel('gone');
    expect(follower.notice.textContent).toBe(GONE);
    await pass(600);
    expect(asked).toBe(0);
    state.setKernel('ready');
    expect(follower.notice.hidden).toBe(true);
  });
});

it('leaves no timer and no listener behind', () => {
  const listeners = countListeners();
  follow(true);
  follower.destroy();
  expect(listeners()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
