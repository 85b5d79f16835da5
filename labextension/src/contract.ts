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
  name: 'register' | 'deploy' | 'invoke' | 'copy_as_python' | 'cancel' | 'history' | 'metric_values' | 'importance' | 'figure' | 'snapshot' | 'noise' | 'compare' | 'artifact' | 'edit_run' | 'export' | 'refresh' | 'views' | 'save_view' | 'delete_view' | 'link' | 'models' | 'version' | 'version_files' | 'lineage' | 'edit_version' | 'compare_versions' | 'preflight' | 'register_model' | 'share_model' | 'deploy_version' | 'endpoints' | 'deploy_model' | 'delete_deployment' | 'set_traffic' | 'roll_back' | 'deployment_logs' | 'sample_request' | 'send_request' | 'copy_code' | 'deploy_choices' | 'stop_deploy';
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
 * A registered model as a whole.
 */
export interface ListedModel {
  name: string;
  description: string;
  tags: Record<string, string>;
}

/**
 * A version as the table has it. `stage` is MLflow's, "" for none; `studio_stage` another that the studio has.
 *
 * `created` is ISO 8601 in UTC. `tags` are without those that keep the discussion. `metrics` are of its run;
 * None is one that is no finite number, which JSON has not.
 */
export interface ListedVersion {
  name: string;
  version: string;
  stage: string;
  studio_stage: string;
  aliases: string[];
  run_id: string | null;
  created: string | null;
  status: string;
  description: string;
  tags: Record<string, string>;
  metrics: Record<string, number | null>;
}

/**
 * All that the registry panel shows before it asks; also the answer to `models`, which reads the registry anew.
 *
 * `versions` are by model, the newest first, at most so many that a page takes them; `total` counts all. `metrics`
 * names those of the versions, the ones to show first. `azure`: the store is an Azure ML workspace. `targets` are
 * those that can be deployed to from here. `name` is the one model that was asked for, "" for all.
 */
export interface ModelsInfo {
  contract: number;
  store: string;
  name: string;
  azure: boolean;
  models: ListedModel[];
  versions: ListedVersion[];
  total: number;
  metrics: string[];
  targets: string[];
}

/**
 * Arguments of `version`, `version_files` and `lineage`.
 */
export interface VersionArgs {
  name: string;
  version: string;
}

/**
 * One entry of a discussion. `at` is ISO 8601 in UTC; `what` is stage, alias or comment; `did` the change in words.
 *
 * `text` is the comment.
 */
export interface ThreadEntry {
  at: string;
  who: string;
  what: string;
  did: string;
  text: string;
}

/**
 * The run that logged a model; `link` is its page, `gone` says that it was deleted.
 */
export interface RunBox {
  run_id: string;
  name: string;
  experiment: string;
  user: string;
  commit: string;
  link: string;
  gone: boolean;
}

/**
 * Answer to `version`: it as it is now, its discussion, the oldest entry first, and its run.
 *
 * `link` is its page in the studio. `source` is where its files are.
 */
export interface VersionResult {
  row: ListedVersion;
  thread: ThreadEntry[];
  run: RunBox | null;
  link: string;
  source: string;
}

/**
 * A file of a version; `size` in bytes, None where the store does not tell.
 */
export interface FileRow {
  path: string;
  size: number | null;
}

/**
 * A line of a signature; `way` is input, output or param.
 */
export interface SignatureRow {
  way: string;
  name: string;
  type: string;
}

/**
 * Answer to `version_files`: what its files say. `size` in bytes. `environment` is package to version.
 */
export interface VersionFiles {
  flavors: string[];
  mlflow: string;
  size: number | null;
  signature: SignatureRow[];
  environment: Record<string, string>;
  files: FileRow[];
}

/**
 * A deployment that serves a version; `link` is its page in the studio, `url` where it answers.
 */
export interface ServedBy {
  name: string;
  target: string;
  state: string;
  url: string;
  link: string;
}

/**
 * A dataset that the run read; `context` is "training" and the like, `where` its address.
 */
export interface DataBox {
  name: string;
  digest: string;
  context: string;
  where: string;
}

/**
 * Answer to `lineage`. `notes` says what could not be asked for.
 */
export interface LineageResult {
  data: DataBox[];
  run: RunBox | null;
  version: ListedVersion;
  served: ServedBy[];
  notes: string[];
}

/**
 * Arguments of `edit_version`.
 *
 * `version` is "" for the model as a whole, which can be described, tagged and deleted. `key` is the alias's or the
 * tag's name; `value` the stage, the tag's value, the description. `comment` says why. `force`: with "stage", archive
 * the others in it; with "delete", although something needs it, which otherwise is the failure `in_use`.
 */
export interface EditVersionArgs {
  action: 'stage' | 'set_alias' | 'remove_alias' | 'comment' | 'describe' | 'set_tag' | 'remove_tag' | 'archive' | 'restore' | 'delete';
  name: string;
  version: string;
  key: string;
  value: string;
  comment: string;
  force: boolean;
}

/**
 * Answer to `edit_version`: what was done, in words. `others` are versions that are in the same stage.
 *
 * The list follows by itself.
 */
export interface EditVersionResult {
  message: string;
  others: string[];
}

/**
 * Arguments of `compare_versions`: two versions of any models, `a` is the older or the baseline: "wine:3".
 */
export interface CompareVersionsArgs {
  a: string;
  b: string;
}

/**
 * A line that differs, ready to show; None where a side has no such thing.
 *
 * `delta` is a metric's, "+0.02 (+2 %)" of b against a; `risk` says what is likely to break.
 */
export interface VersionDifference {
  name: string;
  a: string | null;
  b: string | null;
  delta: string;
  risk: string;
}

/**
 * A titled group of what differs, and how many lines are the same in both.
 */
export interface VersionSection {
  title: string;
  same: number;
  rows: VersionDifference[];
}

/**
 * Answer to `compare_versions`. `hints` are what is likely to break where b takes a's place.
 */
export interface CompareVersionsResult {
  a: string;
  b: string;
  sections: VersionSection[];
  hints: string[];
  notes: string[];
}

/**
 * Arguments of `share_model`: a version to a registry, or to another workspace of the same login or another store.
 *
 * Of `registry`, `workspace` and `store` one is given, the others are empty.
 */
export interface ShareVersionArgs {
  name: string;
  version: string;
  registry: string;
  workspace: string;
  store: string;
}

/**
 * Arguments of `register_model`: `source` is a run, a model URI or a folder, as `%aml_register` takes it.
 */
export interface RegisterModelArgs {
  source: string;
  name: string;
  alias: string;
  force: boolean;
}

/**
 * Arguments of `deploy_version`; `name` is the deployment's, "" for the model's.
 */
export interface DeployVersionArgs {
  model: string;
  target: string;
  name: string;
}

/**
 * Answer to `register_model`, `share_model` and `deploy_version`: what was done; `name` of what it made.
 */
export interface DoneResult {
  message: string;
  name: string;
}

/**
 * One deployment as it is now; `reference` names it for sure: "online:wine/blue".
 *
 * `deployment` is its name under the endpoint, empty where the target has no endpoints. `started` is ISO 8601 in UTC,
 * None where nobody knows. `pointed` says why it should be looked at: it failed, or costs and is not asked. `shares`:
 * its endpoint shares requests by percent.
 */
export interface DeploymentRow {
  name: string;
  endpoint: string;
  deployment: string;
  reference: string;
  target: string;
  state: 'running' | 'stopped' | 'failed' | 'changing' | 'empty';
  model: string;
  ref: string;
  url: string;
  store: string;
  started: string | null;
  process: number | null;
  log: string;
  detail: string;
  traffic: number | null;
  shares: boolean;
  machine: string;
  cost: string;
  link: string;
  pointed: string;
}

/**
 * All that the panel of deployments shows before it asks.
 *
 * `targets` are those that can be deployed to from here, none without a store. `model` is what the form of a new
 * deployment begins with. `notes` tells which targets could not be asked, and why.
 */
export interface EndpointsInfo {
  contract: number;
  store: string;
  targets: string[];
  model: string;
  rows: DeploymentRow[];
  notes: string[];
}

/**
 * What a deployment that is being made said, and when: seconds after its beginning.
 */
export interface WorkLine {
  at: number;
  text: string;
}

/**
 * One thing that the check before a deployment found: "bad" will fail, "warn" may.
 */
export interface CheckFinding {
  level: 'good' | 'info' | 'warn' | 'bad';
  what: string;
  fix: string;
}

/**
 * The deployment that the panel makes, or made last. It goes on when the page is reloaded.
 *
 * `number` counts them, 0 before the first. `started` is in ms since 1970; `seconds` it took, None while it runs.
 * `reference` is what came of it. `failure` says what is left and how to go on. "refused": the check found what will
 * fail.
 */
export interface DeployWork {
  number: number;
  state: 'none' | 'running' | 'stopping' | 'done' | 'failed' | 'refused';
  title: string;
  reference: string;
  started: number;
  seconds: number | null;
  lines: WorkLine[];
  findings: CheckFinding[];
  failure: Failure | null;
}

/**
 * A version of a registered model.
 */
export interface VersionChoice {
  version: string;
  aliases: string[];
  stage: string;
}

/**
 * A registered model with its versions, the newest first.
 */
export interface ModelChoice {
  name: string;
  versions: VersionChoice[];
}

/**
 * A size of machine, and about what it costs.
 */
export interface MachineChoice {
  name: string;
  hint: string;
}

/**
 * A cluster of the workspace; `targets` are those that can use it.
 */
export interface ComputeChoice {
  name: string;
  hint: string;
  targets: string[];
}

/**
 * Answer to `deploy_choices`. `notes` tells what could not be asked, and why.
 */
export interface DeployChoices {
  models: ModelChoice[];
  machines: MachineChoice[];
  computes: ComputeChoice[];
  notes: string[];
}

/**
 * Arguments of the request named `deploy_model`; what is empty, 0 or None is left to the target.
 *
 * The answer comes at once; `DeployWork` tells how it goes.
 */
export interface DeployForm {
  model: string;
  target: string;
  name: string;
  deployment: string;
  instance_type: string;
  instance_count: number;
  auth: string;
  compute: string;
  image: string;
  port: number;
  isolated: boolean;
  tags: Record<string, string>;
  force: boolean;
}

/**
 * Arguments of the request named `preflight`: would this model work there? `load` tries it, which takes a while.
 */
export interface CheckArgs {
  model: string;
  target: string;
  load: boolean;
}

/**
 * Answer to `preflight`.
 */
export interface CheckResult {
  findings: CheckFinding[];
}

/**
 * Arguments of `delete_deployment`, `roll_back` and `sample_request`: a deployment or endpoint, by reference.
 */
export interface DeploymentArgs {
  name: string;
}

/**
 * Arguments of the request named `set_traffic`: percent by deployment of an endpoint.
 */
export interface TrafficArgs {
  name: string;
  shares: Record<string, number>;
}

/**
 * Arguments of the request named `deployment_logs`: the last lines.
 */
export interface LogsArgs {
  name: string;
  tail: number;
}

/**
 * Answer to `deployment_logs`.
 */
export interface LogsResult {
  text: string;
}

/**
 * An input of the model as a field of a form.
 *
 * `kind` says which control; `type` is the signature's own word. `choices` are texts and `minimum` to `maximum` the
 * numbers that the model's example has; `value` is what the sample has, as JSON.
 */
export interface SampleField {
  name: string;
  kind: 'number' | 'integer' | 'boolean' | 'text' | 'datetime' | 'json';
  type: string;
  required: boolean;
  choices: string[];
  minimum: number | null;
  maximum: number | null;
  value: unknown;
}

/**
 * Answer to `sample_request`: a request that the deployment should accept.
 *
 * `fields` is empty where the model takes no table of columns; `params` are its parameters. `body` is mlflow's form of
 * the request as JSON text, `azure` that of Azure ML; `wire` says which the deployment takes itself. `source` says
 * what it was made from.
 */
export interface SampleResult {
  fields: SampleField[];
  params: SampleField[];
  rows: unknown[][];
  body: string;
  azure: string;
  wire: 'mlflow' | 'azure';
  source: string;
  note: string;
}

/**
 * Arguments of the request named `send_request`: JSON text in either form, sent `repeat` times.
 *
 * `compare` is the reference of a second deployment, empty for none.
 */
export interface SendArgs {
  name: string;
  body: string;
  repeat: number;
  compare: string;
}

/**
 * A table ready to show: the first rows of `total`.
 */
export interface AnswerColumns {
  columns: string[];
  rows: string[][];
  total: number;
}

/**
 * How one deployment answered. Latencies are in ms; `p50` and `p95` are None for a single request.
 *
 * `by` counts the answers by deployment, where an endpoint has several.
 */
export interface SentSide {
  name: string;
  status: number;
  first: number;
  p50: number | null;
  p95: number | null;
  times: number;
  by: Record<string, number>;
  failure: Failure | null;
}

/**
 * Answer to `send_request`: two sides and their differences in `table` where two were compared.
 *
 * `summary` are lines to read: how far the two differ. `raw` is the answer as JSON text, shortened.
 */
export interface SendResult {
  sides: SentSide[];
  table: AnswerColumns;
  summary: string[];
  raw: string;
}

/**
 * Arguments of the request named `copy_code`: an action, and its arguments as `DeployForm` and others have them.
 */
export interface CodeArgs {
  action: string;
  args: Record<string, unknown>;
}

/**
 * Answer to `copy_code`: texts by kind, "python", "sdk", "cli", "yaml", where there is one.
 */
export interface CodeResult {
  codes: Record<string, string>;
}
