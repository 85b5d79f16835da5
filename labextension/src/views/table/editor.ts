/** Renaming, tags, note and deletion of runs, in a small form at the row. What the kernel refused is said there. */
import type { EditArgs, EditResult } from '../../contract';
import { type Ask, failureOf, type Question } from '../ask';
import { textAt } from '../columns';
import { h, readable } from '../dom';
import { failureNote } from '../failure';
import { formatCount } from '../format';
import type { Anchor, Popup } from '../popup';
import type { ExplorerState } from '../state';
import type { Notice } from './notice';

const NOTE = 'tags.mlflow.note.content';

type Edit = Omit<EditArgs, 'run_ids'>;

export class RunEditor {
  private question: Question<EditResult> | null = null;

  constructor(
    private readonly state: ExplorerState,
    private readonly ask: Ask,
    private readonly popup: Popup,
    private readonly notice: Notice,
  ) {}

  destroy(): void {
    this.question?.cancel();
  }

  rename(row: number, anchor: Anchor): void {
    const old = this.state.nameOf(row);
    const field = h('input', {
      type: 'text',
      name: 'name',
      value: old,
      'aria-label': 'New name',
      maxlength: 500,
    });
    this.open(anchor, `Rename ${readable(old)}`, [field], 'Rename', [row], () =>
      field.value === old ? [] : [{ action: 'rename', key: '', value: field.value }],
    );
    field.select();
  }

  note(row: number, anchor: Anchor): void {
    const column = this.state.runs.columns.get(NOTE);
    const old = column ? textAt(column, row) : '';
    const field = h('textarea', { name: 'note', rows: 6, 'aria-label': 'Note, Markdown' });
    field.value = old;
    this.open(anchor, `Note on ${this.name(row)}`, [field], 'Save', [row], () =>
      field.value === old ? [] : [{ action: 'note', key: '', value: field.value }],
    );
  }

  tags(row: number, anchor: Anchor): void {
    const known = [...this.state.runs.columns.values()].filter(
      (column) =>
        column.info.kind === 'tag' && !column.info.name.startsWith('mlflow.') && !column.missing[row],
    );
    const lines = known.map((column) => tagLine(column.info.name, textAt(column, row)));
    const fresh = tagLine('', '');
    const list = h('div', { class: 'mam-tag-list' }, ...[...lines, fresh].map(({ element }) => element));
    this.open(anchor, `Tags of ${this.name(row)}`, [list], 'Save', [row], () =>
      [...lines, fresh].flatMap((line) => line.edits()),
    );
  }

  /** Asks first, by name. */
  remove(rows: readonly number[], anchor: Anchor): void {
    const what = rows.length === 1 ? this.name(rows[0]) : `${formatCount(rows.length)} runs`;
    const names = rows.slice(0, 5).map((row) => this.name(row));
    const more = rows.length > 5 ? ` and ${formatCount(rows.length - 5)} more` : '';
    const about = rows.length === 1 ? '' : `${names.join(', ')}${more}. `;
    const text = `${about}Marked as deleted, to be restored with Undo; the files stay. Child runs stay too.`;
    const ids = rows.map((row) => this.state.runs.ids[row]);
    this.open(
      anchor,
      `Delete ${what}?`,
      [h('p', { class: 'mam-note' }, text)],
      'Delete',
      rows,
      () => [{ action: 'delete', key: '', value: '' }],
      () => this.notice.say(`Deleted ${what}`, { label: 'Undo', run: () => void this.restore(ids, what) }),
    );
  }

  private async restore(run_ids: string[], what: string): Promise<void> {
    this.notice.wait(`Restoring ${what}…`);
    try {
      await this.ask<EditResult>('edit_run', { action: 'restore', run_ids, key: '', value: '' }).answer;
      this.notice.say(`Restored ${what}`);
    } catch (error) {
      this.notice.fail(failureOf(error));
    }
  }

  private name(row: number): string {
    return readable(this.state.nameOf(row)).slice(0, 120);
  }

  /** A form whose `edits` are done one after the other. */
  private open(
    anchor: Anchor,
    title: string,
    body: readonly HTMLElement[],
    verb: string,
    rows: readonly number[],
    edits: () => Edit[],
    done?: (message: string) => void,
  ): void {
    // Now: rows move when runs come in.
    const run_ids = rows.map((row) => this.state.runs.ids[row]);
    const who = this.name(rows[0]);
    const submit = h('button', { type: 'submit', class: 'mam-button mam-primary' }, verb);
    const cancel = h('button', { type: 'button', class: 'mam-button' }, 'Cancel');
    const outcome = h('div', { class: 'mam-outcome', role: 'status' });
    const form = h(
      'form',
      { class: 'mam-edit', role: 'dialog', 'aria-label': title },
      h('h3', {}, title),
      ...body,
      outcome,
      h('div', { class: 'mam-buttons' }, submit, cancel),
    );
    cancel.addEventListener('click', () => {
      this.question?.cancel();
      this.popup.close();
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const wanted = edits();
      if (wanted.length === 0) this.popup.close();
      else void run(wanted);
    });
    const run = async (wanted: readonly Edit[]) => {
      submit.disabled = true;
      outcome.replaceChildren(h('p', { class: 'mam-progress' }, 'Writing to the store…'));
      try {
        const said: string[] = [];
        for (const edit of wanted) {
          this.question = this.ask<EditResult>('edit_run', { ...edit, run_ids }, (message) => {
            outcome.firstElementChild?.replaceChildren(readable(message));
          });
          said.push((await this.question.answer).message);
        }
        if (form.isConnected) this.popup.close();
        if (done) done(said.join(', '));
        else this.notice.say(`${who}: ${said.join(', ')}`);
      } catch (error) {
        if (form.isConnected) outcome.replaceChildren(failureNote(failureOf(error)));
        else this.notice.fail(failureOf(error));
      } finally {
        submit.disabled = false;
        this.question = null;
      }
    };
    this.popup.open(form, anchor);
    (form.querySelector<HTMLElement>('input, textarea') ?? cancel).focus();
  }
}

/** One tag: an empty name is one to be added. */
function tagLine(key: string, value: string): { element: HTMLElement; edits: () => Edit[] } {
  const name = h('input', {
    type: 'text',
    placeholder: 'new tag',
    'aria-label': 'Name of a new tag',
    maxlength: 250,
  });
  const shown = readable(key);
  const label = key ? `Value of ${shown}` : 'Value of the new tag';
  const field = h('input', { type: 'text', value, placeholder: 'value', 'aria-label': label });
  let removed = false;
  const element = h('div', { class: 'mam-tag-line' }, key ? h('span', { title: shown }, shown) : name, field);
  if (key) {
    const remove = h('button', { type: 'button', class: 'mam-clear', 'aria-label': `Remove ${shown}` }, '×');
    remove.addEventListener('click', () => {
      removed = !removed;
      element.classList.toggle('mam-removed', removed);
      field.disabled = removed;
      remove.setAttribute('aria-pressed', String(removed));
    });
    element.append(remove);
  }
  const edits = (): Edit[] => {
    if (removed) return [{ action: 'remove_tag', key, value: '' }];
    const wanted = key || name.value.trim();
    if (wanted === '' || (key !== '' && field.value === value)) return [];
    return [{ action: 'set_tag', key: wanted, value: field.value }];
  };
  return { element, edits };
}
