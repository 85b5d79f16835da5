/** What literals and texts mean: times, statuses, patterns, order. */
import type { Column } from '../columns';
import { nearest } from './query-columns';
import { type Literal, QueryError } from './query-syntax';

/** Azure ML's words for MLflow's statuses, in lower case. */
const STATUSES: Readonly<Record<string, string>> = {
  running: 'RUNNING',
  finalizing: 'RUNNING',
  scheduled: 'SCHEDULED',
  starting: 'SCHEDULED',
  preparing: 'SCHEDULED',
  provisioning: 'SCHEDULED',
  paused: 'SCHEDULED',
  queued: 'SCHEDULED',
  notstarted: 'SCHEDULED',
  finished: 'FINISHED',
  completed: 'FINISHED',
  failed: 'FAILED',
  notresponding: 'FAILED',
  killed: 'KILLED',
  canceled: 'KILLED',
  cancelled: 'KILLED',
  cancelrequested: 'KILLED',
};

/** True for the one column whose words have two dialects. */
export function isStatus(column: Column): boolean {
  return column.info.kind === 'attribute' && column.info.name === 'status';
}

/** MLflow's name of a status in either dialect, any case; null when it is none. */
export function statusName(text: string): string | null {
  return STATUSES[text.toLowerCase().replaceAll(' ', '')] ?? null;
}

/** The status that a literal names; throws a QueryError that points at a mistyped one. */
export function statusLiteral(literal: Literal): string {
  const text = String(literal.value);
  const name = statusName(text);
  if (name !== null) return name;
  const guess = nearest(text, Object.keys(STATUSES));
  const hint = guess === null ? null : `did you mean '${STATUSES[guess]}'?`;
  throw new QueryError(`'${text}' is no run status`, literal.start, literal.end, hint);
}

/** Orders by code point, as Python does; `<` orders by UTF-16 unit. */
export function compareText(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length) {
    const x = a.codePointAt(at) ?? 0;
    const y = b.codePointAt(at) ?? 0;
    if (x !== y) return Math.sign(x - y);
    at += x > 0xffff ? 2 : 1;
  }
  return Math.sign(a.length - b.length);
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):?(\d\d)?)?)?$/i;

/** Epoch ms of an ISO 8601 date or datetime, UTC where it names no zone; null when it is neither. */
export function parseTime(text: string): number | null {
  const found = ISO.exec(text.trim());
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
  const [fraction, sign, zoneHours, zoneMinutes] = found.slice(7);
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const offset = (Number(zoneHours ?? 0) * 60 + Number(zoneMinutes ?? 0)) * 60_000;
  const ms = Number((fraction ?? '').padEnd(3, '0').slice(0, 3));
  return date.getTime() + ms + (sign === '-' ? offset : -offset);
}

/** SQL's LIKE: % any text, _ any one character, the whole value. */
export function likePattern(pattern: string, ignoreCase: boolean): RegExp {
  const source = Array.from(pattern, (c) => {
    if (c === '%') return '.*';
    return c === '_' ? '.' : c.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  }).join('');
  return new RegExp(`^${source}$`, ignoreCase ? 'isu' : 'su');
}

/** The regular expression of RLIKE, searched anywhere in the value; Python's leading (?ims) is read as flags. */
export function regex(literal: Literal): RegExp {
  const inline = /^\(\?([ims]+)\)/.exec(String(literal.value));
  const source = String(literal.value).slice(inline?.[0].length ?? 0);
  const flags = [...new Set(inline?.[1] ?? '')].join('');
  try {
    return new RegExp(source, `${flags}u`);
  } catch {
    try {
      return new RegExp(source, flags);
    } catch (error) {
      const why = error instanceof Error ? error.message.replace(/^.*: /, '') : 'it does not parse';
      throw new QueryError(`'${source}' is no regular expression: ${why}`, literal.start, literal.end);
    }
  }
}
