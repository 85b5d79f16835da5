/** How states, times and durations of deployments are written. */
import type { DeploymentRow } from '../../contract';
import { h } from '../dom';

/** A dot and the word: colour alone says nothing to many. */
export function stateMark(state: DeploymentRow['state']): HTMLElement {
  return h('span', { class: `mam-state mam-state-${state}` }, state);
}

const two = (value: number) => String(value).padStart(2, '0');

/** "2026-11-21 05:14" in the reader's time zone; empty for none. */
export function localTime(iso: string | null, seconds = false): string {
  const date = new Date(iso ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return '';
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return `${day} ${time}${seconds ? `:${two(date.getSeconds())}` : ''}`;
}

/** "0:07", "12:40", "1:02:03". */
export function elapsed(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const tail = two(whole % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}

/** "8.4 ms", "1.25 s". */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
