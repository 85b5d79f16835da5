/** What the registry panel knows: models, versions, which of them is chosen, and what is searched for. */
import type { ListedModel, ListedVersion, ModelsInfo } from '../../contract';

export const TABS = ['overview', 'discussion', 'lineage', 'compare', 'files'] as const;
export type Tab = (typeof TABS)[number];
export type Topic = 'info' | 'selected' | 'search' | 'tab' | 'kernel';

/** A model with those of its versions that the search lets through, the newest first. */
export interface Shelf {
  readonly model: ListedModel;
  readonly versions: readonly ListedVersion[];
  readonly total: number;
}

export class ModelsState {
  selected = '';
  search = '';
  tab: Tab = 'overview';
  kernel: 'ready' | 'gone' = 'ready';
  shelves: readonly Shelf[] = [];
  private readonly listeners = new Set<(topic: Topic) => void>();

  constructor(public info: ModelsInfo) {
    this.sort();
  }

  subscribe(listener: (topic: Topic) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  setInfo(info: ModelsInfo): void {
    this.info = info;
    this.sort();
    this.tell('info');
  }

  select(selected: string): void {
    if (selected === this.selected) return;
    this.selected = selected;
    this.tell('selected');
  }

  setSearch(search: string): void {
    if (search === this.search) return;
    this.search = search;
    this.sort();
    this.tell('search');
  }

  setTab(tab: Tab): void {
    if (tab === this.tab) return;
    this.tab = tab;
    this.tell('tab');
  }

  setKernel(kernel: 'ready' | 'gone'): void {
    if (kernel === this.kernel) return;
    this.kernel = kernel;
    this.tell('kernel');
  }

  /** The model whose versions are listed: the chosen one, else the first that is shown. */
  get shelf(): Shelf | null {
    const [name] = split(this.selected);
    return this.shelves.find(({ model }) => model.name === name) ?? this.shelves[0] ?? null;
  }

  /** The version that is open: the chosen one, else the newest of the model that is shown. */
  get chosen(): ListedVersion | null {
    const { shelf } = this;
    const [name, version] = split(this.selected);
    if (!shelf) return null;
    const all = this.versionsOf(shelf.model.name);
    if (shelf.model.name === name && version) {
      const found = all.find((one) => one.version === version);
      if (found) return found;
    }
    return shelf.versions[0] ?? null;
  }

  versionsOf(name: string): ListedVersion[] {
    return this.info.versions.filter((version) => version.name === name);
  }

  private sort(): void {
    const words = this.search.toLowerCase().split(/\s+/).filter(Boolean);
    const byName = new Map<string, ListedVersion[]>();
    for (const version of this.info.versions) {
      const found = byName.get(version.name);
      if (found) found.push(version);
      else byName.set(version.name, [version]);
    }
    this.shelves = this.info.models.flatMap((model) => {
      const all = byName.get(model.name) ?? [];
      const own = textOf(model.name, model.description, model.tags);
      const versions = all.filter((version) => has(`${own}\n${textOfVersion(version)}`, words));
      return versions.length > 0 || has(own, words) ? [{ model, versions, total: all.length }] : [];
    });
  }

  private tell(topic: Topic): void {
    for (const listener of [...this.listeners]) listener(topic);
  }
}

/** "wine:3" as its two parts; the second is empty for a model alone. */
export function split(selected: string): [string, string] {
  const at = selected.lastIndexOf(':');
  return at < 0 ? [selected, ''] : [selected.slice(0, at), selected.slice(at + 1)];
}

export function keyOf({ name, version }: { name: string; version: string }): string {
  return `${name}:${version}`;
}

function textOf(name: string, description: string, tags: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return [name, description, ...pairs].join('\n').toLowerCase();
}

function textOfVersion(version: ListedVersion): string {
  const { aliases, stage, studio_stage, run_id } = version;
  const rest = [version.version, ...aliases, stage, studio_stage, run_id ?? ''].join('\n').toLowerCase();
  return `${textOf(version.name, version.description, version.tags)}\n${rest}`;
}

function has(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}
