/** The two forms of a scoring request, and rows of columns as both have them. Nothing here asks or draws. */

/** mlflow's server: dataframe_split or inputs. Azure ML: input_data. */
export type BodyForm = 'mlflow' | 'azure';

export interface Grid {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

type Thing = Readonly<Record<string, unknown>>;

function isThing(value: unknown): value is Thing {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A request in either form, as the other or the same; what is neither stays as it is. */
export function converted(body: unknown, form: BodyForm): unknown {
  if (!isThing(body)) return body;
  const { dataframe_split, inputs, input_data, ...rest } = body;
  const given = dataframe_split ?? inputs ?? input_data;
  if (given === undefined) return body;
  const isTable = dataframe_split !== undefined || (isThing(given) && 'columns' in given && 'data' in given);
  if (form === 'azure') return { input_data: isTable ? withIndex(given) : given, ...rest };
  if (!isTable) return { inputs: given, ...rest };
  const { index: _, ...split } = isThing(given) ? given : {};
  return { dataframe_split: split, ...rest };
}

/** Azure ML's scoring script reads a table as one only with an index. */
function withIndex(split: unknown): unknown {
  if (!isThing(split) || !Array.isArray(split.data)) return split;
  const { columns, index, data, ...rest } = split;
  return { columns, index: index ?? split.data.map((_, i) => i), data, ...rest };
}

/** The rows of a request in either form; null if it is no table. */
export function gridOf(body: unknown): Grid | null {
  if (!isThing(body)) return null;
  const split = body.dataframe_split ?? body.input_data;
  if (!isThing(split) || !Array.isArray(split.columns) || !Array.isArray(split.data)) return null;
  if (!split.data.every((row) => Array.isArray(row))) return null;
  return { columns: split.columns.map(String), rows: split.data };
}

/** The parameters of a request in either form. */
export function paramsOf(body: unknown): Thing {
  return isThing(body) && isThing(body.params) ? body.params : {};
}

/** A request of these rows and parameters. */
export function bodyOf(grid: Grid, form: BodyForm, params: Thing): unknown {
  const rest = Object.keys(params).length > 0 ? { params } : {};
  return converted({ dataframe_split: { columns: grid.columns, data: grid.rows }, ...rest }, form);
}

/** JSON to read: a row on a line. */
export function written(body: unknown): string {
  return JSON.stringify(body, null, 2).replace(
    /\[\s+([^[\]{}]*?)\s+\]/g,
    (_, inner: string) => `[${inner.replace(/\s*\n\s*/g, ' ')}]`,
  );
}
