/**
 * The explorer in a file of its own: the same views over runs that travel in the page, without a kernel.
 *
 * The page (panels/snapshot.py) holds one gzipped package in base64: the length of a header, the header as JSON, then
 * the buffers that it counts.
 */
import type {
  ExplorerInfo,
  HistoryArgs,
  HistoryResult,
  ImportanceArgs,
  ImportanceResult,
  View,
} from '../contract';
import { type Ask, AskError } from '../views/ask';
import { readRuns } from '../views/columns';
import { h } from '../views/dom';
import { explorerView } from '../views/explorer';
import { ExplorerState } from '../views/state';

interface Header {
  readonly info: ExplorerInfo;
  readonly view: Partial<View>;
  readonly ticked: string[];
  /** Bytes of the runs, and of the histories (0: none). */
  readonly sizes: [number, number];
  readonly importance: { args: ImportanceArgs; result: ImportanceResult } | null;
  readonly history: { metric: string; run_ids: string[]; result: HistoryResult } | null;
}

const STILL = {
  code: 'snapshot',
  message: 'This is a saved copy: no kernel is behind it to answer that',
  hint: 'open the notebook that it was made in',
};

/** Takes the package apart and shows it in place of what the page shows without script. */
export async function open(packed: string, into: HTMLElement): Promise<() => void> {
  const bytes = await unzipped(packed);
  const size = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size))) as Header;
  const runs = bytes.slice(4 + size, 4 + size + header.sizes[0]);
  const points = bytes.slice(4 + size + header.sizes[0]);
  const state = new ExplorerState(readRuns(runs, header.info.columns), header.info);
  state.setView(header.view.tab === 'compare' ? { ...header.view, tab: 'table' } : header.view);
  state.setTickedIds(header.ticked);
  state.setKernel('none');
  const root = h('div', { class: 'mam-still' });
  into.replaceChildren(root);
  return explorerView(root, state, answers(header, points));
}

/** What was asked of the kernel when the copy was made is answered; the rest is refused in words. */
function answers(header: Header, points: Uint8Array): Ask {
  const known = (name: string, args: object): unknown => {
    const { importance, history } = header;
    if (name === 'importance' && importance && same(args, importance.args)) return importance.result;
    if (name === 'history' && history) {
      const { metrics, run_ids } = args as HistoryArgs;
      const kept = new Set(history.run_ids);
      if (metrics.length === 1 && metrics[0] === history.metric && run_ids.some((id) => kept.has(id))) {
        return { ...history.result, buffers: [new DataView(points.buffer)] };
      }
    }
    return undefined;
  };
  return <R>(name: string, args: object) => {
    const found = known(name, args);
    const answer = found === undefined ? Promise.reject(new AskError(STILL)) : Promise.resolve(found as R);
    return { answer: answer as Promise<R>, cancel: () => {} };
  };
}

function same(a: object, b: object): boolean {
  const sorted = (thing: object) =>
    JSON.stringify(Object.entries(thing).sort(([x], [y]) => (x < y ? -1 : 1)));
  return sorted(a) === sorted(b);
}

async function unzipped(packed: string): Promise<Uint8Array> {
  const binary = Uint8Array.from(atob(packed.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([binary]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const data = document.getElementById('mam-snapshot-data');
const place = document.getElementById('mam-snapshot');
if (data && place) {
  open(data.textContent ?? '', place).catch((error: unknown) => {
    place.prepend(h('p', { class: 'mam-bad', role: 'alert' }, `The explorer could not be drawn: ${error}`));
  });
}
