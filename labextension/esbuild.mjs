// Bundles each anywidget entry, with its style sheet beside it, into the Python package.
import { build, context } from 'esbuild';

const panels = ['explorer', 'comparison', 'snapshot', 'models', 'endpoints'];
const watch = process.argv.includes('--watch');
const options = {
  entryPoints: panels.flatMap((name) => [`src/widgets/${name}.ts`, `src/widgets/${name}.css`]),
  outdir: '../mlflow_aml_magics/panels/static',
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: !watch,
  sourcemap: watch ? 'inline' : false,
  legalComments: 'none',
  logLevel: 'info',
};

if (watch) {
  await (await context(options)).watch();
} else {
  await build(options);
}
