/** What can be done with a run: the menu of its row. */
import { textAt } from '../columns';
import { readable } from '../dom';
import { formatCount } from '../format';
import type { MenuEntry } from '../menu';
import type { Anchor } from '../popup';
import type { ExplorerState } from '../state';
import type { RunEditor } from './editor';
import { copyText } from './export';
import type { Notice } from './notice';
import { parentsOf } from './tree';

export function isStarred(state: ExplorerState, row: number): boolean {
  return state.view.starred.includes(state.runs.ids[row]);
}

export function toggleStar(state: ExplorerState, row: number): void {
  const id = state.runs.ids[row];
  const { starred } = state.view;
  state.set('starred', starred.includes(id) ? starred.filter((other) => other !== id) : [...starred, id]);
}

export function toggleBaseline(state: ExplorerState, row: number): void {
  const id = state.runs.ids[row];
  state.set('baseline', state.view.baseline === id ? '' : id);
}

/**
 * `key` is the column that was pointed at, '' for none. Runs may come in while the menu is open, and rows move: what is
 * done is done to the run of this id.
 */
export function rowEntries(
  state: ExplorerState,
  id: string,
  key: string,
  anchor: Anchor,
  editor: RunEditor,
  notice: Notice,
): MenuEntry[] {
  const row = state.runs.ids.indexOf(id);
  const uri = state.runs.columns.get('artifact_uri');
  const ticked = state.tickedIds();
  const many = ticked.length > 1 && ticked.includes(id);
  const on = (act: (row: number) => void) => () => {
    const now = state.runs.ids.indexOf(id);
    if (now >= 0) act(now);
    else notice.say('The run is gone');
  };
  const copy = (text: string, what: string) => async () => {
    if (await copyText(text)) notice.say(`${what} copied`);
    else notice.keep(`The browser forbids copying: ${text}`);
  };
  const removeTicked = () => {
    const rows = ticked.map((other) => state.runs.ids.indexOf(other)).filter((at) => at >= 0);
    editor.remove(rows, anchor);
  };
  return [
    { label: 'Ticked', checked: state.ticked.has(row), hint: 'Space', run: on((at) => state.toggle(at)) },
    { label: 'Starred', checked: isStarred(state, row), hint: 'S', run: on((at) => toggleStar(state, at)) },
    {
      label: 'Baseline',
      checked: state.view.baseline === id,
      hint: 'B',
      run: on((at) => toggleBaseline(state, at)),
    },
    ...filterEntry(state, row, key),
    ...childrenEntry(state, row),
    null,
    { label: 'Rename…', hint: 'F2', run: on((at) => editor.rename(at, anchor)) },
    { label: 'Tags…', hint: 'T', run: on((at) => editor.tags(at, anchor)) },
    { label: 'Note…', hint: 'N', run: on((at) => editor.note(at, anchor)) },
    { label: 'Delete…', hint: 'Del', run: on((at) => editor.remove([at], anchor)) },
    ...(many ? [{ label: `Delete the ${formatCount(ticked.length)} ticked…`, run: removeTicked }] : []),
    null,
    { label: 'Copy run id', run: copy(id, 'Run id') },
    { label: 'Copy runs:/ URI', run: copy(`runs:/${id}`, 'URI') },
    ...(uri && !uri.missing[row]
      ? [{ label: 'Copy artifact location', run: copy(textAt(uri, row), 'Artifact location') }]
      : []),
  ];
}

/** The runs with the same text in a column. */
function filterEntry(state: ExplorerState, row: number, key: string): MenuEntry[] {
  const column = state.runs.columns.get(key);
  if (!column?.words || column.missing[row] || key === 'run_name') return [];
  const text = textAt(column, row);
  const label = `Only ${readable(column.info.name)} = ${readable(text)}`;
  return [
    {
      label: label.length > 48 ? `${label.slice(0, 47)}…` : label,
      run: () => state.setBrush(key, { type: 'words', texts: [text] }),
    },
  ];
}

function childrenEntry(state: ExplorerState, row: number): MenuEntry[] {
  const parents = parentsOf(state.runs);
  if (!parents?.includes(row)) return [];
  return [
    {
      label: 'Only its child runs',
      run: () => state.setBrush('tags.mlflow.parentRunId', { type: 'words', texts: [state.runs.ids[row]] }),
    },
  ];
}
