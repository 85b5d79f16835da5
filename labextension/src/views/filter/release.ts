/** Waits until no pointer is pressed: what moves between press and release loses the click. */
import { Bin } from '../dom';

export class Release {
  private readonly bin = new Bin();
  private pressed = false;
  private waits = false;
  private timer = 0;

  /** `act` is what is to be done. */
  constructor(private readonly act: () => void) {
    this.listen('pointerdown', () => {
      this.pressed = true;
    });
    for (const type of ['pointerup', 'pointercancel']) this.listen(type, () => this.released());
    this.bin.add(() => window.clearTimeout(this.timer));
  }

  destroy(): void {
    this.bin.empty();
  }

  /** At once where nothing is pressed. */
  soon(): void {
    if (this.pressed) this.waits = true;
    else this.act();
  }

  private released(): void {
    this.pressed = false;
    if (!this.waits) return;
    this.waits = false;
    this.timer = window.setTimeout(() => this.act()); // the click comes after the release
  }

  /** Before anything else that listens, and may keep the event to itself. */
  private listen(type: string, listener: () => void): void {
    document.addEventListener(type, listener, true);
    this.bin.add(() => document.removeEventListener(type, listener, true));
  }
}
