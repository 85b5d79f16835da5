/** Who gets how much of an endpoint's requests: a slider for each deployment; they sum to 100. */
import type { TrafficArgs } from '../../contract';
import type { Ask } from '../ask';
import { Bin, h, readable } from '../dom';
import { CopyAs } from './copy-as';
import { Outcome } from './outcome';
import { deploymentsOf, type Group } from './state';
import { stateMark } from './words';

interface Line {
  readonly name: string;
  readonly slider: HTMLInputElement;
  readonly number: HTMLInputElement;
}

export class TrafficTab {
  readonly element = h('form', { class: 'mam-traffic', novalidate: true });
  private readonly apply = h('button', { type: 'submit', class: 'mam-button mam-primary' }, 'Apply');
  private readonly back = h('button', { type: 'button', class: 'mam-button' }, 'Roll back');
  private readonly sum = h('span', { class: 'mam-note', role: 'status' });
  private readonly bar = h('div', { class: 'mam-traffic-bar', 'aria-hidden': 'true' });
  private readonly lines: Line[];
  private readonly outcome: Outcome;
  private readonly copy: CopyAs;
  private readonly bin = new Bin();
  private readonly before: Readonly<Record<string, number>>;

  constructor(
    ask: Ask,
    private readonly group: Group,
  ) {
    const rows = deploymentsOf(group);
    this.outcome = new Outcome(ask);
    this.before = Object.fromEntries(rows.map((row) => [row.deployment, row.traffic ?? 0]));
    this.lines = rows.map((row) => line(row.deployment, row.traffic ?? 0));
    this.copy = new CopyAs(ask, () => ({
      action: 'traffic',
      args: { name: group.reference, shares: this.shares() },
    }));
    this.back.title = 'Give the endpoint the traffic that it had before the last change';
    this.element.append(
      this.bar,
      ...rows.map((row, i) =>
        h(
          'div',
          { class: 'mam-traffic-line' },
          h(
            'span',
            { class: 'mam-traffic-name' },
            h('i', { class: `mam-dot mam-share-${i % 4}` }),
            readable(row.deployment),
          ),
          stateMark(row.state),
          this.lines[i].slider,
          h('span', { class: 'mam-inline' }, this.lines[i].number, '%'),
        ),
      ),
      h(
        'p',
        { class: 'mam-note' },
        'With 0 % a deployment gets no requests of the endpoint; its Test tab asks it directly.',
      ),
      h(
        'div',
        { class: 'mam-bar' },
        this.apply,
        this.back,
        this.sum,
        h('span', { class: 'mam-gap' }),
        this.copy.button,
      ),
      this.copy.element,
      this.outcome.element,
    );
    this.lines.forEach((one, i) => {
      this.bin.on(one.slider, 'input', () => this.set(i, Number(one.slider.value), true));
      this.bin.on(one.number, 'input', () => this.set(i, Number(one.number.value), false));
    });
    this.bin.on(this.element, 'submit', (event) => {
      event.preventDefault();
      if (!this.apply.disabled) void this.change();
    });
    this.bin.on(this.back, 'click', () => void this.rollBack());
    this.bin.add(() => this.outcome.destroy());
    this.bin.add(() => this.copy.destroy());
    this.draw();
  }

  destroy(): void {
    this.bin.empty();
  }

  get isBusy(): boolean {
    return this.outcome.isBusy;
  }

  private shares(): Record<string, number> {
    return Object.fromEntries(this.lines.map(({ name, slider }) => [name, Number(slider.value)]));
  }

  /** Of several the others make room in proportion, so that it stays 100. */
  private set(at: number, wanted: number, write: boolean): void {
    const value = Math.max(0, Math.min(100, Math.round(wanted || 0)));
    const values = this.lines.map(({ slider }) => Number(slider.value));
    const rest = values.reduce((sum, one, i) => (i === at ? sum : sum + one), 0);
    const others = values.map((_, i) => i).filter((i) => i !== at);
    values[at] = value;
    let left = 100 - value;
    others.forEach((i, n) => {
      const share = rest > 0 ? Math.round((values[i] / rest) * (100 - value)) : n === 0 ? left : 0;
      values[i] = n === others.length - 1 ? left : Math.min(left, share);
      left -= values[i];
    });
    this.lines.forEach(({ slider, number }, i) => {
      slider.value = String(values[i]);
      if (i !== at || write) number.value = String(values[i]);
    });
    this.draw();
  }

  private draw(): void {
    const shares = this.shares();
    const sum = Object.values(shares).reduce((all, one) => all + one, 0);
    const changed = Object.entries(shares).some(([name, share]) => share !== this.before[name]);
    this.apply.disabled = !changed || (sum !== 100 && sum !== 0);
    this.sum.textContent =
      sum === 100 ? '' : sum === 0 ? 'no deployment gets requests' : `${sum} % in all: it must be 100`;
    this.bar.replaceChildren(
      ...this.lines.map(({ name }, i) => {
        const part = h('i', { class: `mam-share-${i % 4}` });
        part.style.flexGrow = String(shares[name]);
        return part;
      }),
    );
  }

  private async change(): Promise<void> {
    const args: TrafficArgs = { name: this.group.reference, shares: this.shares() };
    if (await this.locked('set_traffic', args, 'Changing the traffic…'))
      this.outcome.good('the traffic is changed');
  }

  private async rollBack(): Promise<void> {
    const args = { name: this.group.reference };
    if (await this.locked('roll_back', args, 'Rolling back…'))
      this.outcome.good('the traffic is as it was before');
  }

  private async locked(name: 'set_traffic' | 'roll_back', args: object, doing: string): Promise<boolean> {
    this.apply.disabled = true;
    this.back.disabled = true;
    const done = await this.outcome.run<object>(name, args, doing);
    this.back.disabled = false;
    this.draw();
    return done !== null;
  }
}

function line(name: string, share: number): Line {
  const label = `Traffic of ${readable(name)}, percent`;
  const range = { min: 0, max: 100, step: 1, value: share };
  return {
    name,
    slider: h('input', { type: 'range', ...range, 'aria-label': label }),
    number: h('input', {
      type: 'number',
      ...range,
      'aria-label': `${label}, as a number`,
      class: 'mam-small',
    }),
  };
}
