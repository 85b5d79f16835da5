/** The panel of deployments against a model that stands in for the kernel. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  CONTRACT_VERSION,
  type DeploymentRow,
  type DeployWork,
  type EndpointsInfo,
  type SampleResult,
  type SendResult,
} from '../src/contract';
import { bodyOf, converted, gridOf } from '../src/views/endpoints/bodies';
import endpoints from '../src/widgets/endpoints';
import { byText, countListeners, FakeModel } from './fakes';

const EVIL = '<img src=x onerror=alert(1)>';

function row(name: string, over: Partial<DeploymentRow> = {}): DeploymentRow {
  const target = over.target ?? 'local';
  const [endpoint, deployment = ''] = target === 'local' ? [name] : name.split('/');
  return {
    ...{ name, endpoint, deployment, target, reference: `${target}:${name}`, state: 'running' },
    ...{ model: 'wine version 3', ref: 'wine@champion', url: 'http://127.0.0.1:5001', store: 'sqlite' },
    ...{ started: '2026-11-21T05:14:00+00:00', process: null, log: '', detail: '', traffic: null },
    ...{ shares: target === 'online', machine: '', cost: '', link: '', pointed: '' },
    ...over,
  };
}

const NOTHING: DeployWork = {
  ...{ number: 0, state: 'none', title: '', reference: '', started: 0, seconds: null },
  ...{ lines: [], findings: [], failure: null },
};
const ONLINE = [
  row('tasting/blue', { target: 'online', traffic: 90 }),
  row('tasting/green', { target: 'online', traffic: 10, model: EVIL, link: 'javascript:alert(1)' }),
];
const BODY = '{"dataframe_split": {"columns": ["acid", "kind"], "data": [[1.5, "red"], [2, "white"]]}}';
const SAMPLE: SampleResult = {
  fields: [
    {
      name: 'acid',
      kind: 'number',
      type: 'double',
      required: true,
      choices: [],
      minimum: 1,
      maximum: 2,
      value: 1.5,
    },
    {
      name: 'kind',
      kind: 'text',
      type: 'string',
      required: false,
      choices: ['red'],
      minimum: null,
      maximum: null,
      value: 'red',
    },
  ],
  params: [],
  rows: [
    [1.5, 'red'],
    [2, 'white'],
  ],
  ...{ body: BODY, azure: '{}', wire: 'mlflow', source: 'input example', note: '' },
};
const ANSWER: SendResult = {
  sides: [
    {
      name: 'wine',
      status: 200,
      first: 38.2,
      p50: 11.4,
      p95: 19.8,
      times: 20,
      by: { blue: 18, green: 2 },
      failure: null,
    },
  ],
  table: { columns: ['acid', 'prediction'], rows: [['1.5', EVIL]], total: 40 },
  summary: [],
  raw: '[1]',
};

let el: HTMLElement;
let model: FakeModel;
let clean: () => void;

function info(rows: DeploymentRow[], over: Partial<EndpointsInfo> = {}): EndpointsInfo {
  return {
    contract: CONTRACT_VERSION,
    store: 'a store',
    targets: ['local', 'online'],
    model: '',
    rows,
    notes: [],
    ...over,
  };
}

function render(rows: DeploymentRow[], over: Record<string, unknown> = {}): void {
  el = document.createElement('div');
  document.body.replaceChildren(el);
  model = new FakeModel({ _info: info(rows), _work: NOTHING, selected: '', tab: 'test', ...over });
  clean = endpoints.render({ model, el } as never) as () => void;
}

const settle = () => vi.advanceTimersByTimeAsync(1);
const asked = (name: string) => model.sent.filter((request) => request.name === name);
const button = (text: string) => byText<HTMLButtonElement>(el, 'button', text);

async function answer(result: object): Promise<void> {
  model.answer(result);
  await settle();
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  clean();
  vi.useRealTimers();
});

describe('the list', () => {
  it('shows deployments under their endpoint, text as text, and no link but https', () => {
    render([...ONLINE, row('wine', { state: 'failed', pointed: EVIL })]);
    const names = [...el.querySelectorAll('.mam-row-name')].map((one) => one.textContent);
    expect(names).toEqual(['tasting', 'blue', 'green', 'wine']);
    expect(el.querySelector('.mam-count')?.textContent).toBe('3 deployments');
    expect(el.querySelector('img')).toBeNull();
    expect(el.querySelector('a[href^="javascript"]')).toBeNull();
    expect(el.querySelector('.mam-pointed')?.textContent).toBe(EVIL);
    expect(el.querySelector('[role="img"]')?.getAttribute('aria-label')).toBe('blue 90 %, green 10 %');
  });

  it('is searched once it is long, and walked with the arrow keys', async () => {
    render(Array.from({ length: 12 }, (_, i) => row(`wine-${i}`)));
    const search = el.querySelector<HTMLInputElement>('[type="search"]')!;
    search.value = 'wine-11';
    search.dispatchEvent(new Event('input'));
    expect(el.querySelectorAll('.mam-row-name')).toHaveLength(1);
    search.value = '';
    search.dispatchEvent(new Event('input'));
    const first = button('wine-0');
    first.focus();
    first.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
    expect(model.state.selected).toBe('local:wine-1');
    expect(document.activeElement?.textContent).toBe('wine-1');
    expect(button('wine-1').getAttribute('aria-current')).toBe('true');
  });

  it('asks again while something changes, and stops when nothing does', async () => {
    render([row('tasting/blue', { target: 'online', state: 'changing' })]);
    await vi.advanceTimersByTimeAsync(3_100);
    expect(asked('endpoints')).toHaveLength(1);
    model.set('_info', info([row('tasting/blue', { target: 'online' })]));
    await answer({});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked('endpoints')).toHaveLength(1);
  });

  it('says how to begin, and that the kernel went away', async () => {
    render([]);
    expect(el.querySelector('.mam-start')?.textContent).toContain('%aml_deploy');
    model.send = () => {
      throw new Error('closed');
    };
    el.querySelector<HTMLButtonElement>('[aria-label="Refresh"]')!.click();
    await settle();
    expect(el.querySelector('.mam-notice')?.textContent).toContain('run the cell again');
    expect(button('New deployment…').disabled).toBe(true);
  });
});

describe('the test', () => {
  beforeEach(async () => {
    render([row('wine'), ...ONLINE], { selected: 'local:wine' });
    await answer(SAMPLE);
  });

  it('sends what the form holds and shows who answered, how quickly and what', async () => {
    const [acid, kind] = el.querySelectorAll<HTMLInputElement>('.mam-sample-row input');
    acid.value = '1.75';
    kind.value = '';
    button('Send').click();
    const { name, body, compare } = asked('send_request')[0].args as Record<string, string>;
    expect([name, compare]).toEqual(['local:wine', '']);
    expect(JSON.parse(body)).toEqual({
      dataframe_split: { columns: ['acid', 'kind'], data: [[1.75, null]] },
    });
    await answer(ANSWER);
    expect(el.querySelector('.mam-side')?.textContent).toBe(
      '✓ wine200 · first 38.2 ms, p50 11.4 ms, p95 19.8 ms (20 requests) · answered by blue 18×, green 2×',
    );
    expect(el.querySelector('.mam-answered td:last-child')?.textContent).toBe(EVIL);
    expect(el.textContent).toContain('the first 1 of 40 rows');
    expect(el.querySelector('img')).toBeNull();
  });

  it('marks what is no number and leaves it to the kernel to name the column', () => {
    const [acid] = el.querySelectorAll<HTMLInputElement>('.mam-sample-row input');
    acid.value = 'sour';
    button('Send').click();
    expect(acid.getAttribute('aria-invalid')).toBe('true');
    expect(JSON.parse(String(asked('send_request')[0].args.body)).dataframe_split.data).toEqual([
      ['sour', 'red'],
    ]);
  });

  it('adds the next rows of the example, and turns the form into either JSON and back', () => {
    button('+ Add a row').click();
    const radio = (value: string) => {
      const input = el.querySelector<HTMLInputElement>(`[type="radio"][value="${value}"]`)!;
      input.checked = true;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    };
    radio('azure');
    const json = el.querySelector<HTMLTextAreaElement>('.mam-json')!;
    expect(JSON.parse(json.value).input_data).toEqual({
      columns: ['acid', 'kind'],
      index: [0, 1],
      data: [
        [1.5, 'red'],
        [2, 'white'],
      ],
    });
    json.value = '{"input_data": [';
    radio('form');
    expect(el.querySelector('[role="alert"]')?.textContent).toContain('cannot be read');
    json.value = '{"input_data": {"columns": ["kind", "acid"], "index": [0], "data": [["rosé", 3]]}}';
    radio('form');
    const values = [...el.querySelectorAll<HTMLInputElement>('.mam-sample-row input')].map(
      ({ value }) => value,
    );
    expect(values).toEqual(['3', 'rosé']);
    radio('mlflow');
    json.value = '{"inputs": [[1]]}';
    radio('form');
    expect(el.querySelector('[role="alert"]')?.textContent).toContain('no table of rows');
    const data = Array.from({ length: 21 }, () => [1, 'red']);
    json.value = JSON.stringify({ dataframe_split: { columns: ['acid', 'kind'], data } });
    radio('form');
    expect(el.querySelector('[role="alert"]')?.textContent).toContain('21 rows'); // none is left out unsaid
  });
});

describe('traffic', () => {
  it('keeps the sum at 100 and asks for the change', async () => {
    render(ONLINE, { selected: 'online:tasting', tab: 'traffic' });
    const green = el.querySelector<HTMLInputElement>('[aria-label="Traffic of green, percent"]')!;
    expect(button('Apply').disabled).toBe(true);
    green.value = '35';
    green.dispatchEvent(new Event('input'));
    button('Apply').click();
    expect(asked('set_traffic')[0].args).toEqual({ name: 'online:tasting', shares: { blue: 65, green: 35 } });
    model.refuse('the endpoint is being changed', 'try again later');
    await settle();
    expect(el.querySelector('[role="alert"]')?.textContent).toContain('being changed');
    button('Roll back').click();
    expect(asked('roll_back')[0].args).toEqual({ name: 'online:tasting' });
  });
});

describe('a new deployment', () => {
  const CHOICES = {
    models: [{ name: 'wine', versions: [{ version: '3', aliases: ['champion'], stage: 'Production' }] }],
    ...{ machines: [{ name: 'Standard_DS3_v2', hint: 'about 0.29 USD an hour' }], computes: [], notes: [] },
  };
  const page = 'https://ml.azure.com/endpoints/realtime/wine/detail?wsid=1';
  const lines = [
    { at: 0, text: `its page: ${page} and https://evil.example/` },
    { at: 75, text: `building ${EVIL}` },
  ];
  const running: DeployWork = { ...NOTHING, number: 1, state: 'running', title: 'wine to online', lines };

  beforeEach(async () => {
    render([], { tab: 'new' });
    await answer(CHOICES);
  });

  it('asks for what the target has, and no more', () => {
    const online = el.querySelector<HTMLInputElement>('[type="radio"][value="online"]')!;
    online.checked = true;
    online.dispatchEvent(new Event('change', { bubbles: true }));
    el.querySelector<HTMLInputElement>('[name="port"]')!.value = '5000'; // out of sight now
    el.querySelector<HTMLInputElement>('[name="deployment"]')!.value = 'green';
    el.querySelector<HTMLInputElement>('[name="tags"]')!.value = 'team=wine, tested';
    button('Deploy').click();
    expect(asked('deploy_model')[0].args).toMatchObject({
      ...{ model: 'wine@champion', target: 'online', deployment: 'green', port: 0, isolated: false },
      ...{ tags: { team: 'wine', tested: '' }, force: false },
    });
  });

  it('never deploys another version than the one that was asked for', async () => {
    clean();
    render([], { tab: 'new', _info: { ...info([]), model: 'wine:9' } });
    await answer(CHOICES);
    button('Deploy').click();
    expect(asked('deploy_model')[0].args).toMatchObject({ model: 'wine:9' });
  });

  it('shows the work as it goes, stops it, and says why it failed', async () => {
    model.set('_work', running);
    expect(el.querySelector('.mam-work-log li:last-child')?.textContent).toBe(`1:15${lines[1].text}`);
    expect([...el.querySelectorAll('.mam-work-log a')].map((link) => link.getAttribute('href'))).toEqual([
      page,
    ]);
    expect(button('Deploying…').disabled).toBe(true);
    button('Stop').click();
    expect(asked('stop_deploy')).toHaveLength(1);
    const failure = { code: 'x', message: 'no quota', hint: '%aml_deploy --delete wine/blue' };
    model.set('_work', { ...running, state: 'failed', seconds: 80, failure });
    expect(el.querySelector('.mam-work [role="alert"]')?.textContent).toBe(
      '✗ no quotatry: %aml_deploy --delete wine/blue',
    );
    expect(button('Deploy').disabled).toBe(false);
  });

  it('offers to go on where the check refused', () => {
    expect(byText(el, 'label', 'deploy all the same').hidden).toBe(true);
    const findings = [{ level: 'bad', what: EVIL, fix: '%aml_register wine:3 --fix' }];
    model.set('_work', { ...running, state: 'refused', seconds: 1, findings });
    byText(el, 'label', 'deploy all the same').querySelector('input')!.click();
    button('Deploy').click();
    expect(asked('deploy_model')[0].args.force).toBe(true);
    expect(el.querySelector('img')).toBeNull();
  });
});

describe('deleting', () => {
  it('names what goes, and says why it could not', async () => {
    render(ONLINE, { selected: 'online:tasting', tab: 'details' });
    button('Delete…').click();
    const dialog = document.querySelector<HTMLElement>('[role="dialog"]')!;
    expect(dialog.textContent).toContain('its deployment blue: wine version 3');
    expect(document.activeElement?.textContent).toBe('Keep');
    byText<HTMLButtonElement>(dialog, 'button', 'Delete').click();
    expect(asked('delete_deployment')[0].args).toEqual({ name: 'online:tasting' });
    model.refuse('it has traffic');
    await settle();
    expect(dialog.querySelector('[role="alert"]')?.textContent).toContain('it has traffic');
  });
});

it('lets go of every listener', async () => {
  const live = countListeners();
  for (const tab of ['test', 'traffic', 'logs', 'details', 'new']) {
    const before = live();
    render(ONLINE, { selected: 'online:tasting', tab });
    await settle();
    expect(model.listeners).toBeGreaterThan(0);
    clean();
    await settle();
    expect([model.listeners, live() - before, el.childElementCount]).toEqual([0, 0, 0]);
  }
});

describe('the forms of a request', () => {
  const split = { columns: ['a'], data: [[1], [2]] };
  it.each([
    [{ dataframe_split: split }, { input_data: { columns: ['a'], index: [0, 1], data: [[1], [2]] } }],
    [{ inputs: [[1, 2]] }, { input_data: [[1, 2]] }],
    [{ inputs: { ids: [1], mask: [0] } }, { input_data: { ids: [1], mask: [0] } }],
    [
      { inputs: [1], params: { k: 2 } },
      { input_data: [1], params: { k: 2 } },
    ],
  ])('%j is %j on Azure ML, and back', (mlflow, azure) => {
    expect(converted(mlflow, 'azure')).toEqual(azure);
    expect(converted(azure, 'mlflow')).toEqual(mlflow);
    expect(converted(mlflow, 'mlflow')).toEqual(mlflow);
  });

  it('leaves alone what is neither, and takes rows from either', () => {
    expect(converted({ instances: [1] }, 'azure')).toEqual({ instances: [1] });
    expect(gridOf({ input_data: split })?.rows).toEqual([[1], [2]]);
    expect(gridOf({ inputs: [[1]] })).toBeNull();
    expect(bodyOf({ columns: ['a'], rows: [[1]] }, 'mlflow', { k: 1 })).toEqual({
      dataframe_split: { columns: ['a'], data: [[1]] },
      params: { k: 1 },
    });
  });
});
