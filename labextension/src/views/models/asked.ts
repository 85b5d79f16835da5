/** What the kernel said of one version: asked once, kept until the registry changes. */
import type { LineageResult, VersionArgs, VersionFiles, VersionResult } from '../../contract';
import type { Ask } from '../ask';
import { keyOf } from './state';

interface Answers {
  version: VersionResult;
  version_files: VersionFiles;
  lineage: LineageResult;
}

export class Asked {
  private readonly known = new Map<string, Promise<unknown>>();

  constructor(private readonly ask: Ask) {}

  /** What is known, or asked. `version_files` stay known as long as the version is there. */
  get<K extends keyof Answers>(
    what: K,
    { name, version }: VersionArgs,
    progress: (line: string) => void = () => {},
  ): Promise<Answers[K]> {
    const key = `${what} ${keyOf({ name, version })}`;
    const found = this.known.get(key);
    if (found) return found as Promise<Answers[K]>;
    const answer = this.ask<Answers[K]>(what, { name, version }, progress).answer;
    this.known.set(key, answer);
    answer.catch(() => {
      if (this.known.get(key) === answer) this.known.delete(key); // it is asked again when it is wanted again
    });
    return answer;
  }

  /** `kept`: the versions that there are; the number of a deleted one may come again with other files. */
  forget(kept: readonly VersionArgs[]): void {
    const files = new Set(kept.map((version) => `version_files ${keyOf(version)}`));
    for (const key of [...this.known.keys()]) if (!files.has(key)) this.known.delete(key);
  }
}
