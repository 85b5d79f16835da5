/** A panel asks for a new cell below its own by a DOM event: widgets know nothing of the notebook around them. */
import type { JupyterFrontEnd } from '@jupyterlab/application';

/** Bubbles from inside a panel; `detail` is the code. Prevented means that the cell is there. */
export const INSERT_CELL = 'mam-insert-cell';

/** The parts of a notebook's widget that are used here; JupyterLab and Notebook 7 have them alike. */
interface Notebook {
  readonly node: HTMLElement;
  readonly widgets: readonly { readonly node: HTMLElement }[];
  readonly model: { readonly sharedModel: { insertCell(index: number, cell: object): unknown } } | null;
  activeCellIndex: number;
}

/** Inserts cells from now on; the result ends that. */
export function insertCells(shell: JupyterFrontEnd['shell']): () => void {
  const insert = (event: Event) => {
    const { detail, target } = event as CustomEvent<unknown>;
    if (typeof detail !== 'string' || !(target instanceof Node)) return;
    for (const widget of shell.widgets('main')) {
      const notebook: unknown = Reflect.get(widget, 'content');
      if (!isNotebook(notebook) || !notebook.node.contains(target)) continue;
      const at = notebook.widgets.findIndex(({ node }) => node.contains(target));
      if (at < 0) continue;
      notebook.model?.sharedModel.insertCell(at + 1, { cell_type: 'code', source: detail, metadata: {} });
      notebook.activeCellIndex = at + 1;
      event.preventDefault();
      return;
    }
  };
  document.addEventListener(INSERT_CELL, insert);
  return () => document.removeEventListener(INSERT_CELL, insert);
}

function isNotebook(value: unknown): value is Notebook {
  return (
    typeof value === 'object' &&
    value !== null &&
    'widgets' in value &&
    'activeCellIndex' in value &&
    'model' in value
  );
}
