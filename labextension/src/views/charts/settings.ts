/** The form of a chart's settings: a line a setting, each taking effect at once. */
import type { ChartSpec } from '../../contract';
import { h, readable, uniqueId } from '../dom';
import type { ExplorerState } from '../state';
import { isWide, KINDS, type Setting } from './kinds';

type Change = (spec: ChartSpec) => void;

const GROUPS = { metric: 'Metrics', param: 'Parameters', attribute: 'Run', tag: 'Tags' } as const;
/** More columns than this are typed, not scrolled. */
const LISTED = 300;

/** `spec` gives the chart as it is when the user changes something. */
export function settingLines(spec: () => ChartSpec, state: ExplorerState, change: Change): HTMLElement[] {
  const wide = h('input', { type: 'checkbox' });
  wide.checked = isWide(spec());
  wide.addEventListener('change', () => change(withOption(spec(), 'wide', wide.checked)));
  const lines = KINDS[spec().kind].settings.map((setting) => line(setting, spec, state, change));
  return [...lines, labelled('Full width', wide)];
}

function line(setting: Setting, spec: () => ChartSpec, state: ExplorerState, change: Change): HTMLElement {
  if (setting.type === 'column') {
    const { key, label, of, none } = setting;
    return labelled(
      label,
      ...columnInput(state, of, none, spec()[key], (value) => change({ ...spec(), [key]: value })),
    );
  }
  if (setting.type === 'group') {
    const chosen = spec().options.group;
    const input = columnInput(state, 'param', 'As the table', String(chosen ?? ''), (value) =>
      change(withOption(spec(), 'group', value || undefined)),
    );
    return labelled('Mean over', ...input);
  }
  if (setting.type === 'choice') {
    const select = h('select', { class: 'mam-select' });
    select.append(...setting.choices.map(([, text], i) => h('option', { value: i }, text)));
    const at = setting.choices.findIndex(([value]) => value === spec().options[setting.option]);
    select.value = String(Math.max(0, at));
    select.addEventListener('change', () => {
      const i = Number(select.value);
      change(withOption(spec(), setting.option, i === 0 ? undefined : setting.choices[i][0]));
    });
    return labelled(setting.label, select);
  }
  const { option, otherwise, low, high, step } = setting;
  const value = Number(spec().options[option] ?? otherwise);
  const slides = step < 1;
  const input = h('input', { type: slides ? 'range' : 'number', min: low, max: high, step, value });
  const said = h('output', {}, slides ? String(value) : '');
  input.addEventListener('input', () => {
    const wanted = input.valueAsNumber;
    if (slides) said.textContent = String(wanted);
    if (wanted >= low && wanted <= high)
      change(withOption(spec(), option, wanted === otherwise ? undefined : wanted));
  });
  return slides ? labelled(setting.label, input, said) : labelled(setting.label, input);
}

function withOption(spec: ChartSpec, name: string, value: unknown): ChartSpec {
  const { [name]: _, ...rest } = spec.options;
  return { ...spec, options: value === undefined ? rest : { ...rest, [name]: value } };
}

function labelled(text: string, ...inputs: readonly HTMLElement[]): HTMLElement {
  return h('label', { class: 'mam-setting' }, h('span', {}, text), ...inputs);
}

/** A list of columns, those that vary first; a field with suggestions where they are too many for a list. */
function columnInput(
  { runs, info }: ExplorerState,
  of: 'any' | 'number' | 'metric' | 'param',
  none: string,
  value: string,
  choose: (key: string) => void,
): HTMLElement[] {
  const fits = info.columns.filter(
    ({ kind, key, varies }) =>
      runs.columns.has(key) &&
      (varies || key === value) &&
      key !== 'run_id' &&
      (of === 'any' || (of === 'number' ? runs.columns.get(key)?.numbers !== null : kind === of)),
  );
  if (fits.length > LISTED) {
    const list = h(
      'datalist',
      { id: uniqueId('columns') },
      ...fits.map(({ key }) => h('option', { value: key })),
    );
    const input = h('input', { type: 'text', list: list.id, value, placeholder: none, spellcheck: 'false' });
    input.addEventListener('change', () => {
      const key = input.value.trim();
      const isKnown = key === '' || runs.columns.has(key);
      input.setAttribute('aria-invalid', String(!isKnown));
      if (isKnown) choose(key);
    });
    return [input, list];
  }
  const select = h('select', { class: 'mam-select' }, h('option', { value: '' }, none || 'None'));
  if (of === 'param') select.append(h('option', { value: 'none' }, 'Each run alone'));
  for (const [kind, label] of Object.entries(GROUPS)) {
    const infos = fits.filter((column) => column.kind === kind);
    const options = infos.map(({ key, name }) => h('option', { value: key }, readable(name)));
    if (options.length > 0) select.append(h('optgroup', { label }, ...options));
  }
  select.value = value;
  select.addEventListener('change', () => choose(select.value));
  return [select];
}
