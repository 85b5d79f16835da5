/** Which way a metric gets better by its name: a guess for the second metric of a chart, which the user can turn. */
export type Goal = 'min' | 'max';

const WORD = /[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+/g;
// The commonest of mlflow_aml_magics/frames/goals.py, and what is to be spared.
const MIN = new Set(
  'loss rmse mse mae mape logloss perplexity error err errors wer cer brier entropy latency cost time seconds duration ms size bytes memory'.split(
    ' ',
  ),
);
const MAX = new Set(
  'auc auroc accuracy acc f1 r2 precision recall sensitivity specificity ndcg map iou dice kappa mcc bleu score throughput reward'.split(
    ' ',
  ),
);

export function goalOf(metric: string): Goal | null {
  const words = (metric.match(WORD) ?? []).map((word) => word.toLowerCase());
  if (words.some((word) => MIN.has(word))) return words.includes('neg') ? 'max' : 'min';
  return words.some((word) => MAX.has(word)) ? 'max' : null;
}
