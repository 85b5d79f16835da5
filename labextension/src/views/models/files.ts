/** The files of a version with their sizes. */
import type { VersionFiles } from '../../contract';
import { h, readable } from '../dom';
import { formatCount } from '../format';
import { bytes } from './words';

/** Rows drawn; a model that was registered may have 1,500 files. */
const ROWS = 300;

export function drawFiles({ files, size }: VersionFiles): HTMLElement[] {
  const count = `${formatCount(files.length)} file${files.length === 1 ? '' : 's'}`;
  const total = h('p', { class: 'mam-note' }, size === null ? count : `${count}, ${bytes(size)}`);
  const rows = files
    .slice(0, ROWS)
    .map((file) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, h('code', {}, readable(file.path))),
        h('td', { class: 'mam-number' }, bytes(file.size)),
      ),
    );
  const rest = files.length - rows.length;
  const more =
    rest > 0
      ? [h('p', { class: 'mam-note' }, `and ${formatCount(rest)} more: %aml_download brings them`)]
      : [];
  const table = h('table', { class: 'mam-plain-table', 'aria-label': 'Files' }, h('tbody', {}, ...rows));
  return [total, table, ...more];
}
