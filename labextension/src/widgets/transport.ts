/** Carries questions to the kernel over the widget's custom messages, and always settles each once. */
import type { AnyModel } from '@anywidget/types';

import type { Progress, Reply, Request } from '../contract';
import { type Ask, AskError } from '../views/ask';

/** Downloads, environments and server starts take minutes; the rest should not. In ms. */
const PATIENCE: Readonly<Partial<Record<Request['name'], number>>> = {
  register: 600_000,
  deploy: 600_000,
  history: 600_000,
  metric_values: 600_000,
  compare: 600_000,
  edit_run: 600_000, // a request a run
  artifact: 600_000,
  importance: 120_000,
  noise: 120_000,
  figure: 120_000,
  snapshot: 120_000,
  export: 120_000,
  refresh: 120_000,
  version_files: 600_000, // may come from a slow store
  lineage: 120_000,
  edit_version: 600_000, // deleting a model is a request a version
  models: 120_000,
  compare_versions: 600_000,
  register_model: 600_000,
  share_model: 600_000,
  deploy_version: 1_800_000, // a cloud makes a machine ready
  // Of deployments: the service makes and deletes machines, models are downloaded and asked.
  endpoints: 120_000,
  deploy_choices: 120_000,
  deployment_logs: 120_000,
  preflight: 600_000,
  sample_request: 600_000,
  send_request: 600_000,
  delete_deployment: 1_800_000,
  set_traffic: 1_800_000,
  roll_back: 1_800_000,
};
const SHORT = 30_000;
/** Silence after which the kernel is taken to be running a cell, in ms. */
const BUSY_AFTER = 1500;
export const BUSY = 'The kernel is busy: runs after the current cell';

interface Pending {
  heard(message: string): void;
  settle(reply: Pick<Reply, 'result' | 'error'>, buffers?: readonly DataView[]): void;
}

export interface Transport {
  readonly ask: Ask;
  close(): void;
}

/** A restart closes the kernel's comms a moment after the widgets hear of it, in ms. */
const SETTLED = 1000;

/**
 * One transport a view; `close` gives up what is under way and stops listening.
 *
 * @param heard told whether the kernel can be spoken to, whenever that is known anew
 */
export function openTransport(model: AnyModel, heard: (alive: boolean) => void = () => {}): Transport {
  const pending = new Map<string, Pending>();
  const onMessage = (message: unknown, buffers: readonly DataView[] = []) => {
    heard(true);
    if (isReply(message)) pending.get(message.id)?.settle(message, buffers);
    else if (isProgress(message)) pending.get(message.id)?.heard(message.message);
  };
  model.on('msg:custom', onMessage);

  const tell = (request: Request): boolean => {
    try {
      model.send(request);
      return true;
    } catch {
      heard(false); // its comm is closed: the kernel was restarted, stopped or replaced
      return false;
    }
  };
  let probe: ReturnType<typeof setTimeout> | undefined;
  const onComm = () => {
    clearTimeout(probe);
    probe = setTimeout(() => post('cancel', { request: '' }), SETTLED);
  };
  model.on('comm_live_update', onComm);

  const post = (name: Request['name'], args: object): string | null => {
    const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    const request: Request = { id, kind: 'request', name, args: { ...args } };
    return tell(request) ? id : null;
  };

  const ask: Ask = <R>(
    name: Request['name'],
    args: object,
    onProgress: (message: string) => void = () => {},
  ) => {
    const id = post(name, args);
    if (id === null) {
      const gone = refusal('gone', 'the kernel was restarted or stopped', 'run the cell again').error;
      return { answer: Promise.reject(gone && new AskError(gone)), cancel: () => {} };
    }
    const patience = PATIENCE[name] ?? SHORT;
    const answer = new Promise<R>((resolve, reject) => {
      const busy = setTimeout(() => onProgress(BUSY), BUSY_AFTER);
      const late = setTimeout(() => {
        post('cancel', { request: id });
        settle(
          refusal(
            'timeout',
            `no answer to ${name} in ${patience / 1000} s`,
            'see whether the kernel is busy',
          ),
        );
      }, patience);
      const settle: Pending['settle'] = ({ result, error }, buffers = []) => {
        if (!pending.delete(id)) return;
        clearTimeout(busy);
        clearTimeout(late);
        if (error) reject(new AskError(error));
        else resolve((buffers.length > 0 ? { ...result, buffers } : result) as R);
      };
      const heardOf = (message: string) => {
        clearTimeout(busy);
        onProgress(message);
      };
      pending.set(id, { heard: heardOf, settle });
    });
    const cancel = () => {
      const waiting = pending.get(id);
      if (!waiting) return;
      post('cancel', { request: id });
      waiting.settle(refusal('cancelled', `${name} was stopped`, null));
    };
    return { answer, cancel };
  };

  const close = () => {
    model.off('msg:custom', onMessage);
    model.off('comm_live_update', onComm);
    clearTimeout(probe);
    for (const waiting of pending.values()) waiting.settle(refusal('closed', 'the panel was closed', null));
  };
  return { ask, close };
}

function refusal(code: string, message: string, hint: string | null): Pick<Reply, 'result' | 'error'> {
  return { result: null, error: { code, message, hint } };
}

function isReply(message: unknown): message is Reply {
  return hasKind(message, 'reply');
}

function isProgress(message: unknown): message is Progress {
  return hasKind(message, 'progress');
}

function hasKind(message: unknown, kind: string): boolean {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === kind;
}
