import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CONTRACT_VERSION, type ListedVersion, type ModelsInfo, type VersionResult } from '../src/contract';
import models from '../src/widgets/models';
import { byText, countListeners, FakeModel } from './fakes';

const EVIL = '<img src=x onerror=alert(1)>';
const version = (name: string, number: number, over: Partial<ListedVersion> = {}): ListedVersion => ({
  name,
  version: String(number),
  stage: '',
  studio_stage: '',
  aliases: [],
  run_id: `run${number}`,
  created: `2026-11-2${number}T05:14:00+00:00`,
  status: 'READY',
  description: '',
  tags: {},
  metrics: { rmse: number / 8 },
  ...over,
});
const INFO: ModelsInfo = {
  contract: CONTRACT_VERSION,
  store: 'SQLite store',
  name: '',
  azure: false,
  models: [
    { name: 'beer', description: EVIL, tags: {} },
    { name: 'wine', description: 'white', tags: { owner: 'ann' } },
  ],
  versions: [
    version('beer', 1, { metrics: {} }),
    version('wine', 3, { aliases: ['champion'], tags: { team: EVIL } }),
    version('wine', 2, { stage: 'Production' }),
    version('wine', 1, { metrics: { rmse: null } }),
  ],
  total: 4,
  metrics: ['rmse'],
  targets: ['local', 'docker'],
};
const answerOf = (row: ListedVersion): VersionResult => ({
  row,
  thread: [
    { at: '2026-11-20T10:00:00+00:00', who: 'ann', what: 'stage', did: 'None → Staging', text: EVIL },
    { at: '2026-11-21T10:00:00+00:00', who: 'bob', what: 'comment', did: '', text: 'second' },
  ],
  run: {
    run_id: 'run3',
    name: 'bold-crane',
    experiment: 'e',
    user: 'ann',
    commit: '',
    link: 'javascript:alert(1)',
    gone: false,
  },
  link: '',
  source: 's3://x',
});

let el: HTMLElement;
let model: FakeModel;
let clean: () => void;

function render(info = INFO, over: Record<string, unknown> = {}): void {
  el = document.createElement('div');
  document.body.replaceChildren(el);
  model = new FakeModel({ _info: info, selected: '', search: '', tab: 'overview', ...over });
  clean = models.render({ model, el } as never) as () => void;
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const asked = (name: string) => model.sent.filter((request) => request.name === name);
function reply(name: string, result: object | null, error: object | null = null): void {
  const sent = asked(name);
  model.fire('msg:custom', { id: sent[sent.length - 1].id, kind: 'reply', result, error });
}
const rows = () =>
  [...el.querySelectorAll('.mam-versions tbody tr')].map((row) => row.firstElementChild?.textContent);
const button = (name: string) =>
  el.querySelector<HTMLButtonElement>(`button[aria-label="${name}"]`) ??
  byText<HTMLButtonElement>(el, 'button', name);
const tab = (name: string) =>
  [...el.querySelectorAll<HTMLElement>('[role=tab]')].find((one) => one.textContent?.startsWith(name))!;

beforeEach(() => render(INFO, { selected: 'wine:3' }));
afterEach(() => clean());

describe('the registry panel', () => {
  it('lists models, the versions of the chosen one, and every text as text', () => {
    expect([...el.querySelectorAll('[role=option] b')].map((one) => one.textContent)).toEqual([
      'beer',
      'wine',
    ]);
    expect(el.querySelector('[role=option][aria-selected=true] b')?.textContent).toBe('wine');
    expect(rows()).toEqual(['3', '2', '1']);
    expect(el.querySelector('.mam-versions tr[aria-selected=true] td')?.textContent).toBe('3');
    expect(el.querySelector('img')).toBeNull();
    expect(el.textContent).toContain(EVIL);
  });

  it('sorts by a column, what is missing last, and says so', () => {
    byText(el, '.mam-versions thead button span', 'rmse').click();
    expect(rows()).toEqual(['2', '3', '1']);
    byText(el, '.mam-versions thead button span', 'rmse').click();
    expect(rows()).toEqual(['3', '2', '1']);
    expect(el.querySelector('th[aria-sort=descending]')?.textContent).toContain('rmse');
  });

  it('goes through models and versions by arrow keys, and Python hears of it', () => {
    const list = el.querySelector<HTMLElement>('[role=listbox]')!;
    list.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }));
    expect(model.state.selected).toBe('beer');
    list.dispatchEvent(new KeyboardEvent('keydown', { key: 'End', bubbles: true }));
    const first = el.querySelector<HTMLElement>('.mam-versions tbody tr')!;
    first.focus();
    first.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
    expect(model.state.selected).toBe('wine:2');
    expect((document.activeElement as HTMLElement).dataset.version).toBe('wine:2');
    expect(model.saved).toBe(3);
  });

  it('searches names, tags, aliases, stages; and Python may set it', () => {
    model.set('search', 'champion');
    expect(rows()).toEqual(['3']);
    expect(el.querySelector('.mam-count')?.textContent).toBe('1 of 4 versions');
    model.set('search', 'PRODUCTION wine');
    expect(rows()).toEqual(['2']);
    model.set('search', 'nothing like it');
    button('Clear the search').click();
    expect(rows()).toEqual(['3', '2', '1']);
  });

  it('shows the version that was asked for last, its run without a link that acts', async () => {
    expect(asked('version').map(({ args }) => args)).toEqual([{ name: 'wine', version: '3' }]);
    reply('version', answerOf(INFO.versions[1]));
    await settled();
    expect(el.querySelector('[role=tabpanel]')?.textContent).toContain('bold-crane');
    expect(el.querySelector('[role=tabpanel] a')).toBeNull();
    const late = asked('version')[0].id;
    model.set('selected', 'wine:2');
    model.fire('msg:custom', { id: late, kind: 'reply', result: answerOf(INFO.versions[1]), error: null });
    await settled();
    expect(el.querySelector('.mam-version')?.getAttribute('aria-label')).toBe('wine version 2');
    expect(el.querySelector('[role=tabpanel]')?.textContent).not.toContain('bold-crane');
  });

  it('discusses: the newest last, and what is typed stays until it is kept', async () => {
    reply('version', answerOf(INFO.versions[1]));
    await settled();
    tab('Discussion 2').click();
    expect(model.state.tab).toBe('discussion');
    const said = [...el.querySelectorAll('.mam-thread li p')].map((one) => one.textContent);
    expect(said).toEqual([EVIL, 'second']);
    const box = el.querySelector<HTMLTextAreaElement>('.mam-thread textarea')!;
    box.value = 'third';
    button('Comment').click();
    await settled();
    expect(asked('edit_version')[0].args).toMatchObject({
      action: 'comment',
      name: 'wine',
      version: '3',
      value: 'third',
    });
    reply('edit_version', null, { code: 'x', message: 'the store is away', hint: null });
    await settled();
    expect(box.value).toBe('third');
    expect(el.querySelector('.mam-thread [role=alert]')?.textContent).toContain('the store is away');
    button('Comment').click();
    reply('edit_version', { message: 'the comment is kept', others: [] });
    await settled();
    expect(box.value).toBe('');
    expect(asked('version')).toHaveLength(2); // the thread is asked for anew, though the list has not changed
  });

  it('moves a stage with a reason, and offers to archive what is there', async () => {
    button('Stage None, change it').click();
    const select = el.querySelector<HTMLSelectElement>('.mam-edit select')!;
    const archive = el.querySelector<HTMLElement>('.mam-edit .mam-tick')!;
    expect(archive.hidden).toBe(true);
    select.value = 'Production';
    select.dispatchEvent(new Event('change'));
    expect(archive.hidden).toBe(false);
    expect(archive.textContent).toContain('Archive version 2');
    archive.querySelector('input')!.click();
    el.querySelector<HTMLTextAreaElement>('.mam-edit textarea')!.value = 'why not';
    button('Move').click();
    await settled();
    const args = { action: 'stage', value: 'Production', comment: 'why not', force: true };
    expect(asked('edit_version')[0].args).toMatchObject(args);
    reply('edit_version', { message: 'wine:3: None → Production', others: ['2'] });
    await settled();
    expect(el.querySelector('.mam-edit')).toBeNull();
    expect(el.querySelector('.mam-notice')?.textContent).toContain('Version 2 is there too.');
    button('Archive it').click();
    expect(asked('edit_version')[1].args).toMatchObject({ action: 'archive', version: '2' });
  });

  it('tells what fails after its form was closed', async () => {
    button('Stage None, change it').click();
    button('Move').click();
    document.body.dispatchEvent(new Event('pointerdown', { bubbles: true, composed: true }));
    expect(el.querySelector('.mam-edit')).toBeNull();
    reply('edit_version', null, { code: 'access', message: 'you may not', hint: null });
    await settled();
    expect(el.querySelector('.mam-notice')?.textContent).toContain('you may not');
  });

  it('deletes what is in use only after that was read and ticked', async () => {
    button('More actions').click();
    byText(el, '[role=menuitem] span', 'Delete…').click();
    button('Delete').click();
    await settled();
    expect(asked('edit_version')[0].args).toMatchObject({ action: 'delete', version: '3', force: false });
    reply('edit_version', null, {
      code: 'in_use',
      message: 'wine:3 is in use: the alias champion',
      hint: '--force',
    });
    await settled();
    const dialog = el.querySelector<HTMLElement>('.mam-edit')!;
    expect(dialog.textContent).toContain('the alias champion');
    expect(dialog.textContent).not.toContain('--force');
    button('Delete').click();
    await settled();
    expect(asked('edit_version')).toHaveLength(1); // not unticked
    dialog.querySelector<HTMLInputElement>('.mam-tick input')!.click();
    button('Delete').click();
    await settled();
    expect(asked('edit_version')[1].args).toMatchObject({ force: true });
    reply('edit_version', { message: 'wine:3 is deleted', others: [] });
    model.set('_info', { ...INFO, versions: INFO.versions.filter((one) => one.version !== '3'), total: 3 });
    await settled();
    expect(el.querySelector('.mam-version')?.getAttribute('aria-label')).toBe('wine version 2');
  });

  it('compares with the version in Production, and says what is likely to break', async () => {
    reply('version', answerOf(INFO.versions[1]));
    await settled();
    tab('Compare').click();
    expect(asked('compare_versions')[0].args).toEqual({ a: 'wine:2', b: 'wine:3' });
    const row = { name: 'pH', a: 'double', b: null, delta: '', risk: 'column pH is gone' };
    const sections = [
      { title: 'signature', same: 2, rows: [row] },
      { title: 'files', same: 3, rows: [] },
    ];
    reply('compare_versions', {
      a: 'wine:2',
      b: 'wine:3',
      sections,
      hints: ['column pH is gone'],
      notes: [],
    });
    await settled();
    expect(el.querySelector('.mam-hints')?.textContent).toContain('column pH is gone');
    expect(el.querySelector('.mam-risk')?.textContent).toBe('pHdouble–');
    expect(el.querySelector('.mam-against')?.textContent).toContain('The same in both: files.');
  });

  it('says how to begin where nothing is registered', () => {
    clean();
    render({ ...INFO, models: [], versions: [], total: 0 });
    expect(el.querySelector('.mam-start')?.textContent).toContain('%aml_register');
    expect(el.querySelector<HTMLElement>('.mam-models-body')?.hidden).toBe(true);
  });

  it('says that the kernel is gone, and offers nothing that needs it', () => {
    model.send = () => {
      throw new Error('closed');
    };
    button('Refresh').click();
    expect(el.querySelector('.mam-gone')?.textContent).toContain('run the cell again');
    expect(button('Register…').disabled).toBe(true);
  });

  it('leaves no listener behind', () => {
    clean();
    const live = countListeners();
    const before = live();
    render(INFO, { selected: 'wine:3', tab: 'discussion' });
    clean();
    expect(live()).toBe(before);
    expect(model.listeners).toBe(0);
    clean = () => {};
  });
});
