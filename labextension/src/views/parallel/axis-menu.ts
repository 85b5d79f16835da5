/** What can be done with an axis. */
import { partsOf } from '../filter/brushes';
import type { MenuEntry } from '../menu';
import type { ExplorerState } from '../state';
import type { Axis, Scale } from './axis';

const SCALES: Readonly<Record<Scale, string>> = { linear: 'Linear', log: 'Logarithmic', quantile: 'By rank' };

/** `move` puts the axis at a place among the others. */
export function axisMenu(
  state: ExplorerState,
  axes: readonly Axis[],
  at: number,
  move: (to: number) => void,
): MenuEntry[] {
  const axis = axes[at];
  const { key } = axis.column.info;
  const scales = axis.scales.map((scale) => ({
    label: SCALES[scale],
    checked: axis.scale === scale,
    run: () => setScale(state, key, scale),
    hint: scale === 'log' ? 'L' : '',
  }));
  const brushed = partsOf(state.brushes.get(key)).length > 0;
  return [
    ...(scales.length > 0 ? ['Scale', ...scales, null] : []),
    {
      label: 'Flip',
      checked: state.view.flipped.includes(key),
      run: () => flip(state, key),
      hint: 'F',
    },
    { label: 'Color by this', checked: state.color === axis.column, run: () => state.setColor(key) },
    { label: 'Clear the filter', disabled: !brushed, run: () => state.setBrush(key, null), hint: 'Del' },
    null,
    { label: 'Move to the left', disabled: at === 0, run: () => move(at - 1), hint: 'Alt ←' },
    { label: 'Move to the right', disabled: at === axes.length - 1, run: () => move(at + 1), hint: 'Alt →' },
    { label: 'Hide', disabled: axes.length < 2, run: () => hide(state, key) },
  ];
}

export function setScale(state: ExplorerState, key: string, scale: Scale): void {
  state.set('scales', { ...state.view.scales, [key]: scale });
}

export function flip(state: ExplorerState, key: string): void {
  const { flipped } = state.view;
  state.set('flipped', flipped.includes(key) ? flipped.filter((other) => other !== key) : [...flipped, key]);
}

function hide(state: ExplorerState, key: string): void {
  state.setAxes(state.axes.filter((other) => other !== key));
}
