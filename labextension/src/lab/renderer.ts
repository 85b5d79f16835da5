/** Renders one panel output: the saved picture, and in its place the live widget as soon as there is one. */
import type { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Panel, type Widget } from '@lumino/widgets';

export const PANEL_MIME = 'application/vnd.mlflow-aml-magics.panel+json';
export const VIEW_MIME = 'application/vnd.jupyter.widget-view+json';
const PICTURES = ['text/html', 'text/plain'] as const;
/** The live widget mostly comes at once: no flash of the picture before, in ms. */
const GRACE = 400;

/** The parts of a session that say when a widget manager may have come; a notebook and a console have one. */
interface Session {
  readonly ready: Promise<void>;
  readonly statusChanged: ISignal<unknown, unknown>;
}

type ViewFactory = ReturnType<IRenderMimeRegistry['getFactory']>;

export class PanelRenderer extends Panel implements IRenderMime.IRenderer {
  private readonly picture = new Panel();
  private readonly live = new Panel();
  private readonly observer = new MutationObserver(() => this.swap());
  private model: IRenderMime.IMimeModel | null = null;
  private usedFactory: ViewFactory;
  private view: Widget | null = null;
  private session: Session | null = null;
  private grace = 0;

  constructor(private readonly registry: IRenderMimeRegistry) {
    super();
    this.addClass('mam-lab-panel');
    this.live.hide();
    this.addWidget(this.picture);
    this.addWidget(this.live);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.model = model;
    this.dropView();
    const mime = PICTURES.find((name) => model.data[name] !== undefined);
    for (const old of [...this.picture.widgets]) old.dispose();
    if (mime !== undefined) {
      const renderer = this.registry.createRenderer(mime);
      this.picture.addWidget(renderer);
      await renderer.renderModel(model);
    }
    this.tryLive();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    window.clearTimeout(this.grace);
    this.observer.disconnect();
    this.session?.statusChanged.disconnect(this.tryLive, this);
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.session === null) this.followSession();
    this.tryLive();
  }

  /** Widget managers come and go with kernels; each time the session stirs there may be a new one. */
  private followSession(): void {
    const session = findUp(this, 'sessionContext', isSession);
    if (!session) return;
    this.session = session;
    session.statusChanged.connect(this.tryLive, this);
    void session.ready.then(() => window.setTimeout(() => this.tryLive(), 0));
  }

  /** Starts a widget view by the notebook's own factory, unless this one was tried already. */
  private tryLive(): void {
    const { model } = this;
    if (this.isDisposed || !this.isAttached || !model?.trusted || this.isLive()) return;
    const registry = findUp(this, 'rendermime', isRegistry);
    const factory = registry?.getFactory(VIEW_MIME);
    const modelId = modelIdOf(model);
    if (!registry || !factory || factory === this.usedFactory || modelId === null) return;
    this.dropView();
    this.usedFactory = factory;
    const view = registry.createRenderer(VIEW_MIME);
    this.view = view;
    this.observer.observe(view.node, { childList: true, attributes: true, attributeFilter: ['class'] });
    this.live.addWidget(view);
    this.holdPicture();
    // The view writes into the data it is given when the widget closes: it gets its own.
    const data = { ...model.data, [VIEW_MIME]: { model_id: modelId, version_major: 2, version_minor: 0 } };
    view
      .renderModel({ data, metadata: model.metadata, trusted: model.trusted, setData: () => undefined })
      .catch(() => this.dropView())
      .finally(() => this.swap());
  }

  private holdPicture(): void {
    this.picture.hide();
    window.clearTimeout(this.grace);
    this.grace = window.setTimeout(() => this.swap(), GRACE);
  }

  private swap(): void {
    if (this.isDisposed) return;
    const live = this.isLive();
    if (live) window.clearTimeout(this.grace);
    this.live.setHidden(!live);
    this.picture.setHidden(live);
  }

  /** A view without children says "Loading widget…" or "Error displaying widget"; one that closed hides itself. */
  private isLive(): boolean {
    const { view } = this;
    if (!view || view.isDisposed || view.isHidden) return false;
    const { firstElementChild } = view.node;
    return (
      firstElementChild !== null && !firstElementChild.classList.contains('jupyter-widgets-error-widget')
    );
  }

  private dropView(): void {
    this.observer.disconnect();
    this.view?.dispose();
    this.view = null;
    this.usedFactory = undefined;
  }
}

function modelIdOf(model: IRenderMime.IMimeModel): string | null {
  const data = model.data[PANEL_MIME];
  if (typeof data !== 'object' || data === null || !('model_id' in data)) return null;
  return typeof data.model_id === 'string' && data.model_id !== '' ? data.model_id : null;
}

/** The nearest widget around this one that has such a property: an output area has `rendermime`, a notebook a session. */
function findUp<T>(start: Widget, property: string, fits: (value: unknown) => value is T): T | null {
  for (let at = start.parent; at; at = at.parent) {
    const value: unknown = Reflect.get(at, property);
    if (fits(value)) return value;
  }
  return null;
}

function isSession(value: unknown): value is Session {
  return typeof value === 'object' && value !== null && 'ready' in value && 'statusChanged' in value;
}

function isRegistry(value: unknown): value is IRenderMimeRegistry {
  return typeof value === 'object' && value !== null && 'getFactory' in value && 'createRenderer' in value;
}
