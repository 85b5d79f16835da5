/** Trying a deployment: a request that nobody had to write, as a form or as JSON, and what came back. */
import type { SampleResult, SendArgs, SendResult } from '../../contract';
import type { Ask } from '../ask';
import { Bin, h, readable } from '../dom';
import { failureNote } from '../failure';
import { answerView } from './answer';
import { type BodyForm, bodyOf, converted, gridOf, paramsOf, written } from './bodies';
import { CopyAs } from './copy-as';
import { Outcome } from './outcome';
import { MOST_ROWS, SampleForm } from './sample-form';
import { Segments } from './segments';
import { type Chosen, deploymentsOf, type EndpointsState } from './state';
import { duration, localTime } from './words';

type Mode = 'form' | BodyForm;

/** Answers kept, the newest first. */
const HISTORY = 6;
const MODES = [
  { value: 'form', label: 'Form' },
  { value: 'mlflow', label: 'MLflow JSON', title: 'dataframe_split, inputs: what mlflow’s own server takes' },
  { value: 'azure', label: 'Azure ML JSON', title: 'input_data: what endpoints of Azure ML take' },
] as const;

export class TestTab {
  readonly element = h('div', { class: 'mam-test' });
  private readonly modes = new Segments<Mode>('Request as', MODES, (mode) => this.setMode(mode));
  private readonly source = h('span', { class: 'mam-note mam-source' });
  private readonly fresh = button('Start over');
  private readonly json = h('textarea', {
    class: 'mam-json',
    rows: 10,
    spellcheck: 'false',
    'aria-label': 'Request as JSON',
  });
  private readonly place = h('div');
  private readonly repeat = h('input', { type: 'number', min: 1, max: 1000, value: 1, class: 'mam-small' });
  private readonly compare = h('select');
  private readonly beside = h('label', { class: 'mam-inline' }, 'compare with', this.compare);
  private readonly send = h('button', { type: 'submit', class: 'mam-button mam-primary' }, 'Send');
  private readonly form = h('form', { class: 'mam-request', novalidate: true });
  private readonly answer = h('div', { class: 'mam-answer-place' });
  private readonly past = h('div', {
    class: 'mam-bar mam-past',
    role: 'group',
    'aria-label': 'Last answers',
  });
  private readonly outcome: Outcome;
  private readonly copy: CopyAs;
  private readonly bin = new Bin();
  private sample: SampleResult | null = null;
  private fields: SampleForm | null = null;
  private params: SampleForm | null = null;
  private mode: Mode = 'form';
  private readonly answers: { readonly at: string; readonly result: SendResult }[] = [];

  constructor(
    private readonly state: EndpointsState,
    ask: Ask,
    private readonly chosen: Chosen,
  ) {
    this.outcome = new Outcome(ask);
    this.copy = new CopyAs(ask, () => ({
      action: 'invoke',
      args: { name: chosen.reference, body: this.parsed() },
    }));
    this.fillCompare();
    this.form.append(
      h(
        'div',
        { class: 'mam-bar' },
        this.modes.element,
        this.source,
        h('span', { class: 'mam-gap' }),
        this.fresh,
      ),
      this.place,
      h(
        'div',
        { class: 'mam-bar mam-send' },
        this.send,
        h('label', { class: 'mam-inline' }, 'repeat', this.repeat, 'times'),
        this.beside,
        h('span', { class: 'mam-gap' }),
        this.copy.button,
      ),
    );
    this.element.append(this.form, this.copy.element, this.outcome.element, this.answer, this.past);
    this.bin.on(this.form, 'submit', (event) => {
      event.preventDefault();
      void this.ask();
    });
    this.bin.on(this.fresh, 'click', () => void this.load());
    this.bin.on<MouseEvent>(this.past, 'click', (event) => {
      const at = (event.target as Element).closest<HTMLElement>('[data-answer]')?.dataset.answer;
      if (at !== undefined) this.showAnswer(Number(at));
    });
    this.bin.add(state.subscribe((topic) => topic === 'info' && this.fillCompare()));
    this.bin.add(() => this.outcome.destroy());
    this.bin.add(() => this.copy.destroy());
    this.bin.add(() => this.dropForms());
    this.form.hidden = true;
    void this.load();
  }

  destroy(): void {
    this.bin.empty();
  }

  /** Other deployments that the same rows can go to. */
  private fillCompare(): void {
    const { groups } = this.state;
    const own = this.chosen.reference;
    const options = groups.flatMap((group) =>
      (group.isEndpoint ? deploymentsOf(group) : group.rows)
        .filter((row) => row.target !== 'batch' && row.state === 'running' && row.reference !== own)
        .map((row) => h('option', { value: row.reference }, readable(row.name))),
    );
    const { value } = this.compare;
    this.compare.replaceChildren(h('option', { value: '' }, 'none'), ...options);
    this.compare.value = value;
    if (this.compare.selectedIndex < 0) this.compare.value = '';
    this.beside.hidden = options.length === 0;
  }

  private async load(): Promise<void> {
    const found = await this.outcome.run<SampleResult>(
      'sample_request',
      { name: this.chosen.reference },
      'Making a request from the model…',
    );
    this.form.hidden = false;
    if (!found) {
      this.useSample({
        fields: [],
        params: [],
        rows: [],
        body: '{"inputs": []}',
        azure: '{"input_data": []}',
        wire: 'mlflow',
        source: '',
        note: '',
      });
      return;
    }
    this.useSample(found);
  }

  private useSample(sample: SampleResult): void {
    this.sample = sample;
    this.dropForms();
    this.fields = sample.fields.length > 0 ? new SampleForm(sample.fields, sample.rows) : null;
    this.params = sample.params.length > 0 ? new SampleForm(sample.params, [], 'Parameters') : null;
    this.setParams(paramsOf(JSON.parse(sample.body)));
    // One row to begin with: a form of many is hard to read, and the next ones are a click away.
    if (this.fields)
      this.fields.grid = { columns: sample.fields.map(({ name }) => name), rows: sample.rows.slice(0, 1) };
    const said = [sample.source ? `from the ${sample.source}` : '', sample.note].filter(Boolean);
    this.source.textContent = readable(said.join(' · '));
    const formChoice = this.modes.element.firstElementChild as HTMLElement;
    formChoice.hidden = this.fields === null;
    const native = sample.wire === 'azure' ? sample.azure : sample.body;
    this.json.value = pretty(native);
    const mode = this.fields ? 'form' : sample.wire;
    this.mode = mode;
    this.modes.value = mode;
    this.showMode();
  }

  private showMode(): void {
    const forms = [this.fields, this.params].filter((form) => form !== null).map(({ element }) => element);
    this.place.replaceChildren(...(this.mode === 'form' ? forms : [this.json]));
  }

  private dropForms(): void {
    this.fields?.destroy();
    this.params?.destroy();
    this.fields = this.params = null;
  }

  private setParams(params: Readonly<Record<string, unknown>>): void {
    const fields = this.sample?.params ?? [];
    const row = fields.map(({ name, value }) => params[name] ?? value);
    if (this.params) this.params.grid = { columns: fields.map(({ name }) => name), rows: [row] };
  }

  private givenParams(): Record<string, unknown> {
    if (!this.params) return {};
    const { columns, rows } = this.params.grid;
    return Object.fromEntries(columns.map((name, i) => [name, rows[0][i]]));
  }

  /** The request as it is now, for whom it takes no form; throws what JSON.parse says. */
  private body(form: BodyForm): unknown {
    if (this.mode !== 'form' || !this.fields) return converted(JSON.parse(this.json.value), form);
    return bodyOf(this.fields.grid, form, this.givenParams());
  }

  private parsed(): unknown {
    try {
      return this.body(this.sample?.wire ?? 'mlflow');
    } catch {
      return this.json.value;
    }
  }

  private setMode(mode: Mode): void {
    try {
      if (mode === 'form') {
        const body: unknown = JSON.parse(this.json.value);
        const grid = gridOf(body);
        if (!grid) throw new Error('This request is no table of rows, so it has no form.');
        const many = grid.rows.length;
        if (many > MOST_ROWS)
          throw new Error(`The request has ${many} rows; the form takes ${MOST_ROWS} at most.`);
        if (this.fields) this.fields.grid = grid;
        this.setParams(paramsOf(body));
      } else {
        this.json.value = written(this.body(mode));
      }
      this.mode = mode;
      this.showMode();
      this.outcome.show();
    } catch (error) {
      this.modes.value = this.mode;
      this.refuse(error);
    }
  }

  private refuse(error: unknown): void {
    const said = error instanceof Error ? error.message : String(error);
    const message = error instanceof SyntaxError ? `The JSON cannot be read: ${said}` : said;
    this.outcome.show(failureNote({ code: 'json', message, hint: null }));
  }

  private async ask(): Promise<void> {
    if (this.outcome.isBusy) return;
    let body: string;
    try {
      body = JSON.stringify(this.body(this.sample?.wire ?? 'mlflow'));
    } catch (error) {
      this.refuse(error);
      return;
    }
    const args: SendArgs = {
      name: this.chosen.reference,
      body,
      repeat: Math.max(1, Math.round(Number(this.repeat.value) || 1)),
      compare: this.compare.value,
    };
    this.send.disabled = true;
    const result = await this.outcome.run<SendResult>('send_request', args, 'Asking…');
    this.send.disabled = false;
    if (!result) {
      this.answer.replaceChildren();
      return;
    }
    this.answers.unshift({ at: localTime(new Date().toISOString(), true).slice(11), result });
    this.answers.length = Math.min(this.answers.length, HISTORY);
    this.showAnswer(0);
  }

  private showAnswer(at: number): void {
    const shown = this.answers[at];
    if (!shown) return;
    this.answer.replaceChildren(answerView(shown.result));
    const side = shown.result.sides[0];
    if (side && at === 0)
      this.outcome.show(h('span', { class: 'mam-spoken' }, `Answered in ${duration(side.first)}`));
    this.past.hidden = this.answers.length < 2;
    this.past.replaceChildren(
      h('span', { class: 'mam-note' }, 'answers:'),
      ...this.answers.map((answer, i) => {
        const time = answer.result.sides[0] ? duration(answer.result.sides[0].first) : '';
        return h(
          'button',
          { type: 'button', class: 'mam-link', 'data-answer': i, 'aria-current': i === at ? 'true' : null },
          `${answer.at}, ${time}`,
        );
      }),
    );
  }
}

function button(text: string): HTMLButtonElement {
  return h('button', { type: 'button', class: 'mam-link' }, text);
}

function pretty(json: string): string {
  try {
    return written(JSON.parse(json));
  } catch {
    return json;
  }
}
