/** The fields of a new deployment: which the target has, what they offer, and the form as the kernel takes it. */
import type { DeployChoices, DeployForm } from '../../contract';
import { h, readable, uniqueId } from '../dom';

export const TARGETS: Readonly<Record<string, string>> = {
  local: 'a process on this machine',
  docker: 'an image, and a container of it',
  online: 'a managed online endpoint of the workspace',
  kubernetes: 'an endpoint on an attached Kubernetes cluster',
  batch: 'a batch endpoint, for files',
};

type FieldName =
  | 'deployment'
  | 'instance_type'
  | 'instance_count'
  | 'auth'
  | 'compute'
  | 'image'
  | 'port'
  | 'isolated'
  | 'tags';

const OF: Readonly<Record<string, readonly FieldName[]>> = {
  local: ['port', 'isolated'],
  docker: ['image', 'port'],
  online: ['deployment', 'instance_type', 'instance_count', 'auth', 'tags'],
  kubernetes: ['compute', 'deployment', 'instance_type', 'instance_count', 'auth', 'tags'],
  batch: ['compute', 'deployment', 'tags'],
};
const OTHER = '\u0000other';

export class DeployFields {
  readonly model = h('select', { name: 'model' });
  readonly version = h('select', { name: 'version' });
  readonly other = text('model', 'a run, runs:/…, or a folder');
  readonly name = text('name', 'the model’s own name');
  private readonly deployment = text('deployment', 'blue');
  private readonly machine = text('instance_type', 'Standard_DS3_v2');
  private readonly machines = h('datalist', { id: uniqueId('machines') });
  private readonly count = number('instance_count', '1', 1, 100);
  private readonly auth = h(
    'select',
    { name: 'auth' },
    ...options({ '': 'key', aml_token: 'token of Azure ML' }),
  );
  private readonly compute = h('select', { name: 'compute' });
  private readonly image = text('image', 'the name and “latest”');
  private readonly port = number('port', 'a free one', 1, 65535);
  private readonly isolated = h('input', { type: 'checkbox', name: 'isolated' });
  private readonly tags = text('tags', 'team=wine, stage=test');
  private readonly boxes = new Map<string, HTMLElement>();
  private choices: DeployChoices = { models: [], machines: [], computes: [], notes: [] };

  constructor() {
    this.machine.setAttribute('list', this.machines.id);
    this.box('model', 'Model', this.model);
    this.box('version', 'Version', this.version);
    this.box('other', 'Model', this.other);
    this.box('name', 'Name', this.name);
    this.box('deployment', 'Deployment', this.deployment);
    this.box('compute', 'Cluster', this.compute);
    this.box('instance_type', 'Machine', this.machine).append(this.machines);
    this.box('instance_count', 'How many', this.count);
    this.box('auth', 'Callers show', this.auth);
    this.box('image', 'Image', this.image);
    this.box('port', 'Port', this.port);
    this.box('tags', 'Tags', this.tags);
    const label = h('label', { class: 'mam-inline mam-check' }, this.isolated, 'isolated environment');
    this.boxes.set('isolated', label);
  }

  /** Label and control of each, in order. */
  get elements(): HTMLElement[] {
    return [...this.boxes.values()];
  }

  offer(choices: DeployChoices, wanted: string): void {
    this.choices = choices;
    const names = choices.models.map(({ name }) => name);
    this.model.replaceChildren(
      ...names.map((name) => h('option', { value: name }, readable(name))),
      h('option', { value: OTHER }, 'Another: run, URI or folder…'),
    );
    const [, name = '', mark = ''] = /^(.*?)([@:].*)?$/.exec(wanted) ?? [];
    if (wanted && !names.includes(name)) {
      this.model.value = OTHER;
      this.other.value = wanted;
    } else if (name) this.model.value = name;
    this.fillVersions();
    if (mark) this.version.value = mark;
    if (mark && this.version.selectedIndex < 0) {
      // not in the list: never another version than the one that was asked for
      this.model.value = OTHER;
      this.other.value = wanted;
    }
    this.machines.replaceChildren(
      ...choices.machines.map(({ name: size, hint }) =>
        h('option', { value: size, label: `${size}, ${hint}` }),
      ),
    );
  }

  /** The versions and aliases of the chosen model; each is what follows its name in a reference. */
  fillVersions(): void {
    const model = this.choices.models.find(({ name }) => name === this.model.value);
    const versions = model?.versions ?? [];
    const aliased = versions.flatMap(({ version, aliases }) =>
      aliases.map((alias) => h('option', { value: `@${alias}` }, `@${readable(alias)}: version ${version}`)),
    );
    const numbered = versions.map(({ version, stage }) =>
      h('option', { value: `:${version}` }, `version ${version}${stage ? `, ${readable(stage)}` : ''}`),
    );
    this.version.replaceChildren(...aliased, ...numbered);
  }

  /** Shows the fields that this target has. */
  fit(target: string): void {
    const isOther = this.model.value === OTHER;
    const shown = new Set<string>(['model', isOther ? 'other' : 'version', 'name', ...(OF[target] ?? [])]);
    for (const [name, box] of this.boxes) box.hidden = !shown.has(name);
    const nameLabel = this.boxes.get('name')?.firstElementChild;
    if (nameLabel) nameLabel.textContent = target === 'local' || target === 'docker' ? 'Name' : 'Endpoint';
    const fitting = this.choices.computes.filter(({ targets }) => targets.includes(target));
    const options = fitting.map(({ name, hint }) =>
      h('option', { value: name }, readable(hint ? `${name}, ${hint}` : name)),
    );
    this.compute.replaceChildren(
      ...(options.length > 0 ? options : [h('option', { value: '' }, 'the workspace has none')]),
    );
  }

  values(target: string, force: boolean): DeployForm {
    const has = (name: FieldName) => (OF[target] ?? []).includes(name);
    const given = (name: FieldName, input: HTMLInputElement | HTMLSelectElement) =>
      has(name) ? input.value.trim() : '';
    const isOther = this.model.value === OTHER;
    return {
      model: isOther ? this.other.value.trim() : `${this.model.value}${this.version.value}`,
      target,
      name: this.name.value.trim(),
      deployment: given('deployment', this.deployment),
      instance_type: given('instance_type', this.machine),
      instance_count: Number(given('instance_count', this.count)) || 0,
      auth: given('auth', this.auth),
      compute: given('compute', this.compute),
      image: given('image', this.image),
      port: Number(given('port', this.port)) || 0,
      isolated: has('isolated') && this.isolated.checked,
      tags: has('tags') ? tagsOf(this.tags.value) : {},
      force,
    };
  }

  /** What the chosen machine costs, about. */
  get hint(): string {
    return (
      this.choices.machines.find(({ name }) => name === (this.machine.value || 'Standard_DS3_v2'))?.hint ?? ''
    );
  }

  private box(name: string, label: string, control: HTMLElement): HTMLElement {
    const box = h('label', { class: 'mam-field' }, h('span', {}, label), control);
    this.boxes.set(name, box);
    return box;
  }
}

function text(name: string, placeholder: string): HTMLInputElement {
  const plain = { type: 'text', spellcheck: 'false', autocomplete: 'off', maxlength: 300 } as const;
  return h('input', { name, placeholder, ...plain });
}

function number(name: string, placeholder: string, min: number, max: number): HTMLInputElement {
  return h('input', { name, type: 'number', placeholder, min, max });
}

function options(words: Readonly<Record<string, string>>): HTMLElement[] {
  return Object.entries(words).map(([value, label]) => h('option', { value }, label));
}

/** "team=wine, stage=test" by name; what has no = is a name alone. */
export function tagsOf(words: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const word of words.split(',')) {
    const [key, ...rest] = word.split('=');
    if (key.trim()) found[key.trim()] = rest.join('=').trim();
  }
  return found;
}
