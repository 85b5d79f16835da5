/** Names of axes, as short as they can be told apart: what many begin with is left out. */
import type { ColumnInfo } from '../../contract';

/** Fewer names than this share nothing worth leaving out, nor is a shorter beginning. */
const SHARING = 3;
const SHORTEST = 8;
const TOKEN = /[^_./\- ]*[_./\- ]+/y;

/** The names by key; a beginning that at least three of a kind share, such as "training_", is written as "…". */
export function shortNames(infos: readonly ColumnInfo[]): Map<string, string> {
  const shared = new Map<string, number>();
  for (const info of infos) {
    for (const start of beginnings(info.name)) {
      const key = `${info.kind} ${start}`;
      shared.set(key, (shared.get(key) ?? 0) + 1);
    }
  }
  return new Map(
    infos.map(({ key, kind, name }) => {
      const left = beginnings(name).filter(
        (start) => start.length >= SHORTEST && (shared.get(`${kind} ${start}`) ?? 0) >= SHARING,
      );
      const longest = left[left.length - 1] ?? '';
      return [key, longest === '' ? name : `…${name.slice(longest.length)}`];
    }),
  );
}

/** "a_", "a_b_" of "a_b_c", shortest first. */
function beginnings(name: string): string[] {
  const found: string[] = [];
  for (let end = 0; end < name.length; ) {
    TOKEN.lastIndex = end;
    const token = TOKEN.exec(name);
    if (!token || end + token[0].length >= name.length) break;
    end += token[0].length;
    found.push(name.slice(0, end));
  }
  return found;
}
