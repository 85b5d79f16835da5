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
 * `removed` ids, and those of the stream `_changes` in place of or beside them. `changed`: those of the
 * last refresh, none where they are many. `live`: some still run.
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
  changed: string[];
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
 * "min", "max" or "step:10". `marks`: what is drawn in a metric's cells, by key; the metric asked for has bars where
 * nothing else is said. `group_by`: params whose equal runs make a group; `tree`: child runs under their parents.
 * `folded`: the plot is folded away. `lines`: how the plot draws very many of them, "" by their number; `height` of
 * the plot in CSS pixels, 0 for the default.
 */
export interface View {
  query: string;
  columns: string[];
  pinned: string[];
  widths: Record<string, number>;
  sort: SortTerm[];
  values: Record<string, string>;
  marks: Record<string, 'bar' | 'line' | 'none'>;
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
  lines: '' | 'lines' | 'density';
  height: number;
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
  name: 'register' | 'deploy' | 'invoke' | 'copy_as_python' | 'cancel' | 'history' | 'metric_values' | 'importance' | 'figure' | 'snapshot' | 'noise' | 'compare' | 'artifact' | 'edit_run' | 'export' | 'refresh' | 'views' | 'save_view' | 'delete_view' | 'link' | 'models' | 'version' | 'edit_version' | 'compare_versions' | 'preflight' | 'register_model' | 'share_model' | 'endpoints' | 'deploy_model' | 'delete_deployment' | 'set_traffic' | 'roll_back' | 'deployment_logs' | 'sample_request' | 'send_request' | 'copy_code';
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
 *
 * The action "cell" gives a cell that reproduces the run. "runs" gives the rows as they are shown: `run_ids` are the
 * ticked ones, in the order of the table, else `query` says which; `sort` is the one in force, chosen or by default;
 * `columns` are the table's, empty for all.
 */
export interface CopyArgs {
  action: 'runs' | 'register' | 'deploy' | 'cell';
  run_id: string | null;
  name: string | null;
  alias: string | null;
  query: string;
  run_ids: string[];
  sort: SortTerm[];
  columns: string[];
}

/**
 * Answer to `copy_as_python`.
 */
export interface CopyResult {
  code: string;
}

/**
 * Answer to `refresh`: how many runs changed or came, how many went, and whether some still run.
 *
 * The runs themselves travel in `_changes`, or in `_runs` anew, before this answer does.
 */
export interface RefreshResult {
  changed: number;
  removed: number;
  live: boolean;
}

/**
 * Arguments of the request named `link`.
 */
export interface LinkArgs {
  run_id: string;
}

/**
 * Answer to `link`: the run's page, or, where `url` is empty, `how` to get one.
 */
export interface LinkResult {
  url: string;
  how: string;
}

/**
 * Arguments of the request named `compare`; answered by a `ComparisonInfo`.
 *
 * `run_ids`: 2 to 20, in the order of the columns. `baseline`: one of them, "" for the first. `metrics_at`: which
 * value of each metric: "last", "min", "max", or "step:10" for the one at step 10.
 */
export interface CompareArgs {
  run_ids: string[];
  baseline: string;
  metrics_at: string;
}

/**
 * One line of the side-by-side view; `values` in the order of `ComparisonInfo.runs`, None where absent.
 *
 * `deltas` are the runs against the baseline, ready to show ("−1.93 (−3.2 %)"), `tones` what they mean; both are
 * empty for what is no metric. `note` says what the values cannot. `path` opens by the request `artifact`, empty where
 * there is nothing to open; `steps` are those of a series of images.
 */
export interface ComparedRow {
  key: string;
  values: (string | null)[];
  differs: boolean;
  deltas: string[];
  tones: ('better' | 'worse' | 'same' | 'none')[];
  note: string;
  path: string;
  steps: number[];
}

/**
 * A titled group of lines: Run, Parameters, Metrics, Tags, Source, Artifacts, Signature, Environment.
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
  deleted: boolean;
}

/**
 * The side-by-side view of two or more runs. `baseline` is a run's id; `notes` say what could not be read.
 */
export interface ComparisonInfo {
  contract: number;
  runs: ComparedRun[];
  baseline: string;
  metrics_at: string;
  sections: ComparedSection[];
  notes: string[];
}

/**
 * Arguments of the request named `artifact`; answered by a `ComparedArtifact`.
 *
 * `path` is that of a `ComparedRow`, `step` one of its steps, None where it has none. `chosen` is the run that is set
 * against the `baseline`.
 */
export interface ArtifactArgs {
  run_ids: string[];
  path: string;
  step: number | null;
  baseline: string;
  chosen: string;
}

/**
 * A file as one run has it. `size` in bytes, of which the first `read` are here; None where nobody knows.
 *
 * `equal`: its bytes are the baseline's; None where too few were read to tell. `type` is the MIME type of an image,
 * whose bytes are the answer's buffer number `buffer`; -1 where there is none. `note`: why it is not shown.
 */
export interface ComparedFile {
  run_id: string;
  kind: 'text' | 'json' | 'csv' | 'image' | 'binary' | 'missing';
  size: number | null;
  read: number;
  equal: boolean | null;
  type: string;
  buffer: number;
  note: string;
}

/**
 * A line of text, as one cell, or a row of a table: `left` is the baseline's, `right` the chosen run's.
 *
 * One of them is empty where a row was added or removed; `right` is empty too where both are the same.
 */
export interface DiffRow {
  state: 'same' | 'changed' | 'added' | 'removed';
  left: string[];
  right: string[];
}

/**
 * A file of several runs, in their order; of text and tables the `rows` of the baseline against the chosen run.
 *
 * `columns` are a table's. `note` says what of it is not shown.
 */
export interface ComparedArtifact {
  path: string;
  step: number | null;
  chosen: string;
  files: ComparedFile[];
  columns: string[];
  rows: DiffRow[];
  note: string;
}

/**
 * Arguments of the request named `history`; `points` is the most of one series.
 */
export interface HistoryArgs {
  run_ids: string[];
  metrics: string[];
  points: number;
}

/**
 * Answer to `history`. The buffer: run_id, metric (dictionaries), step, timestamp (ms since 1970, float64), value.
 *
 * Series stand in the order they were asked for. `points_total` is None where a server thinned them and does not tell;
 * `note` says in words what is not shown, empty where all is. `live`: some of the runs still run.
 */
export interface HistoryResult {
  points_total: number | null;
  points_sent: number;
  live: boolean;
  note: string;
}

/**
 * Arguments of the request named `metric_values`: of all runs. `step` is None but for "step".
 */
export interface MetricValuesArgs {
  metric: string;
  how: 'last' | 'min' | 'max' | 'step';
  step: number | null;
}

/**
 * Answer to `metric_values`. The buffer: run_id, value (null where a run has none). `found`: how many have one.
 */
export interface MetricValuesResult {
  found: number;
}

/**
 * Arguments of the request named `importance`: the metric's name, and the filter that says of which runs.
 */
export interface ImportanceArgs {
  metric: string;
  query: string;
}

/**
 * One param. `importance`, `low` and `high` are shares from 0 to 1 of what varies in the metric.
 *
 * `low` to `high` held nine of ten resamples. `direction`: whether the metric rises with the param or falls.
 */
export interface ImportanceRow {
  key: string;
  importance: number;
  low: number;
  high: number;
  direction: 'up' | 'down' | 'none';
}

/**
 * Answer to `importance`, the most important first. `runs` were used; `note` says what to make of it, line by line.
 *
 * `floor` is the importance that a column of random numbers gets: what is not above it says nothing.
 */
export interface ImportanceResult {
  metric: string;
  rows: ImportanceRow[];
  method: string;
  runs: number;
  floor: number;
  note: string;
}

/**
 * Arguments of the request named `noise`: is the difference to the baseline more than chance?
 *
 * `baseline` is one of the runs, the first where empty. `group_by`: params (keys) whose equal values make runs repeats
 * of each other; empty takes all params that do not look like a seed.
 */
export interface NoiseArgs {
  run_ids: string[];
  metric: string;
  baseline: string;
  group_by: string[];
}

/**
 * One of the runs with its repeats. `difference`: its mean less the baseline's, 95 % sure between `low` and `high`.
 *
 * `repeats` says what was counted as repeats: "3 runs with equal params". `said` is the verdict in words.
 */
export interface NoiseGroup {
  run_id: string;
  repeats: string;
  n: number;
  mean: number | null;
  std: number | null;
  difference: number | null;
  low: number | null;
  high: number | null;
  verdict: 'better' | 'worse' | 'different' | 'noise' | 'unknown' | 'baseline';
  said: string;
}

/**
 * Answer to `noise`, a group for each run in the order asked for.
 */
export interface NoiseResult {
  metric: string;
  groups: NoiseGroup[];
  method: string;
}

/**
 * Arguments of the request named `figure`: a chart, or the parallel coordinates.
 */
export interface FigureArgs {
  chart: ChartSpec | 'parallel';
}

/**
 * Answer to `figure`: a plotly figure as JSON text.
 */
export interface FigureResult {
  json: string;
}

/**
 * Answer to `snapshot`: one HTML file that works by itself.
 */
export interface SnapshotResult {
  html: string;
}

/**
 * Arguments of the requests named `save_view` and `delete_view`, which leaves `view` out.
 */
export interface ViewArgs {
  name: string;
  view: View;
}

/**
 * Answer to `views`, `save_view` and `delete_view`: the saved views of these experiments, by name.
 */
export interface SavedViews {
  names: string[];
  views: Record<string, View>;
}

/**
 * Arguments of the request named `edit_run`.
 *
 * `key` is a tag's. `value` is the new name, the tag's value, or the note, of which "" takes it away. The other
 * actions need neither.
 */
export interface EditArgs {
  action: 'rename' | 'set_tag' | 'remove_tag' | 'note' | 'delete' | 'restore';
  run_ids: string[];
  key: string;
  value: string;
}

/**
 * Answer to `edit_run`: what was done, in words. The changed runs come by themselves.
 */
export interface EditResult {
  message: string;
}

/**
 * Arguments of the request named `export`: these runs in this order, None is all; of the columns, by key.
 */
export interface ExportArgs {
  format: 'parquet';
  run_ids: string[] | null;
  columns: string[];
}

/**
 * Answer to `export`; the file is its one buffer.
 */
export interface ExportResult {
  rows: number;
}

/**
 * All that the registry panel begins with.
 */
export interface ModelsInfo {
  contract: number;
  store: string;
}

/**
 * All that the panel of deployments begins with.
 */
export interface EndpointsInfo {
  contract: number;
  store: string;
}
