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

  /** `version_files` of a version never change; the others are asked anew after `forget`. */
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

  forget(): void {
    for (const key of [...this.known.keys()]) if (!key.startsWith('version_files ')) this.known.delete(key);
  }
}
