// Made from mlflow_aml_magics/contract/ by `python -m mlflow_aml_magics.contract`. Do not edit.

export const CONTRACT_VERSION = 2;

/**
 * One column of the run table. `key` is the name in the Arrow stream and in queries.
 *
 * `varies`: it has several values among the runs that have it. `axis`: it is one of the plot's first axes.
 */
export interface ColumnInfo {
  key: string;
  kind: 'attribute' | 'param' | 'metric' | 'tag';
  name: string;
  type: 'number' | 'text' | 'time';
  varies: boolean;
  missing: number;
  axis: boolean;
}

/**
 * What the explorer needs to know beside the runs themselves.
 *
 * `total` is how many runs matched in the store; `loaded` of them are here: those of the stream `_runs` but for the
 * `removed` ids, and those of the stream `_changes` in place of or beside them. `live`: some still run.
 */
export interface ExplorerInfo {
  contract: number;
  title: string;
  store: string;
  total: number;
  loaded: number;
  columns: ColumnInfo[];
  metric: string | null;
  goal: 'min' | 'max' | null;
  why_goal: string;
  models: string[];
  removed: string[];
  live: boolean;
}

/**
 * One column that sorts the table.
 */
export interface SortTerm {
  key: string;
  descending: boolean;
}

/**
 * One chart. `x`, `y`, `color` and `size` are column keys, empty where the kind has none or the user chose none.
 *
 * `options` are the kind's own: smoothing, x axis of a history, logarithmic axes, bins.
 */
export interface ChartSpec {
  id: string;
  kind: 'history' | 'scatter' | 'contour' | 'box' | 'histogram' | 'importance' | 'slice' | 'pareto';
  x: string;
  y: string;
  color: string;
  size: string;
  options: Record<string, unknown>;
}

/**
 * All of it. Empty lists and texts stand for the default. Columns go by their keys, runs by their ids.
 *
 * `pinned`: columns that stay at the left. `values`: what a metric's column shows, by key: "last" (where absent),
 * "min", "max" or "step:10". `group_by`: params whose equal runs make a group; `tree`: child runs under their parents.
 * `folded`: the plot is folded away.
 */
export interface View {
  query: string;
  columns: string[];
  pinned: string[];
  widths: Record<string, number>;
  sort: SortTerm[];
  values: Record<string, string>;
  group_by: string[];
  tree: boolean;
  axes: string[];
  scales: Record<string, 'linear' | 'log' | 'quantile'>;
  flipped: string[];
  color: string;
  charts: ChartSpec[];
  baseline: string;
  starred: string[];
  tab: 'table' | 'charts' | 'compare';
  folded: boolean;
}

/**
 * A failure that the panel shows: code for programs, message and hint for people.
 */
export interface Failure {
  code: string;
  message: string;
  hint: string | null;
}

/**
 * Arguments of the request named `cancel`: the id of the request to give up.
 */
export interface CancelArgs {
  request: string;
}

/**
 * Browser to kernel. Always answered by one `Reply` with the same id, after any number of `Progress`.
 */
export interface Request {
  id: string;
  kind: 'request';
  name: 'register' | 'deploy' | 'invoke' | 'copy_as_python' | 'cancel' | 'history' | 'metric_values' | 'importance' | 'figure' | 'snapshot' | 'noise' | 'compare' | 'artifact' | 'edit_run' | 'export' | 'refresh' | 'views' | 'save_view' | 'delete_view' | 'link';
  args: Record<string, unknown>;
}

/**
 * Kernel to browser while a request runs: one line to show.
 */
export interface Progress {
  id: string;
  kind: 'progress';
  message: string;
}

/**
 * Kernel to browser, once a request: exactly one of `result` and `error` is not None.
 */
export interface Reply {
  id: string;
  kind: 'reply';
  result: Record<string, unknown> | null;
  error: Failure | null;
}

/**
 * Arguments of the request named `register`.
 */
export interface RegisterArgs {
  run_id: string;
  name: string;
  alias: string | null;
}

/**
 * Answer to `register`. `created` is False when the same content was registered before.
 */
export interface RegisterResult {
  name: string;
  version: string;
  alias: string | null;
  created: boolean;
  message: string;
}

/**
 * Arguments of the request named `deploy`; the run's model is served as it is.
 */
export interface DeployArgs {
  run_id: string;
  name: string;
}

/**
 * Answer to `deploy`.
 */
export interface DeployResult {
  name: string;
  url: string;
  target: string;
  model: string;
  message: string;
}

/**
 * Arguments of the request named `invoke`: the deployment is asked with a sample of the model's own.
 */
export interface InvokeArgs {
  name: string;
}

/**
 * Answer to `invoke`.
 */
export interface InvokeResult {
  request: string;
  columns: string[];
  rows: string[][];
  latency_ms: number;
}

/**
 * Arguments of the request named `copy_as_python`: which action, on which run.
 */
export interface CopyArgs {
  action: 'runs' | 'register' | 'deploy';
  run_id: string | null;
  name: string | null;
  alias: string | null;
  query: string;
}

/**
 * Answer to `copy_as_python`.
 */
export interface CopyResult {
  code: string;
}

/**
 * One line of the side-by-side view; `values` in the order of `ComparisonInfo.runs`, None where absent.
 *
 * `delta` is the last run against the first, ready to show ("−1.93 (−3.2 %)"), empty where it means nothing.
 */
export interface ComparedRow {
  key: string;
  values: (string | null)[];
  differs: boolean;
  delta: string;
  tone: 'better' | 'worse' | 'same' | 'none';
}

/**
 * A titled group of lines: Parameters, Metrics, Tags, Artifacts, Signature, Environment.
 */
export interface ComparedSection {
  title: string;
  rows: ComparedRow[];
}

/**
 * Heading of one column of the side-by-side view. `started` is ISO 8601 in UTC.
 */
export interface ComparedRun {
  run_id: string;
  name: string;
  status: string;
  started: string | null;
}

/**
 * The side-by-side view of two or more runs.
 */
export interface ComparisonInfo {
  contract: number;
  runs: ComparedRun[];
  sections: ComparedSection[];
}
