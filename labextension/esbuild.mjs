// Bundles each anywidget entry, with its style sheet beside it, into the Python package.
import { build, context } from 'esbuild';

const watch = process.argv.includes('--watch');
const options = {
  entryPoints: [
    'src/widgets/explorer.ts',
    'src/widgets/comparison.ts',
    'src/widgets/snapshot.ts',
    'src/widgets/explorer.css',
    'src/widgets/comparison.css',
    'src/widgets/snapshot.css',
  ],
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
