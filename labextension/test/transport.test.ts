import type { AnyModel } from '@anywidget/types';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { failureOf } from '../src/views/ask';
import { BUSY, openTransport, type Transport } from '../src/widgets/transport';
import { FakeModel } from './fakes';

let model: FakeModel;
let transport: Transport;

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel({});
  transport = openTransport(model as unknown as AnyModel);
});
afterEach(() => vi.useRealTimers());

describe('transport', () => {
  it('answers go to the question with their id', async () => {
    const one = transport.ask('invoke', { name: 'a' });
    const two = transport.ask('invoke', { name: 'b' });
    const [first, second] = model.sent;
    model.fire('msg:custom', { id: second.id, kind: 'reply', result: { of: 'b' }, error: null });
    model.fire('msg:custom', { id: first.id, kind: 'reply', result: { of: 'a' }, error: null });
    expect(await one.answer).toEqual({ of: 'a' });
    expect(await two.answer).toEqual({ of: 'b' });
  });

  it('says that the kernel is busy when nothing at all comes back', () => {
    const heard: string[] = [];
    transport.ask('invoke', {}, (message) => heard.push(message)).answer.catch(() => undefined);
    vi.advanceTimersByTime(1499);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(heard).toEqual([BUSY]);
  });

  it('does not say so after any progress', () => {
    const heard: string[] = [];
    transport.ask('deploy', {}, (message) => heard.push(message)).answer.catch(() => undefined);
    model.fire('msg:custom', { id: model.sent[0].id, kind: 'progress', message: 'starting' });
    vi.advanceTimersByTime(5000);
    expect(heard).toEqual(['starting']);
  });

  it.each([
    ['copy_as_python', 30_000],
    ['invoke', 30_000],
    ['register', 600_000],
    ['deploy', 600_000],
  ] as const)('%s times out and tells the kernel to give up', async (name, patience) => {
    const failed = transport.ask(name, {}).answer.catch(failureOf);
    vi.advanceTimersByTime(patience - 1);
    expect(model.sent.length).toBe(1);
    vi.advanceTimersByTime(2);
    expect((await failed) as object).toMatchObject({ code: 'timeout' });
    expect(model.sent[1]).toMatchObject({ name: 'cancel', args: { request: model.sent[0].id } });
  });

  it('cancel settles at once, and a late reply changes nothing', async () => {
    const question = transport.ask('deploy', {});
    const failed = question.answer.catch(failureOf);
    question.cancel();
    question.cancel();
    model.fire('msg:custom', { id: model.sent[0].id, kind: 'reply', result: {}, error: null });
    expect((await failed) as object).toMatchObject({ code: 'cancelled' });
    expect(model.sent.length).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a refusal carries code, message and hint', async () => {
    const failed = transport.ask('register', {}).answer.catch(failureOf);
    model.refuse('no model', 'log one');
    expect(await failed).toEqual({ code: 'x', message: 'no model', hint: 'log one' });
  });

  it('ignores what is not meant for it', () => {
    for (const odd of [null, 3, 'reply', {}, { kind: 'reply', id: 'unknown', result: null, error: null }]) {
      model.fire('msg:custom', odd);
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('close gives up what is under way and stops listening', async () => {
    const failed = transport.ask('deploy', {}).answer.catch(failureOf);
    transport.close();
    expect((await failed) as object).toMatchObject({ code: 'closed' });
    expect(model.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells when the kernel has gone, and when it is heard of again', async () => {
    const heard: boolean[] = [];
    transport.close();
    transport = openTransport(model as unknown as AnyModel, (alive) => heard.push(alive));
    const send = vi.spyOn(model, 'send').mockImplementation(() => {
      throw new Error('Cannot send');
    });
    const failed = transport.ask('invoke', {}).answer.catch(failureOf);
    expect(await failed).toMatchObject({ code: 'gone', hint: 'run the cell again' });
    expect(heard).toEqual([false]);
    send.mockRestore();
    model.fire('comm_live_update'); // a kernel that was restarted, or a line that was mended
    await vi.advanceTimersByTimeAsync(2000);
    expect(model.sent.at(-1)).toMatchObject({ name: 'cancel' });
    model.answer({});
    expect(heard).toEqual([false, true]);
    transport.close();
    expect(model.listeners + vi.getTimerCount()).toBe(0);
  });
});
